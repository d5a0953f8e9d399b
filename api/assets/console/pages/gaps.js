// Missing device records (R-11): numbers that never came, chains that break, photos still owed; and explaining what can't come any more.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer, path } from '../answers.js';
import { count, day, moment } from '../format.js';
import { Dialog, Reason, closeDialog, openDialog } from '../frame/dialog.js';
import { Card, Facts, Field, Mark, Nothing, Once, Page, Tabs } from '../frame/parts.js';
import { ROWS, Table, after, pageKeys } from '../frame/table.js';
import { readerName } from '../names.js';
import { may } from '../rights.js';
import { go, href } from '../route.js';
import { state } from '../state.js';

/** Numbers as people write them: 3, 7–9. */
function ranges(numbers) {
    const found = [];
    for (const n of numbers) {
        const last = found.at(-1);
        if (last && last[1] === n - 1) last[1] = n;
        else found.push([n, n]);
    }
    return found.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}

/** What a person wrote, back to numbers; only those that are missing. */
function numbersIn(text, missing) {
    const wanted = new Set();
    for (const [, from, to] of text.matchAll(/(\d+)(?:\s*[–-]\s*(\d+))?/g)) for (let n = Number(from); n <= Math.min(Number(to ?? from), Number(from) + 100_000); n += 1) wanted.add(n);
    return missing.filter(n => wanted.has(n));
}

function Explain({ of }) {
    const explain = async form => {
        const seqs = numbersIn(form.seqs, of.missing_seqs);
        if (await act('POST', `/v1/devices/${of.device_id}/gaps/explain`, { seqs, reason: form.reason },
            { renews: ['/v1/gaps', '/v1/devices', '/v1/coverage'] })) closeDialog();
    };
    return html`<${Dialog} title=${t('gap.explain')} action=${t('gap.explain')} onSubmit=${explain}><p>${of.label} · ${of.reader_name}</p>
        <p class="help">${t('gap.help')}</p>
        <${Field} label=${t('gap.numbers')}><input name="seqs" value=${ranges(of.missing_seqs)} required autofocus /></${Field}><${Reason} />
            </${Dialog}>`;
}

function One({ id }) {
    const gaps = answer(`/v1/devices/${id}/gaps`);
    const chain = answer(`/v1/devices/${id}/chain`);
    return html`<${Page} title=${gaps.body ? t('gap.title', { label: gaps.body.label, reader: gaps.body.reader_name }) : t('page.gaps')}
        tools=${html`<a class="button" href=${href('gaps')}>${t('page.gaps')}</a>${may('explain_gaps') && gaps.body?.missing_seqs.length
        ? html`<button type="button" class="main" onClick=${() => openDialog(Explain, { of: gaps.body })}>${t('gap.explain')}</button>` : ''}`}>
        <${Card} title=${t('gap.missing')} id="missing"><${Once}
            of=${gaps} lines=${4}>${body => html`<${Facts} rows=${[[t('device.records'), count(body.highest_contiguous_seq)],
            [t('gap.last'), count(body.last_seq)], [t('gap.since'), moment(body.missing_since)],
            [t('device.last_seen'), moment(body.last_seen_at)]]} />
            <p class="number">${body.missing_seqs.length ? ranges(body.missing_seqs) : t('gap.none')}${body.more_missing ? ` … +${count(body.more_missing)}` : ''}</p>`}</${Once}></${Card}>
        <${Card} title=${t('gap.chain')} id="chain"><${Once} of=${chain} lines=${3}>${body => html`<p>${t('gap.verified',
            { to: count(body.verified_to), of: count(body.highest_contiguous_seq) })}</p>
            <ul class="stack">${body.broken.map(one => html`<li key=${one.seq}><${Mark} kind="red">${t('gap.broken',
                { seq: one.seq })}</${Mark}> <span class="quiet">${moment(one.noticed_at)}</span></li>`)}</ul>`}</${Once}></${Card}>
        <${Card} title=${t('gap.explained')} id="explained"><${Once} of=${gaps} lines=${2}>${body => (body.explained.length === 0
            ? html`<${Nothing} />` : html`<ul class="stack">${body.explained.map(one => html`<li key=${one.seq}>
            <b class="number">${one.seq}</b> ${one.reason} <span class="quiet">${one.by} · ${moment(one.at)}</span></li>`)}</ul>`)}</${Once}>
            </${Card}>
    </${Page}>`;
}

const columns = () => [
    { name: 'label', title: t('device'), cell: row => html`<a href=${href('gaps',
        [row.device_id])}>${row.label}</a> <span class="quiet">#${row.device_id}</span>` },
    { name: 'reader', width: 120, title: t('reader'), cell: row => row.reader_name },
    { name: 'missing', width: 260, title: t('gap.missing'), cell: row => html`<b class="bad">${count(row.missing_seqs.length + row.more_missing)}</b> <span class="quiet number">${ranges(row.missing_seqs.slice(0, 12))}</span>` },
    { name: 'broken', width: 110, kind: 'figure', title: t('gap.chain'), cell: row => count(row.broken_seqs.length) },
    { name: 'since', width: 152, title: t('gap.since'), cell: row => moment(row.missing_since) },
    { name: 'seen', width: 152, title: t('device.last_seen'), cell: row => moment(row.last_seen_at) },
    may('explain_gaps') && { name: 'act', width: 90, title: '', cell: row => (row.missing_seqs.length ? html`<button type="button" class="bare"
        onClick=${() => openDialog(Explain, { of: row })}>${t('gap.explain')}</button>` : '') },
];
const photoColumns = () => [
    { name: 'point', width: 130, title: t('point'), cell: row => html`<a class="number" href=${href('points',
        [row.service_point_id])}>#${row.service_point_id}</a>` },
    { name: 'reader', width: 120, title: t('reader'), cell: row => readerName(row.reader_id) },
    { name: 'device', width: 90, title: t('device'), cell: row => html`<a href=${href('gaps', [row.device_id])}>#${row.device_id}</a>` },
    { name: 'since', width: 110, title: t('gap.since'), cell: row => day(row.since) },
    { name: 'photo', title: 'SHA-256', cell: row => html`<code>${row.sha256.slice(0, 16)}…</code>` },
];

export function Gaps({ route }) {
    if (route.args[0]) return html`<${One} id=${route.args[0]} />`;
    const isPhotos = route.query.list === 'photos';
    const shown = isPhotos ? answer(path('/v1/photos/missing', { after: after(), limit: ROWS }), { slot: 'photos' }) : answer(path('/v1/gaps',
        { after: after(), limit: ROWS }), { slot: 'gaps', every: 20_000 });
    state.keys = pageKeys(shown.body?.next_after);
    return html`<${Page} title=${t('page.gaps')} about=${t('gaps.about')} wide>
        <div class="filters"><${Tabs} name="list" label=${t('decide.list')} value=${isPhotos ? 'photos' : 'gaps'}
            options=${['gaps', 'photos'].map(code => [code, t(`waits.${code}`)])} /></div>
        ${isPhotos ? html`<${Table} of=${shown} columns=${photoColumns()} caption=${t('waits.photos')} nothing=${t('photos.none')} />`
            : html`<${Table} of=${shown} columns=${columns()} id=${row => row.device_id} caption=${t('page.gaps')}
                nothing=${t('gaps.none')} open=${row => go('gaps', [row.device_id])} />`}
    </${Page}>`;
}
