// The stops of a round, in the order the reader walks, and the search over all rounds.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { Screen, agreed, go, link } from '../frame.js';
import { allStops, findStop, standings } from '../progress.js';
import { count, masked, nextPromise, ordered, scanned, search } from '../rounds.js';
import { keepSettings } from '../settings.js';
import { set, state } from '../state.js';
import { Scan } from './scan.js';
import { Counts } from './today.js';

/** A meter number with its last four digits large: that is what one compares in bad light. */
export function Number_({ number }) {
    const text = String(number ?? '');
    return html`<span class="number">${text.slice(0, -4)}<b>${text.slice(-4)}</b></span>`;
}

function Row({ stop, standing }) {
    const promise = nextPromise(stop, Date.now());
    return html`<li><a href=${link('stop', stop.id)} id=${`stop-${stop.id}`}>
        <span class=${`mark ${standing}`}>${t(`standing.${standing}`)}</span>
        <span class="where">${stop.address ?? stop.service_point_number}</span>
        <span class="meter quiet"><${Number_} number=${stop.meter?.number ?? '—'} /> · ${t(`class.short.${stop.class}`)} · <span class="nowrap">${masked(stop.customer_name)}</span>${
            promise && standing !== 'read' ? html` · <b class="warn-ink nowrap">${t('stop.promised')} ${agreed(promise)}</b>` : ''}${
            stop.access_note ? html` · <span class="warn-ink">${t('stop.has_note')}</span>` : ''}</span>
    </a></li>`;
}

const ORDERS = ['office', 'office_reverse', 'learned', 'learned_reverse'];

export function Round({ args: [id] }) {
    const round = state.rounds.get(Number(id));
    if (!round) return html`<${Screen} title=${t('round.gone')} back=${link('today')}><p>${t('round.gone_help')}</p><//>`;
    const of = standings();
    const only = state.screen.only ?? 'left';
    const { order } = state.settings;
    const stops = ordered(round, order).filter(stop => only === 'all' || of(stop) !== 'read');
    return html`<${Screen} title=${round.name} back=${link('today')}>
        <${Counts} counts=${count(round.stops, of)} />
        <div class="row">
            <label class="hide-label"><span class="hidden-text">${t('order.title')}</span>
                <select value=${order} onChange=${event => keepSettings({ order: event.target.value })}>
                    ${ORDERS.map(name => html`<option key=${name} value=${name} selected=${name === order}>${t(`order.${name}`)}</option>`)}</select></label>
            <button aria-pressed=${String(only === 'left')} onClick=${() => set({ only: only === 'left' ? 'all' : 'left' })}>${t('round.only_left')}</button>
        </div>
        <ul class="stops">${stops.map(stop => html`<${Row} key=${stop.id} stop=${stop} standing=${of(stop)} />`)}</ul>
        ${stops.length === 0 ? html`<p class="card good">${t('round.all_done')}</p>` : ''}
    <//>`;
}

/** The next stop of its round that is not read, after this one in walking order. */
export function nextStop(id) {
    const found = findStop(id);
    if (!found) return undefined;
    const of = standings();
    const stops = ordered(found.round, state.settings.order);
    const at = stops.findIndex(stop => stop.id === Number(id));
    return [...stops.slice(at + 1), ...stops.slice(0, at)].find(stop => of(stop) === 'open');
}

/** Where a reader goes on to after a stop: the next one, or the same where none is left. */
export const following = id => nextStop(id)?.id ?? id;

function seek(code) {
    const hits = scanned(allStops(), code);
    if (hits.length === 1) go('stop', hits[0].id);
    else set({ wanted: code });
}

export function Find() {
    const of = standings();
    const { wanted = '' } = state.screen;
    const hits = wanted.trim() ? search(allStops(), wanted).slice(0, 100) : [];
    return html`<${Screen} title=${t('find.title')} back=${link('today')}>
        <label><span>${t('find.what')}</span><input type="search" value=${wanted} onInput=${event => set({ wanted: event.target.value })} /></label>
        <div class="stack"><${Scan} text=${t('find.scan')} onCode=${seek} /></div>
        <p role="status" class="quiet">${wanted.trim() ? t('find.hits', { n: hits.length }) : ''}</p>
        <ul class="stops">${hits.map(stop => html`<${Row} key=${stop.id} stop=${stop} standing=${of(stop)} />`)}</ul>
    <//>`;
}
