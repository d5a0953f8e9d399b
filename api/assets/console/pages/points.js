// Service points: finding one, and all that is known of it.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { answer, path } from '../answers.js';
import { day, moment, volume } from '../format.js';
import { Card, Choose, Facts, Mark, Once, Page } from '../frame/parts.js';
import { ROWS, Table, after, pageKeys } from '../frame/table.js';
import { CLASSES, areaOptions, readerName, routeOptions } from '../names.js';
import { may } from '../rights.js';
import { filter, go, href } from '../route.js';
import { state } from '../state.js';
import { named } from '../words.js';
import { Promises, promise } from './appointments.js';
import { Behind } from './behind.js';
import { Terms } from './visit_terms.js';

const STATES = ['active', 'suspended', 'removed'];

const rows = () => [
    { name: 'number', width: 130, title: t('point'), cell: row => html`<a class="number" href=${href('points', [row.id])}>${row.number}</a>` },
    { name: 'name', width: 110, title: t('point.name'), cell: row => row.customer_name ?? '—' },
    { name: 'address', title: t('point.address'), cell: row => row.address ?? '—' },
    { name: 'class', width: 110, title: t('class'), cell: row => t(`class.${row.class}`) },
    { name: 'state', width: 80, title: t('point.state'), cell: row => (row.state === 'active' ? t('point_state.active')
        : html`<${Mark} kind="amber">${t(`point_state.${row.state}`)}</${Mark}>`) },
    { name: 'meter', width: 140, title: t('meter'), cell: row => (row.meter_id ? html`<a class="number" href=${href('meters',
        [row.meter_id])}>${row.meter_number}</a>` : '—') },
    { name: 'route', width: 200, title: t('route'), cell: row => html`${row.route_code ?? '—'} <span class="quiet">${row.office_order || ''} ${row.area_path}</span>` },
];

function Search({ query }) {
    const { search, class: of, state: standing, area, route } = query;
    const list = answer(path('/v1/service-points', { search, class: of, state: standing, area, route, after: after(), limit: ROWS }),
        { slot: 'points' });
    state.keys = pageKeys(list.body?.next_after);
    return html`<${Page} title=${t('page.points')} about=${t('points.about')} wide>
        <div class="filters"><label class="choose wider"><span>${t('search')}</span><input name="search"
            value=${search ?? ''} placeholder=${t('search.hint')} onChange=${event => filter({ search: event.target.value.trim() })} /></label>
            <${Choose} name="class" label=${t('class')} value=${of} any=${t('all')} options=${CLASSES.map(code => [code, t(`class.${code}`)])} />
            <${Choose} name="state" label=${t('point.state')} value=${standing} any=${t('all')}
                options=${STATES.map(code => [code, t(`point_state.${code}`)])} />
            <${Choose} name="area" label=${t('area')} value=${area} any=${t('all')} options=${areaOptions()} />
            <${Choose} name="route" label=${t('route')} value=${route} any=${t('all')} options=${routeOptions()} /></div>
        <${Table} of=${list} columns=${rows()} caption=${t('page.points')} open=${row => go('points', [row.id])} nothing=${t('points.none')} />
    </${Page}>`;
}

const records = [
    { name: 'at', width: 150, get title() { return t('record.at'); }, cell: row => moment(row.observed_at) },
    { name: 'kind', width: 130, get title() { return t('record.kind'); }, cell: row => html`${named('record', row.kind)} <span class="quiet">${named(row.kind === 'attempt' ? 'attempt' : 'reading', row.code)}</span>${row.corrected_by
        ? html` <${Mark} kind="amber">${t('reading.corrected')}</${Mark}>` : ''}` },
    { name: 'index', width: 98, kind: 'figure', get title() { return t('chart.index'); }, cell: row => volume(row.index) },
    { name: 'cumulative', width: 98, kind: 'figure', get title() { return t('chart.cumulative'); }, cell: row => volume(row.cumulative) },
    { name: 'balance', width: 86, kind: 'figure', get title() { return t('chart.balance'); }, cell: row => volume(row.balance) },
    { name: 'reader', width: 78, get title() { return t('reader'); }, cell: row => readerName(row.reader_id) ?? t('record.imported') },
    { name: 'grade', width: 58, get title() { return t('reading.grade'); }, cell: row => row.grade.toUpperCase() },
    { name: 'flags', get title() { return t('reading.flags'); }, cell: row => row.flags.map(flag => html`<${Mark} key=${flag}>${named('rule', flag)}</${Mark}>`) },
];

function Point({ id }) {
    const point = answer(`/v1/service-points/${id}`);
    const list = answer(path(`/v1/service-points/${id}/records`, { before: after(), limit: ROWS }), { slot: `records${id}` });
    const body = point.body;
    return html`<${Page} title=${body ? t('point.title', { number: body.number }) : t('point')}
        about=${body ? `${body.customer_name ?? ''} ${body.address ?? ''}` : ' '} wide
        tools=${may('create_appointment') && body ? html`<button type="button" class="main"
            onClick=${() => promise(body.id, body.number)}>${t('appointment.make')}</button>` : ''}>
        <div class="columns uneven"><div><${Card} title=${t('point.facts')} id="facts"><${Once}
            of=${point} lines=${5}>${one => html`<${Facts} rows=${[
            [t('class'), t(`class.${one.class}`)], [t('point.state'), t(`point_state.${one.state}`)], [t('area'), one.area_path],
            [t('route'), one.route_code ? html`<a href=${href('points',
                [], { route: one.route_id })}>${one.route_code}</a> · ${one.office_order}` : '—'],
            [t('meter'), one.meter ? html`<a class="number" href=${href('meters', [one.meter.id])}>${one.meter.number}</a>` : '—'],
                [t('point.phone'), one.customer_phone],
            [t('point.gas_on'), one.gas_on], [t('point.access'), one.access_note],
        ]} />`}</${Once}></${Card}>
        <${Card} title=${t('point.records')} id="records"><${Table} of=${list} columns=${records}
            caption=${t('point.records')} next=${list.body?.next_before} kind="dense" /></${Card}></div>
        <div><${Card} title=${t('appointment.list')} id="promises"><${Promises} point=${id} /></${Card}>
        <${Card} title=${t('terms.title')} id="visit"><${Terms} point=${id} /></${Card}>
        <${Card} title=${t('point.meters')} id="meters"><${Once}
            of=${point} lines=${2}>${one => html`<ul class="stack">${one.installations.map(tie => html`<li key=${tie.id}>
            <a class="number" href=${href('meters', [tie.meter_id])}>${tie.meter_number}</a>
            <span class="line quiet">${day(tie.installed_at)} ${volume(tie.first_index)} → ${tie.removed_at ? `${day(tie.removed_at)} ${volume(tie.last_index)}` : t('point.now')}</span>
                </li>`)}</ul>`}</${Once}></${Card}>
        <${Card} title=${t('point.terms')} id="terms"><${Once}
            of=${point} lines=${2}>${one => html`<ul class="stack">${one.terms.map((term, at) => html`<li key=${at}>${t(`class.${term.class}`)} · ${t(`point_state.${term.state}`)}<span class="line quiet">${day(term.valid_from)} · ${term.source}</span>
            </li>`)}</ul>`}</${Once}></${Card}></div></div>
    </${Page}>`;
}

export function Points({ route }) {
    if (route.args[0]) return html`<${Point} id=${route.args[0]} />`;
    return route.query.period ? html`<${Behind} query=${route.query} />` : html`<${Search} query=${route.query} />`;
}
