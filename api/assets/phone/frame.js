// The frame of every screen: where one is, what waits, what was just said.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { progressOfAll } from './progress.js';
import { state } from './state.js';

export const go = (name, ...args) => {
    location.hash = `#/${[name, ...args].join('/')}`;
};
export const link = (name, ...args) => `#/${[name, ...args].join('/')}`;

export const hour = at => new Date(at).toLocaleTimeString('zh-CN', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

/** Day and time as they are written in the language of the screen. */
export const moment = at => new Date(at).toLocaleString(document.documentElement.lang === 'en' ? 'en-GB' : 'zh-CN', { hourCycle: 'h23' });

/** An agreed time: the hours, with the day where it is not today. */
export function agreed({ from_at, until_at }) {
    const day = new Date(from_at);
    const isToday = day.toDateString() === new Date().toDateString();
    return `${isToday ? '' : `${day.getMonth() + 1}/${day.getDate()} `}${hour(from_at)}–${hour(until_at)}`;
}

/** The last sync in few words, or fewer. Never what the browser believes of the network. */
export function syncWords(few = false) {
    const { busy, okAt, problem } = state.sync;
    if (busy) return t('sync.busy');
    if (problem?.kind === 'offline') return okAt && !few ? t('sync.offline_since', { time: hour(okAt) }) : t('sync.offline');
    if (problem) return t('sync.problem');
    return okAt ? t('sync.ok', { time: hour(okAt) }) : t('sync.not_yet');
}

/** The three counts: done, waiting, sent. */
function Strip() {
    const { all, read } = progressOfAll();
    const { owed, photos } = state.counts;
    const sent = [...state.records.values()].filter(record => !record.owed).length;
    return html`<nav aria-label=${t('strip.title')}><a class="strip" href=${link('waiting')}>
        <span>${t('strip.done')} <b>${read}/${all}</b></span>
        <span class=${owed + photos ? 'warn-ink' : ''}>${t('strip.waiting')} <b data-count="owed">${owed}</b>${photos ? html`<span>+${t('strip.photos', { n: photos })}</span>` : ''}</span>
        <span>${t('strip.sent')} <b>${sent}</b></span>
        <span class="state quiet">${syncWords(true)}</span>
    </a></nav>`;
}

/** A screen. `back` is where the arrow leads; `tight` is for the keypad, which wants every pixel. */
export function Screen({ title, back, tight, children, plain }) {
    const { notice } = state;
    return html`
        <header class="bar">
            ${back ? html`<a class="button" href=${back} aria-label=${t('back')}><span class="sign">‹</span></a>` : ''}
            <h1 tabindex="-1">${title}</h1>
            ${tight && !plain ? html`<a class="button fit" href=${link('waiting')}>${t('strip.waiting')} <b data-count="owed">${state.counts.owed}</b>${
                state.counts.photos ? html`<small>+${t('strip.photos', { n: state.counts.photos })}</small>` : ''}</a>` : ''}
            ${plain || tight ? '' : html`<a class="button" href=${link('settings')} aria-label=${t('settings.title')}><span class="sign">☰</span></a>`}
        </header>
        ${state.session && !state.session.ended && !tight ? html`<${Strip} />` : ''}
        <div aria-live=${notice?.alarm ? 'assertive' : 'polite'} role=${notice?.alarm ? 'alert' : 'status'}>${notice ? html`<p class=${`notice ${notice.alarm ? 'alarm' : ''}`}>${notice.text}</p>` : ''}</div>
        <main class=${tight ? 'pad' : ''}>${children}</main>`;
}

/** A few exclusive choices, large enough for a thumb. */
export function Choices({ legend, name, options, value, onChange }) {
    return html`<fieldset class="choices"><legend>${legend}</legend><div class="grid">
        ${options.map(option => html`<label class="choice" key=${option.code}>
            <input type="radio" name=${name} value=${option.code} checked=${value === option.code} onChange=${() => onChange(option.code)} />
            <span>${option.text}</span></label>`)}
    </div></fieldset>`;
}

export const Toggle = ({ text, on, onChange }) => html`<button type="button" aria-pressed=${String(Boolean(on))} onClick=${() => onChange(!on)}>${text}</button>`;
