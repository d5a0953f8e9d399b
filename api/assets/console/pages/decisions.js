// What only a person can decide: times nobody believes, differences from the register, hazards (DOMAIN 2, R-2, R-43).
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer, path } from '../answers.js';
import { instantOf, moment } from '../format.js';
import { Dialog, Reason, closeDialog, openDialog } from '../frame/dialog.js';
import { Choose, Field, Mark, Page, Tabs } from '../frame/parts.js';
import { ROWS, Table, after, pageKeys } from '../frame/table.js';
import { readerName } from '../names.js';
import { may } from '../rights.js';
import { href } from '../route.js';
import { state } from '../state.js';
import { Photos } from './cases/file.js';

/** Lists: where they are, their states, where a row may go from each, and who may move it. */
const LISTS = {
    times: { place: '/v1/time-reviews', states: ['open', 'accepted', 'refused'], moves: { open: ['accepted', 'refused'] }, operation: 'decide_time_review' },
    found: { place: '/v1/found-changes', states: ['open', 'accepted', 'dismissed'], moves: { open: ['accepted', 'dismissed'] }, operation: 'decide_found_change' },
    hazards: { place: '/v1/hazards', states: ['open', 'in_work', 'resolved', 'dismissed'], moves: { open: ['in_work', 'resolved', 'dismissed'], in_work: ['resolved', 'dismissed'] }, operation: 'decide_hazard' },
};

function Decide({ name, row, to }) {
    const { place } = LISTS[name];
    const decide = async form => {
        const request = name === 'times' ? { decision: to, reason: form.reason, observed_at: form.at ? instantOf(form.at) : undefined } : { state: to, reason: form.reason };
        if (await act('POST', `${place}/${row.id}/decide`, request, { renews: [place, '/v1/coverage', '/v1/service-points'] })) closeDialog();
    };
    return html`<${Dialog} title=${t(`verdict.${name}.${to}`)} action=${t(`verdict.${name}.${to}`)} danger=${to === 'refused' || to === 'dismissed'}
        onSubmit=${decide}>
        ${name === 'times' && to === 'accepted' ? html`<${Field} label=${t('time.made_at')} help=${row.is_lost ? t('time.lost') : t('time.else_own',
            { at: moment(row.observed_at) })}><input type="datetime-local" name="at" required=${row.is_lost} autofocus /></${Field}>` : ''}
        ${name === 'found' && to === 'accepted' ? html`<p class="help">${t('found.changes_register')}</p>` : ''}<${Reason} /></${Dialog}>`;
}

const number = row => html`<a class="number" href=${href('points',
    [row.service_point_id])}>${row.service_point_number ?? `#${row.service_point_id}`}</a>`;
const SEVERITY = { critical: 'red', major: 'amber', minor: '' };
const what = {
    times: row => html`${row.is_lost ? html`<${Mark} kind="red">${t('time.is_lost')}</${Mark}> ` : ''}${t('time.seems',
        { at: moment(row.observed_at) })}<span class="line quiet">${t('time.arrived', { at: moment(row.received_at) })}</span>`,
    found: row => html`${row.text} ${row.number ? html`<b class="number">${row.number}</b>` : ''} ${row.inlet_side
        ? html`<b>${t(`side.${row.inlet_side}`)}</b>` : ''}<span class="line quiet">${row.note}</span>${row.evidence.length
        ? html`<${Photos} photos=${row.evidence.map(sha256 => ({ sha256, has_arrived: true }))} />` : ''}`,
    hazards: row => html`<${Mark} kind=${SEVERITY[row.severity]}>${t(`severity.${row.severity}`)}</${Mark}> ${row.text}<span class="line quiet">${row.note}</span>${row.evidence.length
        ? html`<${Photos} photos=${row.evidence.map(sha256 => ({ sha256, has_arrived: true }))} />` : ''}`,
};

function columns(name) {
    const { moves, operation } = LISTS[name];
    return [
        { name: 'point', width: 130, title: t('point'), cell: number },
        { name: 'what', title: t('decide.what'), cell: what[name] },
        { name: 'reader', width: 110, title: t('reader'), cell: row => readerName(row.reader_id) ?? '—' },
        { name: 'at', width: 152, title: t('decide.seen_at'), cell: row => moment(row.observed_at) },
        { name: 'state', width: 120, title: t('case.state'), cell: row => html`<${Mark} kind=${row.state === 'open' ? 'amber' : ''}>${t(`verdict_state.${row.state}`)}</${Mark}>${row.reason
            ? html`<span class="line quiet">${row.reason}</span>` : ''}` },
        may(operation) && { name: 'act', width: 210, title: '', cell: row => (moves[row.state] ?? []).map(to => html`<button key=${to} type="button" class="bare"
            onClick=${() => openDialog(Decide, { name, row, to })}>${t(`verdict.${name}.${to}`)}</button>`) },
    ];
}

export function Decisions({ route }) {
    const { query } = route;
    const name = LISTS[query.list] ? query.list : 'times';
    const { place, states } = LISTS[name];
    const standing = query.state ?? 'open';
    const list = answer(path(place, { state: standing === 'all' ? undefined : standing, after: after(), limit: ROWS }),
        { slot: name, every: 30_000 });
    state.keys = pageKeys(list.body?.next_after);
    return html`<${Page} title=${t('page.decide')} about=${t(`decide.about.${name}`)} wide>
        <div class="filters"><${Tabs} name="list" label=${t('decide.list')} value=${name}
            options=${Object.keys(LISTS).map(code => [code, t(`waits.${code}`)])} />
            <${Choose} name="state" label=${t('case.state')} value=${states.includes(standing) || standing === 'all' ? standing : 'open'}
                options=${[...states.map(code => [code, t(`verdict_state.${code}`)]), ['all', t('all')]]} /></div>
        <${Table} of=${list} columns=${columns(name)} caption=${t(`waits.${name}`)} nothing=${t('decide.none')} />
    </${Page}>`;
}
