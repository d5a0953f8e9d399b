// A list of rows: the server pages it, the columns keep their widths, and what was there stays while the next page comes.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { filter, filtered } from '../route.js';
import { state } from '../state.js';
import { Nothing } from './parts.js';
import { Trouble } from './problem.js';

/** Rows of a page. */
export const ROWS = 50;
const BONES = 12;

/** The place after which the present page begins; the trail of pages before it stands in the address. */
const trail = () => (state.route.query.after ? state.route.query.after.split('.') : []);
export const after = () => trail().at(-1);

/** To the next or the last row's first link, in any list. */
function walk(by) {
    const rows = [...document.querySelectorAll('main .rows tbody tr')].filter(row => row.querySelector('a, button'));
    const at = rows.findIndex(row => row.contains(document.activeElement));
    const to = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    /** @type {HTMLElement | null | undefined} */ (to?.querySelector('a, button'))?.focus();
}

/**
 * `columns`: `{name, title, cell(row), kind?, width?}`; `rows` a page's items; `next` its `next_after`.
 * @param {{columns: any[], of: any, items?: any[], id?: (row: any) => any, caption: string, next?: any, current?: any, nothing?: any, open?: (row: any) => void, kind?: string}} props
 */
export function Table({ columns, of, items, id = row => row.id, caption, next, current, nothing, open, kind = '' }) {
    state.keys.j ??= () => walk(1);
    state.keys.k ??= () => walk(-1);
    const shown = columns.filter(Boolean);
    const rows = items ?? of.body?.items;
    if (of.problem && rows === undefined) return html`<${Trouble} of=${of} />`;
    return html`<div class=${`rows ${kind} ${of.busy && of.before ? 'fading' : ''}`} tabindex="0" role="region" aria-label=${caption}>
        <table><caption class="unseen-text">${caption}</caption>
            <colgroup>${shown.map(column => html`<col key=${column.name} width=${column.width} />`)}</colgroup>
            <thead><tr>${shown.map(column => html`<th key=${column.name} scope="col" class=${column.kind ?? ''} aria-sort=${column.sorted}>${column.title || html`<span class="unseen-text">${t('actions')}</span>`}</th>`)}</tr></thead>
            <tbody>${rows === undefined
                ? Array.from({ length: BONES }, (_, at) => html`<tr key=${at} class="bone"><td colspan=${shown.length}><span></span></td></tr>`)
                : rows.map(row => html`<tr key=${id(row)} aria-current=${current !== undefined && current === id(row) ? 'true' : undefined}
                    class=${open ? 'opens' : ''} onClick=${event => open && !event.target.closest('a, button, input, label') && open(row)}>
                    ${shown.map(column => html`<td key=${column.name} class=${column.kind ?? ''}>${column.cell(row)}</td>`)}</tr>`)}</tbody>
        </table>
        ${rows?.length === 0 ? html`<${Nothing}>${nothing}</${Nothing}>` : ''}
    </div>
    <${Pager} next=${next === undefined ? of.body?.next_after : next} />`;
}

const KEPT_PAGES = 30;

export function Pager({ next }) {
    const before = trail();
    if (before.length === 0 && (next === undefined || next === null)) return '';
    const back = before.slice(0, -1).join('.');
    const onward = [...before, next].slice(-KEPT_PAGES).join('.');
    return html`<nav class="pager" aria-label=${t('pager')}>
        ${before.length ? html`<a class="button" href=${filtered({ after: back })}>← ${t('pager.back')}</a>` : html`<span></span>`}
        <span class="quiet">${t('pager.page', { n: before.length + 1 })}</span>
        ${next === undefined || next === null ? html`<span class="quiet">${t('pager.end')}</span>`
            : html`<a class="button" href=${filtered({ after: onward })}>${t('pager.next')} →</a>`}
    </nav>`;
}

/** Turns a page by key. */
export const pageKeys = next => ({
    n: () => next !== undefined && next !== null && filter({ after: [...trail(), next].slice(-KEPT_PAGES).join('.') }),
    b: () => trail().length && filter({ after: trail().slice(0, -1).join('.') }),
});
