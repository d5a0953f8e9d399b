// Integrity evidence (R-3): what is noticeable about readers' entries, always as reasons to look again, never as a finding about a person;
// and the blind re-read lists drawn from it.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer, path } from '../answers.js';
import { count, moment, percent, plusDays } from '../format.js';
import { Dialog, Reason, closeDialog, openDialog } from '../frame/dialog.js';
import { Card, Field, Mark, Nothing, Once, Page } from '../frame/parts.js';
import { Table } from '../frame/table.js';
import { readerName, readers } from '../names.js';
import { filter, go, href } from '../route.js';
import { today } from '../today.js';

function Draw({ reader, from, until }) {
    const draw = async form => {
        const request = { reader_id: Number(form.reader), from, until, faulty_bp: Math.round(Number(form.faulty) * 100), detection_bp: Math.round(Number(form.detection) * 100), reason: form.reason };
        const list = await act('POST', '/v1/integrity/rereads', request, { renews: ['/v1/integrity'] });
        if (!list) return;
        closeDialog();
        go('integrity', [list.id]);
    };
    return html`<${Dialog} title=${t('reread.draw')} action=${t('reread.draw')} onSubmit=${draw}><p class="help">${t('reread.help')}</p><${Field}
        label=${t('reader')}><select name="reader" required><option value="">${t('choose')}</option>${readers().map(one => html`<option key=${one.id}
        value=${one.id} selected=${one.id === reader}>${one.name}</option>`)}</select></${Field}>
        <div class="pair"><${Field} label=${t('reread.faulty')}><input type="number" name="faulty" min="0.01" max="100" step="0.01"
            value="5" required /></${Field}><${Field} label=${t('reread.detection')}>
            <input type="number" name="detection" min="0.01" max="99.99" step="0.01" value="95" required /></${Field}></div><${Reason} />
            </${Dialog}>`;
}

function List({ id }) {
    const list = answer(`/v1/integrity/rereads/${id}`);
    const body = list.body;
    const columns = [
        { name: 'position', width: 60, kind: 'figure', title: '#', cell: row => row.position },
        { name: 'point', title: t('point'), cell: row => html`<a class="number" href=${href('points',
            [row.service_point_id])}>${row.service_point_number}</a>` },
        { name: 'done', width: 160, title: t('reread.done'), cell: row => html`<${Mark} kind=${row.is_reread ? 'green' : ''}>${t(row.is_reread ? 'reread.yes' : 'reread.not_yet')}</${Mark}>` },
    ];
    return html`<${Page} title=${t('reread.title', { id })} about=${body ? t('reread.about',
        { reader: readerName(body.reader_id), from: body.from, until: body.until, n: body.items.length, of: count(body.population), detection: percent(body.detection_bp), faulty: count(body.assumed_faulty) }) : ' '}
        tools=${html`<a class="button" href=${href('integrity')}>${t('page.integrity')}</a>`}>
        ${body ? html`<p class="quiet">${body.reason} · ${t('reread.seed')} <code>${body.seed}</code> · ${moment(body.made_at)}</p>` : ''}<${Table}
            of=${list} columns=${columns} id=${row => row.position} caption=${t('reread.title', { id })} next=${null} /></${Page}>`;
}

export function Integrity({ route }) {
    if (route.args[0]) return html`<${List} id=${route.args[0]} />`;
    const from = route.query.from ?? plusDays(today(), -30);
    const until = route.query.until ?? today();
    const report = answer(path('/v1/integrity', { from, until }), { slot: 'integrity' });
    const drawn = answer('/v1/integrity/rereads?limit=100');
    const columns = [
        { name: 'reader', width: 140, title: t('reader'), cell: row => row.name },
        { name: 'entries', width: 90, kind: 'figure', title: t('integrity.entries'), cell: row => count(row.entries) },
        { name: 'signs', title: t('integrity.signs'), cell: row => (row.signs.length === 0
            ? html`<span class="quiet">${t('integrity.nothing')}</span>`
            : html`<ul class="stack">${row.signs.map(sign => html`<li key=${sign.code}>${sign.reason} <span class="quiet">${count(sign.count)} / ${count(sign.of)}</span>
            </li>`)}</ul>`) },
        { name: 'act', width: 140, title: '', cell: row => html`<button type="button" class="bare" onClick=${() => openDialog(Draw,
            { reader: row.reader_id, from, until })}>${t('reread.draw')}</button>` },
    ];
    return html`<${Page} title=${t('page.integrity')} about=${report.body?.note ?? ' '} wide>
        <div class="filters"><label class="choose"><span>${t('from')}</span><input type="date" value=${from}
            onChange=${event => filter({ from: event.target.value })} /></label><label class="choose"><span>${t('until')}</span><input type="date"
            value=${until} max=${today()} onChange=${event => filter({ until: event.target.value })} /></label></div>
        <${Table} of=${report} columns=${columns} id=${row => row.reader_id} caption=${t('page.integrity')} next=${null} />
        <${Card} title=${t('reread.list')} id="drawn"><${Once} of=${drawn} lines=${2}>${body => (body.items.length === 0 ? html`<${Nothing} />`
            : html`<ul class="stack">${body.items.toReversed().map(one => html`<li key=${one.id}><a href=${href('integrity',
            [one.id])}>#${one.id} ${readerName(one.reader_id)}</a> <span class="quiet">${one.from} – ${one.until} · ${one.reason}</span>
            </li>`)}</ul>`)}</${Once}></${Card}>
    </${Page}>`;
}
