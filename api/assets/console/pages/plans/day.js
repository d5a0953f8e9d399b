// A reader's day: the way on a map and the stops in order; marked stops are sent to another reader or day, locked, or taken out.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act } from '../../answers.js';
import { Way } from '../../charts/way.js';
import { count, hour } from '../../format.js';
import { Card, Mark, Once } from '../../frame/parts.js';
import { Table } from '../../frame/table.js';
import { readerName, readers } from '../../names.js';
import { href } from '../../route.js';
import { draw, set, state } from '../../state.js';
import { daysOf, move } from './board.js';

const marked = () => (state.page.marked ??= new Set());

const change = (plan, stop, request) => act('POST', `/v1/plans/${plan.id}/stops/${stop.service_point_id}`, { version: stop.version, ...request },
    { renews: ['/v1/plans'] });

/** Sends what is marked; the keyboard's way of dragging. */
function Send({ plan, stops }) {
    const chosen = stops.filter(stop => marked().has(stop.service_point_id));
    const to = state.page.to ?? {};
    const choose = (name, value) => set({ to: { ...to, [name]: value } });
    const takeOut = async () => {
        for (const stop of chosen) if (!(await change(plan, stop, { take_out: true }))) break;
        set({ marked: new Set() });
    };
    return html`<div class="bulk" role="group" aria-label=${t('bulk')}><span class=${chosen.length ? '' : 'quiet'}>${t('plan.chosen',
        { n: chosen.length })}</span>
        <label>${t('reader')} <select onChange=${event => choose('reader', Number(event.target.value))}><option
            value="">${t('choose')}</option>${readers().map(reader => html`<option key=${reader.id}
            value=${reader.id}>${reader.name}</option>`)}</select></label>
        <label>${t('day')} <select onChange=${event => choose('day', event.target.value)}><option
            value="">${t('choose')}</option>${daysOf(plan).map(day => html`<option key=${day} value=${day}>${day}</option>`)}</select></label>
        <button type="button" class="main" disabled=${!chosen.length || !to.reader || !to.day}
            onClick=${() => move(plan, chosen, to)}>${t('plan.move')}</button>
        <button type="button" disabled=${!chosen.length} onClick=${takeOut}>${t('plan.take_out')}</button></div>`;
}

function columns(plan, mayChange) {
    const mark = (id, on) => {
        if (on) marked().add(id);
        else marked().delete(id);
        draw();
    };
    return [
        mayChange && { name: 'mark', width: 36, title: html`<span class="unseen-text">${t('bulk')}</span>`, cell: stop => html`<input type="checkbox"
            aria-label=${t('bulk.one', { id: stop.service_point_number })} checked=${marked().has(stop.service_point_id)}
            onChange=${event => mark(stop.service_point_id, event.target.checked)} />` },
        { name: 'position', width: 46, kind: 'figure', title: '#', cell: stop => stop.position || '—' },
        { name: 'number', width: 130, title: t('point'), cell: stop => html`<a class="number" href=${href('points',
            [stop.service_point_id])} draggable=${mayChange} onDragStart=${event => {
            event.dataTransfer.setData('text/plain', stop.service_point_number);
            state.page.dragged = stop.service_point_id;
        }}>${stop.service_point_number}</a>` },
        { name: 'arrive', width: 110, title: t('plan.arrive'), cell: stop => (stop.arrive_at ? `${hour(stop.begin_at)}–${hour(stop.end_at)}` : '—') },
        { name: 'way', width: 70, kind: 'figure', title: t('plan.metres'), cell: stop => count(stop.metres) },
        { name: 'before', title: t('plan.before'), cell: stop => html`${stop.reason_text
            ? html`<${Mark} kind="red">${stop.reason_text}</${Mark}> ` : ''}${stop.before_day && (stop.before_reader_id !== stop.reader_id || stop.before_day !== stop.day) ? `${readerName(stop.before_reader_id) ?? '—'} ${stop.before_day}` : ''}
            ${stop.last_reader_id && stop.last_reader_id !== stop.reader_id ? html`<span class="quiet">${t('plan.last_month',
                { reader: readerName(stop.last_reader_id) })}</span>` : ''}${stop.warnings.map(code => html`<${Mark} key=${code} kind="red">${t(`warning.${code}`)}</${Mark}>`)}${stop.visited
                ? html`<${Mark} kind="green">${t('plan.visited')}</${Mark}>` : ''}` },
        mayChange && { name: 'lock', width: 84, title: t('plan.lock'), cell: stop => (stop.reader_id
            ? html`<button type="button" class="bare" aria-pressed=${String(stop.locked)} onClick=${() => change(plan, stop,
            { locked: !stop.locked })}>${t(stop.locked ? 'plan.unlock' : 'plan.lock')}</button>` : '') },
    ];
}

export const DayOfReader = ({ plan, stops, title, mayChange, isOrdered }) => html`<${Card} title=${title} id="day">
    <div class="split map"><div class="list">${mayChange ? html`<${Send} plan=${plan} stops=${stops.body?.items ?? []} />` : ''}<${Table} of=${stops}
        columns=${columns(plan, mayChange)} id=${stop => stop.service_point_id} caption=${title} kind="dense" next=${null}
        nothing=${t('plan.no_stops')} /></div>
        <aside class="side" aria-label=${t('map')}><${Once}
            of=${stops} lines=${10}>${body => html`<${Way} stops=${body.items} isOrdered=${isOrdered} marked=${marked()} />`}</${Once}></aside></div>
            </${Card}>`;
