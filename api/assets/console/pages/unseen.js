// No-access follow-ups: what is not seen, the longest first, and the next step of the ladder (R-5, R-1).
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { answer, path } from '../answers.js';
import { count, day, percent } from '../format.js';
import { Mark, Page, Tabs } from '../frame/parts.js';
import { ROWS, Table, after, pageKeys } from '../frame/table.js';
import { CLASSES, areaName, readerName, routeCode } from '../names.js';
import { may } from '../rights.js';
import { href } from '../route.js';
import { state } from '../state.js';
import { named } from '../words.js';
import { promise } from './appointments.js';

const PRESSING = { written_notice: 'red', out_of_hours: 'red', appointment: 'amber', phone: 'amber', repair: 'red' };

const columns = [
    { name: 'number', width: 130, get title() { return t('point'); }, cell: row => html`<a class="number" href=${href('points',
        [row.service_point_id])}>${row.number}</a>` },
    { name: 'step', width: 170, get title() { return t('unseen.step'); }, cell: row => html`<${Mark} kind=${PRESSING[row.next_step] ?? ''}>${row.next_step_text}</${Mark}>` },
    { name: 'days', width: 90, kind: 'figure', get title() { return t('unseen.days'); }, cell: row => html`<b class=${row.unseen_days > 365 ? 'bad' : ''}>${count(row.unseen_days)}</b>` },
    { name: 'missed', width: 90, kind: 'figure', get title() { return t('unseen.missed'); }, cell: row => count(row.periods_missed) },
    { name: 'tries', width: 80, kind: 'figure', get title() { return t('unseen.tries'); }, cell: row => count(row.tries) },
    { name: 'last', width: 216, get title() { return t('unseen.last'); }, cell: row => (row.last_try
        ? html`${named('attempt', row.last_try)} <span class="quiet">${day(row.last_tried_at)}</span>`
        : html`<span class="quiet">${t('bucket.unattempted')}</span>`) },
    { name: 'reader', width: 100, get title() { return t('reader'); }, cell: row => readerName(row.reader_id) ?? '—' },
    { name: 'route', get title() { return t('route'); }, cell: row => html`${routeCode(row.route_id) ?? '—'} <span class="quiet">${areaName(row.area_id)}</span>` },
];
const promising = { name: 'act', width: 100, title: '', cell: row => html`<button type="button" class="bare"
    onClick=${() => promise(row.service_point_id, row.number)}>${t('appointment.short')}</button>` };

export function Unseen({ route }) {
    const { query } = route;
    const of = query.class ?? 'residential_indoor';
    const list = answer(path('/v1/coverage/unseen', { class: of, period: query.period, after: after(), limit: ROWS }), { slot: `unseen${of}` });
    const line = answer(path('/v1/coverage', { class: of, period: query.period })).body?.lines[0];
    state.keys = pageKeys(list.body?.next_after);
    const about = line ? t('unseen.about',
        { period: line.period, left: count(line.denominator - line.seen), tried: count(line.no_access), never: count(line.unattempted), repeat: count(line.repeat_unseen), rate: percent(line.rate_bp) }) : ' ';
    return html`<${Page} title=${t('page.unseen')} about=${about} wide>
        <div class="filters"><${Tabs} name="class" label=${t('class')} value=${of} options=${CLASSES.map(code => [code, t(`class.${code}`)])} /></div>
        <${Table} of=${list} columns=${[...columns, may('create_appointment') && promising]} id=${row => row.service_point_id}
            caption=${t('page.unseen')} nothing=${t('unseen.none')} />
    </${Page}>`;
}
