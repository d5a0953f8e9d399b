// Whom to read next: the unseen points of a reader or a route, the most valuable for the targets first.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { answer, path } from '../answers.js';
import { count } from '../format.js';
import { Choose, Mark, Nothing, Page } from '../frame/parts.js';
import { Table } from '../frame/table.js';
import { readerName, readerOptions, routeCode, routeOptions } from '../names.js';
import { may } from '../rights.js';
import { href } from '../route.js';
import { promise } from './appointments.js';

const MOST = 200;

export function Next({ route }) {
    const { reader, route: walk } = route.query;
    const list = reader || walk ? answer(path('/v1/coverage/next', { reader: walk ? undefined : reader, route: walk, limit: MOST }),
        { slot: 'next' }) : undefined;
    const columns = [
        { name: 'number', width: 140, title: t('point'), cell: row => html`<a class="number" href=${href('points',
            [row.service_point_id])}>${row.number}</a>` },
        { name: 'class', width: 150, title: t('class'), cell: row => t(`class.${row.class}`) },
        { name: 'because', width: 206, title: t('next.because'), cell: row => html`<${Mark} kind=${row.because === 'window' ? 'red' : row.because === 'unseen' ? '' : 'amber'}>${row.because_text}</${Mark}>` },
        { name: 'step', width: 170, title: t('unseen.step'), cell: row => row.next_step_text },
        { name: 'bucket', width: 100, title: t('coverage.state'), cell: row => t(`bucket.${row.bucket}`) },
        { name: 'days', width: 90, kind: 'figure', title: t('unseen.days'), cell: row => count(row.unseen_days) },
        { name: 'tries', width: 80, kind: 'figure', title: t('unseen.tries'), cell: row => count(row.tries) },
        { name: 'route', title: t('route'), cell: row => html`${routeCode(row.route_id) ?? '—'} <span class="quiet">${row.office_order}</span>` },
        may('create_appointment') && { name: 'act', width: 90, title: '', cell: row => html`<button type="button" class="bare"
            onClick=${() => promise(row.service_point_id, row.number)}>${t('appointment.short')}</button>` },
    ];
    const of = walk ? routeCode(Number(walk)) : readerName(Number(reader));
    return html`<${Page} title=${of ? t('next.title', { of }) : t('next.whose')} about=${list?.body ? t('next.about',
        { left: count(list.body.left), shown: count(list.body.items.length) }) : ' '} wide>
        <div class="filters"><${Choose} name="reader" label=${t('reader')} value=${walk ? '' : reader} any="—" options=${readerOptions()} />
            <${Choose} name="route" label=${t('route')} value=${walk} any="—" options=${routeOptions()} /></div>
        ${list ? html`<${Table} of=${list} columns=${columns} id=${row => row.service_point_id} caption=${t('next.whose')}
            nothing=${t('next.none')} />` : html`<${Nothing}>${t('next.choose')}</${Nothing}>`}
    </${Page}>`;
}
