// The anomaly list, worked from the keyboard: the list on one side, what a person must look at on the other.
import { html } from '/assets/lib/html.js';
import { both, t } from '/assets/lib/texts.js';
import { answer } from '../../answers.js';
import { day, volume } from '../../format.js';
import { Mark, Page } from '../../frame/parts.js';
import { Table, pageKeys } from '../../frame/table.js';
import { may } from '../../rights.js';
import { filter, go, href } from '../../route.js';
import { draw, set, state } from '../../state.js';
import { CaseFile } from './file.js';
import { Filters, listPath } from './filters.js';
import { assign, decide } from './decide.js';

export const reasonOf = one => both({ zh: one.reason_zh, en: one.reason_en });

const marked = () => (state.page.marked ??= new Set());
const select = id => filter({ at: id, after: state.route.query.after }, { typing: true });

function mark(id, on) {
    if (on) marked().add(id);
    else marked().delete(id);
    draw();
}

function columns(rows) {
    const all = rows.length > 0 && rows.every(one => marked().has(one.id));
    return [
        { name: 'mark', width: 34, title: html`<input type="checkbox" aria-label=${t('bulk.all')} checked=${all} onChange=${event => {
            for (const one of rows) mark(one.id, event.target.checked);
        }} />`, cell: one => html`<input type="checkbox" aria-label=${t('bulk.one', { id: one.id })} checked=${marked().has(one.id)}
            onChange=${event => mark(one.id, event.target.checked)} />` },
        { name: 'reason', title: t('case.reason'), cell: one => html`<a class="reason" href=${href('case', [one.id])} onClick=${event => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            select(one.id);
        }}>${reasonOf(one)}</a><span class="line">
            <${Mark} kind=${`kind-${one.kind}`}>${t(`kind.${one.kind}`)}</${Mark}> <span class="number">${one.meter_number}</span> · ${one.area_path}${one.is_overdue
            ? html` · <b class="bad">${t('case.overdue')}</b>` : ''}</span>` },
        { name: 'stake', width: 80, kind: 'figure', title: t('case.stake'), cell: one => volume(one.stake) },
        { name: 'read', width: 104, title: t('case.read'), cell: one => day(one.observed_at) },
        { name: 'state', width: 98, title: t('case.state'), cell: one => html`<${Mark} kind=${`state-${one.state}`}>${t(`state.${one.state}`)}</${Mark}>` },
    ];
}

/** What can be done with those that are marked; always there, so that nothing moves when the first is. */
function Bulk({ rows }) {
    const chosen = rows.filter(one => marked().has(one.id));
    const done = () => set({ marked: new Set() });
    const button = (to, kind = '') => html`<button type="button" class=${kind} disabled=${chosen.length === 0}
        onClick=${() => decide(chosen, to, done)}>${t(`decide.${to}`)}</button>`;
    if (!may('decide_case')) return '';
    return html`<div class="bulk" role="group" aria-label=${t('bulk')}><span class=${chosen.length ? '' : 'quiet'}>${t('bulk.chosen',
        { n: chosen.length })}</span>
        ${button('confirmed')}${button('dismissed')}${button('in_work')}${button('resolved')}
        <button type="button" disabled=${chosen.length === 0} onClick=${() => assign(chosen, done)}>${t('decide.assign')}</button></div>`;
}

/** The case to go on with once this one is gone from the list. */
function onward(rows, id) {
    const at = rows.findIndex(one => one.id === id);
    return rows[at + 1]?.id ?? rows[at - 1]?.id;
}

function step(rows, current, by) {
    const at = rows.findIndex(one => one.id === current);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (!next) return;
    select(next.id);
    setTimeout(() => document.querySelector('tr[aria-current=true]')?.scrollIntoView({ block: 'nearest' }), 30);
}

export function Cases() {
    const list = answer(listPath(), { slot: 'cases' });
    const rows = list.body?.items ?? [];
    const current = Number(state.route.query.at) || rows[0]?.id;
    const one = rows.find(row => row.id === current);
    const act = to => () => one && decide([one], to, () => {
        const next = onward(rows, one.id);
        if (next) select(next);
    });
    const mayDecide = may('decide_case');
    state.keys = {
        j: () => step(rows, current, 1), k: () => step(rows, current, -1), ArrowDown: () => step(rows, current, 1), ArrowUp: () => step(rows, current, -1), ...pageKeys(list.body?.next_after),
        Enter: () => one && go('case', [one.id]), m: () => one && go('meters', [one.meter_id]), x: () => one && mark(one.id, !marked().has(one.id)),
        ...(mayDecide ? { c: act('confirmed'), d: act('dismissed'), w: act('in_work'), r: act('resolved'), a: () => one && assign([one]) } : {}),
    };
    return html`<${Page} title=${t('page.cases')} about=${t('cases.about')} wide>
        <${Filters} />
        <div class="split"><div class="list"><${Bulk} rows=${rows} />
            <${Table} of=${list} columns=${columns(rows)} caption=${t('page.cases')} current=${current} open=${row => select(row.id)}
                nothing=${t('cases.none')} kind="dense" /></div>
            <aside class="side" aria-label=${t('case.file')}>${current
                ? html`<${CaseFile} key=${current} id=${current} onMove=${to => act(to)()} />` : ''}</aside></div>
    </${Page}>`;
}
