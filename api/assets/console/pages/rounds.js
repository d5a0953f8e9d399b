// Rounds: who holds which, how far each is; giving one to another reader while a phone is out of reach is no loss (PROTOCOL "Rounds").
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer, path } from '../answers.js';
import { Way } from '../charts/way.js';
import { count, lastDay, moment, plusDays } from '../format.js';
import { Confirm, Dialog, closeDialog, openDialog } from '../frame/dialog.js';
import { Choose, Field, Mark, Once, Page } from '../frame/parts.js';
import { ROWS, Table, after, pageKeys } from '../frame/table.js';
import { CLASSES, readerName, readerOptions, readers, routeOptions } from '../names.js';
import { may } from '../rights.js';
import { filter, href } from '../route.js';
import { state, tell } from '../state.js';
import { today } from '../today.js';

const STATES = ['draft', 'assigned', 'in_progress', 'done', 'cancelled'];
const RENEWS = ['/v1/rounds', '/v1/coverage'];
const isOpen = round => round.state !== 'cancelled' && round.state !== 'done';

/** When the phones of a reader were heard of last: whoever is out of reach learns of a change later. */
function Phones({ reader }) {
    if (!may('list_devices') || !reader) return '';
    const devices = answer('/v1/devices?limit=500').body?.items.filter(device => device.account_id === reader && !device.revoked_at) ?? [];
    return html`<ul class="stack">${devices.map(device => html`<li key=${device.id}>${device.label} <span class="quiet">${device.last_seen_at ? t('device.heard',
        { at: moment(device.last_seen_at) }) : t('device.never')}</span></li>`)}</ul>`;
}

function Assign({ round }) {
    const give = async form => {
        if (!(await act('POST', `/v1/rounds/${round.id}/assign`, { reader_id: Number(form.reader) }, { renews: RENEWS }))) return;
        closeDialog();
        tell(t('round.given', { name: round.name, reader: readerName(Number(form.reader)) }));
    };
    return html`<${Dialog} title=${t('round.assign_title', { name: round.name })} action=${t('round.assign')} onSubmit=${give}>
        ${round.reader_id ? html`<p>${t('round.held_by', { reader: readerName(round.reader_id) })}</p><${Phones} reader=${round.reader_id} />
            <p class="help">${t('round.grace')}</p>` : ''}
        <${Field} label=${t('reader')}><select name="reader" required autofocus><option
            value="">${t('choose')}</option>${readers().filter(reader => reader.id !== round.reader_id).map(reader => html`<option key=${reader.id}
            value=${reader.id}>${reader.name}</option>`)}</select></${Field}>
    </${Dialog}>`;
}

const cancel = round => openDialog(Confirm, { title: t('round.cancel_title', { name: round.name }), about: t('round.cancel_about',
    { open: round.open_stops }), action: t('round.cancel'), danger: true, onConfirm: () => act('POST', `/v1/rounds/${round.id}/cancel`, undefined,
    { renews: RENEWS }) });

function Create() {
    const make = async form => {
        const request = { route_id: Number(form.route), reader_id: form.reader ? Number(form.reader) : undefined, from_day: form.from, until_day: plusDays(form.last, 1), name: form.name || undefined, class: form.class || undefined, include_suspended: form.suspended === 'on' };
        if (!(await act('POST', '/v1/rounds', request, { renews: RENEWS }))) return;
        closeDialog();
    };
    return html`<${Dialog} title=${t('round.create')} action=${t('round.create')} onSubmit=${make}>
        <${Field} label=${t('route')}><select name="route" required autofocus><option
            value="">${t('choose')}</option>${routeOptions().map(([id, text]) => html`<option key=${id} value=${id}>${text}</option>`)}</select>
            </${Field}>
        <${Field} label=${t('class')}><select name="class"><option value="">${t('all')}</option>${CLASSES.map(code => html`<option key=${code}
            value=${code}>${t(`class.${code}`)}</option>`)}</select></${Field}>
        <${Field} label=${t('reader')}><select name="reader"><option
            value="">${t('round.nobody_yet')}</option>${readerOptions().map(([id, name]) => html`<option key=${id}
            value=${id}>${name}</option>`)}</select></${Field}>
        <div class="pair"><${Field} label=${t('first_day')}><input type="date" name="from" value=${today()} required /></${Field}><${Field}
            label=${t('last_day')}><input type="date" name="last" value=${today()} required /></${Field}></div>
        <${Field} label=${t('round.name')} help=${t('round.name_help')}><input name="name" maxlength="100" /></${Field}>
        <label class="tick"><input type="checkbox" name="suspended" /> ${t('round.suspended')}</label>
    </${Dialog}>`;
}

function Progress({ round }) {
    const whole = Math.max(1, round.open_stops + round.read_stops + round.no_access_stops);
    const words = t('round.progress', { read: round.read_stops, no_access: round.no_access_stops, open: round.open_stops });
    return html`<svg class="rate small" viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" aria-label=${words}><title>${words}</title>
        <rect class="rest" width="1000" height="24" />
        <rect class="seen" width=${(1000 * round.read_stops) / whole} height="24" />
            <rect class="no_access" x=${(1000 * round.read_stops) / whole} width=${(1000 * round.no_access_stops) / whole} height="24" /></svg>`;
}

