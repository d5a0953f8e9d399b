// The points behind a figure of coverage: what a number in a table counts, one by one.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { answer, path } from '../answers.js';
import { Choose, Mark, Page } from '../frame/parts.js';
import { ROWS, Table, after, pageKeys } from '../frame/table.js';
import { areaName, readerName, readerOptions, routeCode, routeOptions } from '../names.js';
import { go, href } from '../route.js';
import { state } from '../state.js';

/** The points behind a figure of a line of coverage; of one area, route or reader where the line is its. */
export const behind = (line, figure, group = 'class') => href('points', [], { period: line.period, class: line.class, bucket: figure,
    ...(group === 'class' ? {} : { [`${group}_id`]: String(line.group_id) }) });

const FIGURES = ['seen', 'no_access', 'unattempted', 'customer_only', 'estimate_only', 'rejected_only', 'time_review', 'new_next_period', 'removed',
    'suspended', 'denominator', 'unseen', 'population', 'proven_attempts', 'with_evidence', 'early', 'on_time', 'late', 'repeat_unseen',
    'unseen_over_180', 'unseen_over_365'];
const COLOURS = { seen: 'green', no_access: 'amber', unattempted: 'red' };

const rows = () => [
    { name: 'number', width: 130, title: t('point'), cell: row => html`<a class="number" href=${href('points', [row.id])}>${row.number}</a>` },
    { name: 'bucket', width: 130, title: t('coverage.state'), cell: row => html`<${Mark} kind=${COLOURS[row.bucket] ?? ''}>${t(`bucket.${row.bucket}`)}</${Mark}>` },
    { name: 'name', width: 110, title: t('point.name'), cell: row => row.customer_name ?? '—' },
    { name: 'address', title: t('point.address'), cell: row => row.address ?? '—' },
    { name: 'meter', width: 140, title: t('meter'), cell: row => (row.meter_id ? html`<a class="number" href=${href('meters',
        [row.meter_id])}>${row.meter_number}</a>` : '—') },
    { name: 'reader', width: 100, title: t('reader'), cell: row => readerName(row.reader_id) ?? '—' },
    { name: 'route', width: 200, title: t('route'), cell: row => html`${row.route_code ?? '—'} <span class="quiet">${row.office_order || ''} ${row.area_path}</span>` },
];

export function Behind({ query }) {
    const { period, class: of, bucket, area_id, route_id, reader_id } = query;
    const list = answer(path('/v1/service-points', { period, class: of, bucket, area_id, route_id, reader_id, after: after(), limit: ROWS }),
        { slot: 'behind', every: 30_000 });
    state.keys = pageKeys(list.body?.next_after);
    const whose = [of && t(`class.${of}`), area_id && areaName(Number(area_id)), route_id && (routeCode(Number(route_id)) ?? t('coverage.nobody')),
        reader_id && (readerName(Number(reader_id)) ?? t('coverage.nobody'))].filter(Boolean).join(' · ');
    return html`<${Page} title=${t('behind.title', { figure: t(`bucket.${bucket || 'population'}`), period })} about=${whose || ' '} wide>
        <nav class="crumbs" aria-label=${t('crumbs')}><a href=${href('coverage')}>${t('page.coverage')}</a></nav>
        <div class="filters"><${Choose} name="bucket" label=${t('behind.figure')} value=${bucket || 'population'}
            options=${FIGURES.map(code => [code, t(`bucket.${code}`)])} />
            <${Choose} name="route_id" label=${t('route')} value=${route_id} any=${t('all')} options=${routeOptions()} />
            <${Choose} name="reader_id" label=${t('reader')} value=${reader_id} any=${t('all')} options=${readerOptions()} /></div>
        <${Table} of=${list} columns=${rows()} caption=${t('page.points')} open=${row => go('points', [row.id])} nothing=${t('points.none')} />
    </${Page}>`;
}
