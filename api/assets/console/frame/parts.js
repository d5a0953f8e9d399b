// The pieces pages are put together from.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { count } from '../format.js';
import { filter } from '../route.js';
import { Trouble } from './problem.js';

/** A page: its title, what can be done on it, and itself. */
export const Page = ({ title, about, tools, children, wide }) => html`<div class=${`page${wide ? ' wide' : ''}`}>
    <header class="head"><div><h1 tabindex="-1">${title}</h1>${about ? html`<p class="about">${about}</p>` : ''}</div>
        ${tools ? html`<div class="tools">${tools}</div>` : ''}</header>
    ${children}
</div>`;

export const Card = ({ title, tools, children, kind = '', id }) => html`<section class=${`card ${kind}`}>
    ${title ? html`<header><h2 id=${id}>${title}</h2>${tools ? html`<div class="tools">${tools}</div>` : ''}</header>` : ''}
    ${children}
</section>`;

/** What an answer becomes once it is there; its place is kept until then. `lines` is how tall that is. */
export function Once({ of, lines = 6, children }) {
    if (of.body !== undefined) return html`<div class=${`once${of.busy && of.before ? ' fading' : ''}`}>${children(of.body)}</div>`;
    if (of.problem) return html`<${Trouble} of=${of} />`;
    return html`<div class="bones" aria-busy="true"
        aria-label=${t('wait')} role="status">${Array.from({ length: lines }, (_, at) => html`<span key=${at}></span>`)}</div>`;
}

/** A mark with a word in it; its colour says the same. */
export const Mark = ({ kind = '', children }) => html`<span class=${`mark ${kind}`}>${children}</span>`;

/** A number that leads to what it counts. */
export const Count = ({ n, to, label }) => (to && n ? html`<a class="number" href=${to} aria-label=${`${label} ${count(n)}`}>${count(n)}</a>`
    : html`<span class="number">${count(n)}</span>`);

/** Facts, one beside the other. */
export const Facts = ({ rows }) => html`<dl class="facts">${rows.filter(Boolean).map(([name, value]) => html`<div key=${name}><dt>${name}</dt>
    <dd>${value ?? '—'}</dd></div>`)}</dl>`;

/** One of a few, in the address. */
export const Tabs = ({ name, options, value, label }) => html`<div class="tabs" role="group" aria-label=${label}>
    ${options.map(([code, text]) => html`<button type="button" key=${code} aria-pressed=${String(code === value)}
        onClick=${() => filter({ [name]: code })}>${text}</button>`)}
</div>`;

/** A choice in the address. */
export const Choose = ({ name, label, options, value = '', any }) => html`<label class="choose"><span>${label}</span>
    <select name=${name} value=${value} onChange=${event => filter({ [name]: event.target.value })}>
        ${any === undefined ? '' : html`<option value="" selected=${value === ''}>${any}</option>`}
        ${options.map(([code, text]) => html`<option key=${code} value=${code} selected=${String(code) === String(value)}>${text}</option>`)}
    </select></label>`;

/** A field of a form. */
export const Field = ({ label, help, children }) => html`<label class="field"><span>${label}</span>${children}${help
    ? html`<small>${help}</small>` : ''}</label>`;

export const Nothing = ({ children }) => html`<p class="nothing">${children ?? t('nothing')}</p>`;