const figure = (name, title, cell) => ({ name, width: 76, kind: 'figure', title, cell });
const columns = () => [
    { name: 'name', title: t('round.name'), cell: round => html`<a href=${href('rounds', [round.id])}>${round.name}</a>` },
    { name: 'reader', width: 120, title: t('reader'), cell: round => (round.reader_id ? html`<a href=${href('next',
        [], { reader: round.reader_id })}>${readerName(round.reader_id)}</a>` : html`<${Mark} kind="amber">${t('round.nobody_yet')}</${Mark}>`) },
    { name: 'days', width: 212, title: t('round.days'), cell: round => `${round.from_day} – ${lastDay(round.until_day)}` },
    { name: 'state', width: 100, title: t('round.state'), cell: round => html`<${Mark} kind=${`round-${round.state}`}>${t(`round_state.${round.state}`)}</${Mark}>` },
    { name: 'bar', width: 106, title: t('round.how_far'), cell: round => html`<${Progress} round=${round} />` },
    figure('read', t('bucket.seen'), round => count(round.read_stops)), figure('no_access', t('bucket.no_access'), round => count(round.no_access_stops)), figure('open', t('round.open'), round => count(round.open_stops)),
    { name: 'changed', width: 152, title: t('changed'), cell: round => moment(round.changed_at) },
    may('create_round') && { name: 'act', width: 146, title: '', cell: round => (isOpen(round) || round.put_away_at
        ? html`<button type="button" class="bare" onClick=${() => openDialog(Assign, { round })}>${t('round.assign')}</button>${isOpen(round)
        ? html`<button type="button" class="bare bad" onClick=${() => cancel(round)}>${t('round.cancel')}</button>` : ''}` : '') },
];

const stops = [
    { name: 'position', width: 60, kind: 'figure', title: '#', cell: stop => stop.position },
    { name: 'point', get title() { return t('point'); }, cell: stop => html`<a class="number" href=${href('points',
        [stop.service_point_id])}>${stop.service_point_number}</a>` },
    { name: 'state', width: 160, get title() { return t('round.state'); }, cell: stop => html`<${Mark} kind=${{ read: 'green', no_access: 'amber' }[stop.state] ?? ''}>${t(`stop.${stop.state}`)}</${Mark}>` },
];

const NOTHING_MARKED = new Set();
/** A stop as the map draws it: what is read, what was tried in vain. */
const onMap = stop => ({ ...stop, visited: stop.state === 'read', warnings: [], reason: stop.state === 'no_access' ? stop.state : undefined });

function OneRound({ id }) {
    const one = answer(`/v1/rounds/${id}`, { every: 20_000 });
    const round = one.body?.round;
    return html`<${Page} title=${round?.name ?? t('page.rounds')}
        about=${round ? `${readerName(round.reader_id) ?? t('round.nobody_yet')} · ${round.from_day} – ${lastDay(round.until_day)} · ${t(`round_state.${round.state}`)}` : ' '}
        tools=${round && may('create_round') ? html`<button type="button" class="main" onClick=${() => openDialog(Assign,
            { round })}>${t('round.assign')}</button>${isOpen(round) ? html`<button type="button"
            onClick=${() => cancel(round)}>${t('round.cancel')}</button>` : ''}` : ''} wide>
        <${Once} of=${one} lines=${10}>${body => html`<p><${Progress} round=${body.round} /></p>${body.round.put_away_at
            ? html`<p class="help">${t('round.put_away', { at: moment(body.round.put_away_at) })}</p>` : ''}
            <div class="split map"><div class="list"><${Table} of=${one} items=${body.stops} columns=${stops} caption=${t('round.stops')} kind="dense"
                next=${null} /></div>
            <aside class="side" aria-label=${t('map')}><${Way} stops=${body.stops.map(onMap)} isOrdered marked=${NOTHING_MARKED} /></aside></div>`}</${Once}>
    </${Page}>`;
}

function List({ query }) {
    const list = answer(path('/v1/rounds', { reader: query.reader, state: query.state, after: after(), limit: ROWS }),
        { slot: 'rounds', every: 20_000 });
    state.keys = pageKeys(list.body?.next_after);
    return html`<${Page} title=${t('page.rounds')} about=${t('rounds.about')} wide tools=${may('create_round')
        ? html`<button type="button" class="main" onClick=${() => openDialog(Create)}>${t('round.create')}</button>` : ''}>
        <div class="filters"><${Choose} name="reader" label=${t('reader')} value=${query.reader} any=${t('all')} options=${readerOptions()} />
            <label class="choose"><span>${t('round.state')}</span><select onChange=${event => filter({ state: event.target.value })}><option
                value="">${t('all')}</option>${STATES.map(code => html`<option key=${code}
                value=${code} selected=${code === query.state}>${t(`round_state.${code}`)}</option>`)}</select></label></div>
        <${Table} of=${list} columns=${columns()} caption=${t('page.rounds')} nothing=${t('rounds.none')} />
    </${Page}>`;
}

export const Rounds = ({ route }) => (route.args[0] ? html`<${OneRound} id=${route.args[0]} />` : html`<${List} query=${route.query} />`);
