// Today at a glance: done, left, no access, and what the target still needs.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { Screen, agreed, link } from '../frame.js';
import { allStops, standings, triedAt } from '../progress.js';
import { count, owedToTarget, promisedToday } from '../rounds.js';
import { isTabOnIos } from '../shell.js';
import { state } from '../state.js';
import { sync } from '../sync.js';

export function Counts({ counts }) {
    return html`<div class="figures">
        <div><b class="good-ink">${counts.read}</b><span>${t('count.read')}</span></div>
        <div><b>${counts.left}</b><span>${t('count.left')}</span></div>
        <div><b class="warn-ink">${counts.no_access}</b><span>${t('count.no_access')}</span></div>
        <div><b class=${counts.refused ? 'bad-ink' : ''}>${counts.refused}</b><span>${t('count.refused')}</span></div>
    </div>`;
}

export function Warnings() {
    const { sync: last, storage } = state;
    const minutes = Math.round(Math.abs(last.skew) / 60_000);
    return html`
        ${minutes >= 2 ? html`<p class="card warn">${t('warn.clock', { n: minutes })}</p>` : ''}
        ${isTabOnIos() ? html`<p class="card bad">${t('install.ios')}</p>` : ''}
        ${storage.persisted === false && !isTabOnIos() ? html`<p class="card warn">${t('warn.not_persisted')} ${state.install ? html`<button onClick=${state.install}>${t('settings.install')}</button>` : ''}</p>` : ''}
        ${last.problem?.kind === 'problem' ? html`<p class="card warn">${last.problem.title} ${last.problem.detail}</p>` : ''}
        ${last.problem?.kind === 'full' ? html`<p class="card bad" role="alert">${t('warn.full')}</p>` : ''}
        ${state.update ? html`<p class="card">${t('update.there')} <button onClick=${state.update}>${t('update.take')}</button></p>` : ''}`;
}

/** Agreed times of today (R-1). */
function Promised({ rows }) {
    if (rows.length === 0) return '';
    return html`<h2>${t('today.promised')}</h2><ul class="promised">${rows.map(({ stop, over, from_at, until_at }) => html`<li key=${`${stop.id}-${from_at}`}><a class=${`card ${over ? 'bad' : 'warn'}`} href=${link('stop', stop.id)}>
        <b>${agreed({ from_at, until_at })}</b> ${stop.address ?? stop.service_point_number}${over ? html` · <span class="bad-ink">${t('today.promise_over')}</span>` : ''}</a></li>`)}</ul>`;
}

export function Today() {
    const of = standings();
    const stops = allStops();
    const targets = owedToTarget(stops, of, state.catalogue?.targets ?? []);
    const rounds = [...state.rounds.values()].sort((one, two) => one.until_day.localeCompare(two.until_day) || one.id - two.id);
    return html`<${Screen} title=${t('today.title', { name: state.session.account.name })}>
        <${Warnings} />
        <${Counts} counts=${count(stops, of)} />
        ${targets.map(row => html`<p key=${row.class} class="must"><span>${t(`class.${row.class}`)}</span> · ${
            row.missing ? html`<b class="warn-ink">${t('today.must', { n: row.missing, of: row.all, target: row.target_bp / 100 })}</b>` : html`<b class="good-ink">${t('today.met', { target: row.target_bp / 100 })}</b>`}</p>`)}
        <${Promised} rows=${promisedToday(stops, of, triedAt(), Date.now())} />
        <div class="row"><a class="button" href=${link('find')}>${t('find.title')}</a><button onClick=${() => sync(true)} disabled=${state.sync.busy}>${t('sync.now')}</button></div>
        <h2>${t('today.rounds')}</h2>
        ${rounds.length === 0 ? html`<p>${t('today.none')}</p>` : ''}
        ${rounds.map(round => {
            const counts = count(round.stops, of);
            return html`<a key=${round.id} class="card stack" href=${link('round', round.id)}>
                <span class="row"><b>${round.name}</b><span class="fit quiet">${t('today.until', { day: round.until_day })}</span></span>
                <progress max=${counts.all || 1} value=${counts.read} aria-label=${t('today.progress', { read: counts.read, all: counts.all })}></progress>
                <span>${t('today.line', counts)}</span></a>`;
        })}
        <div class="stack"><a class="button" href=${link('day')}>${t('day.title')}</a></div>
    <//>`;
}
