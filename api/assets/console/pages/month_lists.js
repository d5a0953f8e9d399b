// The long lists behind the month-end report's figures; the server pages them.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { answer, path } from '../answers.js';
import { count, day, moment, volume } from '../format.js';
import { Card, Mark, Tabs } from '../frame/parts.js';
import { ROWS, Table, after } from '../frame/table.js';
import { href } from '../route.js';
import { named } from '../words.js';

const found = number => (number ? html`<a class="number" href=${href('points', [], { search: number })}>${number}</a>` : '—');
const meter = row => html`<a class="number" href=${href('meters', [row.meter_id])}>${row.meter_number}</a>`;
const figure = (name, title, cell, width = 100) => ({ name, title, cell, width, kind: 'figure' });

const COLUMNS = {
    'not-read': () => [
        { name: 'point', width: 130, title: t('point'), cell: row => html`<a class="number" href=${href('points',
            [row.service_point_id])}>${row.service_point_number}</a>` },
        { name: 'class', width: 110, title: t('class'), cell: row => t(`class.${row.class}`) },
        { name: 'bucket', width: 110, title: t('coverage.state'), cell: row => t(`bucket.${row.bucket}`) },
        figure('tries', t('unseen.tries'), row => count(row.attempts), 70),
        { name: 'last', width: 190, title: t('unseen.last'), cell: row => (row.last_attempt
            ? html`${named('attempt', row.last_attempt)} <span class="quiet">${moment(row.last_attempt_at)}</span>` : '—') },
        figure('unseen', t('unseen.days'), row => count(row.unseen_days), 80),
        { name: 'reader', width: 100, title: t('reader'), cell: row => row.reader || '—' },
        { name: 'route', title: t('route'), cell: row => html`${row.route} <span class="quiet">${row.office_order} ${row.area}</span>` },
    ],
    reconciliation: () => [
        { name: 'meter', width: 150, title: t('meter'), cell: meter },
        { name: 'verdict', width: 150, title: t('month.verdict'), cell: row => html`<${Mark} kind=${{ agree: 'green', purchases_unknown: '', incomplete: '' }[row.verdict] ?? 'red'}>${named('three', row.verdict)}</${Mark}>` },
        figure('index', 'dM', row => volume(row.index_use)), figure('cumulative', 'dE', row => volume(row.cumulative_use)), figure('gap', 'dM − dE', row => volume(row.gap)), figure('tolerance', 'T', row => volume(row.tolerance), 70),
        figure('bought', t('month.bought'), row => volume(row.bought)), figure('missing', t('month.missing'), row => volume(row.missing)),
        { name: 'area', title: t('area'), cell: row => row.area },
    ],
    'purchase-changes': () => [
        { name: 'meter', width: 150, title: t('meter'), cell: meter },
            { name: 'point', width: 130, title: t('point'), cell: row => found(row.service_point_number) },
        { name: 'change', width: 120, title: t('month.change'), cell: row => html`<${Mark} kind=${row.change === 'rose' ? '' : 'amber'}>${named('purchase', row.change)}</${Mark}>` },
        figure('this', t('month.this'), row => volume(row.this)), figure('usual', t('month.usual'), row => volume(row.usual)), figure('year', t('month.last_year'), row => volume(row.last_year)),
        { name: 'area', title: t('area'), cell: row => row.area },
    ],
    corrections: () => [
        { name: 'point', width: 130, title: t('point'), cell: row => found(row.service_point_number) },
            { name: 'reader', width: 110, title: t('reader'), cell: row => row.reader },
        { name: 'reason', width: 130, title: t('dialog.reason'), cell: row => html`${named('correction', row.reason)}${row.late
            ? html` <${Mark} kind="amber">${t('month.late_one')}</${Mark}>` : ''}` },
        figure('before', t('month.figure_before'), row => volume(row.before)), figure('after', t('month.figure_after'), row => volume(row.after)),
        { name: 'read', width: 110, title: t('case.read'), cell: row => day(row.read_at) },
            { name: 'at', title: t('month.corrected_at'), cell: row => moment(row.corrected_at) },
    ],
};
const IDS = { 'not-read': row => row.service_point_id, reconciliation: row => row.meter_id, 'purchase-changes': row => row.meter_id, corrections: row => row.position };

export function Lists({ name, asked }) {
    const options = Object.keys(COLUMNS).map(code => [code, t(`month_list.${code}`)]);
    const list = name ? answer(path(`/v1/reports/month-end/${name}`, { ...asked, after: after(), limit: ROWS }),
        { slot: `month-${name}` }) : undefined;
    return html`<div class="no-print"><${Card} title=${t('month.lists')} id="lists"><${Tabs} name="list" label=${t('month.lists')} value=${name}
        options=${options} />
        ${list && COLUMNS[name] ? html`<${Table} of=${list} columns=${COLUMNS[name]()} id=${IDS[name]}
            caption=${t(`month_list.${name}`)} kind="dense" />` : ''}</${Card}></div>`;
}
