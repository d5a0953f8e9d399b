// Quarantine: what could not be taken as it was, whole and with its reason, to be released as it is, released mended, or rejected for good.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer, path } from '../answers.js';
import { moment } from '../format.js';
import { Decide, Dialog, Reason, closeDialog, openDialog } from '../frame/dialog.js';
import { Choose, Facts, Field, Mark, Once, Page } from '../frame/parts.js';
import { ROWS, Table, after, pageKeys } from '../frame/table.js';
import { readerName, readerOptions } from '../names.js';
import { filter, href } from '../route.js';
import { state, tell } from '../state.js';

const STATES = ['open', 'released', 'rejected'];
const RENEWS = ['/v1/quarantine', '/v1/coverage'];
/** What a person may put in the place of what was sent: member, and whether it is a figure in m³. @type {[string, boolean][]} */
const MEMBERS = [['index', true], ['cumulative', true], ['balance', true], ['service_point_id', false], ['attempt_code', false],
    ['reading_kind', false], ['seen_number', false]];

const parsed = body => {
    try {
        return JSON.parse(body);
    } catch {
        return undefined;
    }
};

function Release({ item }) {
    const sent = parsed(item.body) ?? {};
    const release = async form => {
        const members = {};
        for (const [name, isFigure] of MEMBERS) {
            const given = String(form[name] ?? '').trim();
            if (given) members[name] = isFigure ? Math.round(Number(given) * 1000) : name === 'service_point_id' ? Number(given) : given;
        }
        const request = { reason: form.reason, members: Object.keys(members).length ? members : undefined };
        const done = await act('POST', `/v1/quarantine/${item.id}/release`, request, { renews: RENEWS });
        if (!done) return;
        closeDialog();
        tell(t(done.state === 'released' ? 'quarantine.released' : 'quarantine.still'), done.state !== 'released');
    };
    return html`<${Dialog} title=${t('quarantine.release')} action=${t('quarantine.release')} onSubmit=${release} wide><p>${item.detail}</p>
        <p class="help">${t('quarantine.release_help')}</p>
        <div class="pair three">${MEMBERS.map(([name, isFigure]) => html`<${Field} key=${name} label=${t(`member.${name}`)}
            help=${sent[name] === undefined ? ' ' : t('quarantine.sent', { value: isFigure ? sent[name] / 1000 : sent[name] })}>
            <input name=${name} type=${isFigure || name === 'service_point_id' ? 'number' : 'text'} step=${isFigure ? '0.001' : '1'} />
                </${Field}>`)}</div><${Reason} /></${Dialog}>`;
}

const reject = item => openDialog(Decide,
    { title: t('quarantine.reject'), about: t('quarantine.reject_about'), action: t('quarantine.reject'), danger: true, onDecide: reason => act('POST', `/v1/quarantine/${item.id}/reject`,
    { reason }, { renews: RENEWS }) });

/** The item as it was sent; the member that is wrong is marked. */
function Sent({ item }) {
    const body = parsed(item.body);
    if (!body || typeof body !== 'object') return html`<pre class="sent">${item.body}</pre>`;
    const wrong = item.pointer.split('/').at(-1);
    return html`<dl class="sent">${Object.entries(body).map(([name, value]) => html`<div key=${name} class=${name === wrong ? 'wrong' : ''}>
        <dt>${name}</dt><dd>${typeof value === 'object' ? JSON.stringify(value) : String(value)}</dd></div>`)}</dl>`;
}

function Item({ id }) {
    const one = answer(`/v1/quarantine/${id}`);
    return html`<${Once} of=${one} lines=${8}>${item => html`<article class="file"><p class="line">
        <${Mark} kind=${item.state === 'open' ? 'amber' : ''}>${t(`quarantine_state.${item.state}`)}</${Mark}> <${Mark}>${t(`outcome.${item.outcome}`)}</${Mark}> #${item.id}</p>
        <h2>${item.detail}</h2>
        ${item.state === 'open' ? html`<div class="actions"><button type="button" class="main" onClick=${() => openDialog(Release,
            { item })}>${t('quarantine.release')} <kbd>r</kbd></button><button type="button"
            onClick=${() => reject(item)}>${t('quarantine.reject')} <kbd>d</kbd></button></div>` : ''}
        <${Facts} rows=${[[t('reader'), readerName(item.reader_id)], [t('device'), html`<a href=${href('gaps',
            [item.device_id])}>#${item.device_id}</a>`], [t('record.seq'), item.device_seq], [t('record.received'), moment(item.received_at)],
            [t('quarantine.code'), html`<code>${item.code}</code>`],
            item.decided_at && [t('quarantine.decided'), moment(item.decided_at)], item.decision_reason && [t('dialog.reason'), item.decision_reason]]} />
        <h3>${t('quarantine.as_sent')}</h3><${Sent} item=${item} /></article>`}</${Once}>`;
}

export function Quarantine({ route }) {
    const { query } = route;
    const standing = query.state ?? 'open';
    const list = answer(path('/v1/quarantine',
        { state: standing === 'all' ? undefined : standing, reader: query.reader, after: after(), limit: ROWS }),
        { slot: 'quarantine', every: 20_000 });
    const rows = list.body?.items ?? [];
    const current = Number(query.at) || rows[0]?.id;
    const at = rows.findIndex(row => row.id === current);
    const select = row => row && filter({ at: row.id, after: query.after }, { typing: true });
    state.keys = { j: () => select(rows[at + 1]), k: () => select(rows[at - 1]), ...pageKeys(list.body?.next_after), r: () => rows[at]?.state === 'open' && openDialog(Release,
        { item: rows[at] }), d: () => rows[at]?.state === 'open' && reject(rows[at]) };
    const columns = [
        { name: 'detail', title: t('quarantine.why'), cell: row => html`<a href=${href('quarantine', [], { ...query, at: row.id })}>${row.detail}</a>
            <span class="line">${readerName(row.reader_id)} · ${t('device')} ${row.device_id} · ${row.device_seq ?? '—'}</span>` },
        { name: 'received', width: 150, title: t('record.received'), cell: row => moment(row.received_at) },
        { name: 'state', width: 86, title: t('case.state'), cell: row => html`<${Mark} kind=${row.state === 'open' ? 'amber' : ''}>${t(`quarantine_state.${row.state}`)}</${Mark}>` },
    ];
    return html`<${Page} title=${t('page.quarantine')} about=${t('quarantine.about')} wide>
        <div class="filters"><${Choose} name="state" label=${t('case.state')} value=${standing}
            options=${[...STATES.map(code => [code, t(`quarantine_state.${code}`)]), ['all', t('all')]]} /><${Choose} name="reader"
            label=${t('reader')} value=${query.reader} any=${t('all')} options=${readerOptions()} /></div>
        <div class="split"><div class="list"><${Table} of=${list} columns=${columns} caption=${t('page.quarantine')} current=${current} open=${select}
            nothing=${t('quarantine.none')} kind="dense" /></div>
            <aside class="side" aria-label=${t('quarantine.item')}>${current ? html`<${Item} key=${current} id=${current} />` : ''}</aside></div>
    </${Page}>`;
}
