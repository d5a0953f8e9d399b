// The board: a row per reader, a column per day, each field with its load beside what it was. Stops are dropped on it, or sent by menu.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act } from '../../answers.js';
import { count, duration, hour, kilometres, plusDays, weekday } from '../../format.js';
import { readerOptions } from '../../names.js';
import { filtered } from '../../route.js';
import { set, state, tell } from '../../state.js';

/** A full day's work, for the bars. */
const FULL_MINUTES = 480;

export function daysOf(plan) {
    const found = [];
    for (let day = plan.from_day; day < plan.until_day; day = plusDays(day, 1)) found.push(day);
    return found;
}

/** Moves stops, one request each: every row is held to the version that was looked at. */
export async function move(plan, stops, to) {
    let moved = 0;
    for (const stop of stops) {
        const done = await act('POST', `/v1/plans/${plan.id}/stops/${stop.service_point_id}`,
            { version: stop.version, reader_id: to.reader, day: to.day }, {});
        if (!done) break;
        moved += 1;
        if (done.stop.warnings.length) tell(t('plan.warned',
            { number: done.stop.service_point_number, why: done.stop.warnings.map(code => t(`warning.${code}`)).join('; ') }), true);
    }
    set({ marked: new Set() });
    await act('GET', `/v1/plans/${plan.id}`, undefined, { renews: ['/v1/plans'] });
    if (moved && !state.notice?.alarm) tell(t('plan.moved', { n: moved }));
}

function Field({ round, reader, day, isHere, mayChange, hasBasis, onDrop }) {
    const before = hasBasis && round && round.stops_before !== round.stops ? html`<small class="quiet">${t('plan.was',
        { n: count(round.stops_before) })}</small>` : '';
    const load = round ? round.work_minutes / FULL_MINUTES : 0;
    const drop = mayChange ? { onDragOver: event => event.preventDefault(), onDrop: event => {
        event.preventDefault();
        onDrop({ reader, day });
    } } : {};
    return html`<td class=${`field-of-day${isHere ? ' here' : ''}`} ...${drop}>${round
        ? html`<a href=${filtered({ reader, day, left: '', moved: '' })} aria-current=${isHere ? 'true' : undefined}>
        <b>${count(round.stops)}</b> ${before}<svg class="load" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
            <rect class="rest" width="100" height="6" rx="1" />
            <rect class=${load > 1 ? 'over' : load > 0.9 ? 'full' : 'fine'} width=${Math.min(100, 100 * load)} height="6" rx="1" /></svg>
        <small>${duration(round.work_minutes)} · ${kilometres(round.metres)} km</small>
            <small class="quiet">${round.depart_at ? `${hour(round.depart_at)}–${hour(round.back_at)}` : ''}${round.locked ? ` · ${t('plan.locked',
            { n: round.locked })}` : ''}</small>
        ${round.warned ? html`<small class="bad">${t('plan.warnings', { n: round.warned })}</small>` : ''}</a>`
            : html`<span class="quiet">—</span>`}</td>`;
}

export function Board({ plan, rounds, at, mayChange, stops }) {
    const days = daysOf(plan);
    // Somebody without a stop can be given one.
    const readers = [...new Map([...rounds.map(round => [round.reader_id, round.reader_name]), ...(mayChange ? readerOptions() : [])])];
    const of = (reader, day) => rounds.find(round => round.reader_id === reader && round.day === day);
    const drop = to => {
        const chosen = state.page.marked?.size ? stops.filter(stop => state.page.marked.has(stop.service_point_id)) : stops.filter(stop => stop.service_point_id === state.page.dragged);
        if (chosen.length) move(plan, chosen, to);
    };
    return html`<div class="rows" tabindex="0" role="region" aria-label=${t('plan.board')}><table class="board">
        <caption class="unseen-text">${t('plan.board')}</caption>
        <thead><tr><th scope="col">${t('reader')}</th>${days.map(day => html`<th key=${day} scope="col">${day.slice(5)} <small>${weekday(day)}</small>
            </th>`)}<th scope="col">${t('plan.sum')}</th></tr></thead>
        <tbody>${readers.map(([reader, name]) => {
            const own = rounds.filter(round => round.reader_id === reader);
            return html`<tr key=${reader}>
                <th scope="row">${name}</th>${days.map(day => html`<${Field} key=${day} reader=${reader} day=${day} round=${of(reader, day)} isHere=${at?.reader === reader && at?.day === day} mayChange=${mayChange} hasBasis=${plan.basis_id} onDrop=${drop} />`)}
                <td class="sum">${own.length === 0 ? html`<span class="quiet">—</span>`
                    : html`<b>${count(own.reduce((sum, round) => sum + round.stops, 0))}</b>
                    <small>${duration(own.reduce((sum, round) => sum + round.work_minutes, 0))} · ${kilometres(own.reduce((sum, round) => sum + round.metres, 0))} km</small>`}</td></tr>`;
        })}</tbody></table></div>`;
}
