// The month as the regulation sees it: the 20th–25th of R-20, the 22nd–23rd of R-6 and its exceptions, who is away, what is promised.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer, path } from '../answers.js';
import { dayOf, hour, lastDay, monthName, plusDays, plusMonths, weekday } from '../format.js';
import { Confirm, Dialog, Reason, closeDialog, openDialog } from '../frame/dialog.js';
import { Card, Field, Mark, Once, Page } from '../frame/parts.js';
import { readerName, readers } from '../names.js';
import { may } from '../rights.js';
import { filter, href } from '../route.js';
import { state } from '../state.js';
import { thisMonth, today } from '../today.js';

/** Slips and collection (R-20): from the 20th to the 25th. */
const COLLECTION = { from: '20', until: '26' };

function Exception({ month, window }) {
    const make = async form => {
        const request = { from_day: form.from, until_day: plusDays(form.last, 1), reason: form.reason };
        if (await act('POST', `/v1/periods/${month}/window`, request, { renews: ['/v1/periods', '/v1/coverage'] })) closeDialog();
    };
    return html`<${Dialog} title=${t('window.title', { month: monthName(month) })} action=${t('window.set')} onSubmit=${make}>
        <p class="help">${t('window.help')}</p>
        <div class="pair"><${Field} label=${t('first_day')}><input type="date" name="from" value=${window.from_day} min=${`${month}-01`} required />
            </${Field}><${Field} label=${t('last_day')}><input type="date" name="last" value=${lastDay(window.until_day)} required /></${Field}></div>
            <${Reason} /></${Dialog}>`;
}

function Absent() {
    const write = async form => {
        const request = { from_day: form.from, until_day: plusDays(form.last, 1), reason: form.reason };
        if (await act('POST', `/v1/readers/${form.reader}/absences`, request, { renews: ['/v1/absences'] })) closeDialog();
    };
    return html`<${Dialog} title=${t('absence.title')} action=${t('absence.write')} onSubmit=${write}><${Field} label=${t('reader')}>
        <select name="reader" required autofocus><option value="">${t('choose')}</option>${readers().map(reader => html`<option key=${reader.id}
        value=${reader.id}>${reader.name}</option>`)}</select></${Field}>
        <div class="pair"><${Field} label=${t('first_day')}><input type="date" name="from" value=${today()} required /></${Field}><${Field}
            label=${t('last_day')}><input type="date" name="last" value=${today()} required /></${Field}></div><${Reason} /></${Dialog}>`;
}

const back = one => openDialog(Confirm,
    { title: t('absence.withdraw'), about: `${readerName(one.reader_id)} · ${one.from_day} – ${lastDay(one.until_day)}`, action: t('absence.withdraw'), onConfirm: () => act('POST', `/v1/absences/${one.id}/withdraw`, undefined,
    { renews: ['/v1/absences'] }) });

/** The weeks of a month, Monday first. */
function weeks(month) {
    const first = `${month}-01`;
    const lead = (new Date(`${first}T00:00:00Z`).getUTCDay() + 6) % 7;
    const begin = plusDays(first, -lead);
    const after = `${plusMonths(month, 1)}-01`;
    const found = [];
    for (let week = begin; week < after; week = plusDays(week, 7)) found.push(Array.from({ length: 7 }, (_, at) => plusDays(week, at)));
    return found;
}

const MOST_SHOWN = 4;

function Day({ iso, month, window, absences, promises }) {
    const inWindow = window && iso >= window.from_day && iso < window.until_day;
    const inCollection = iso >= `${month}-${COLLECTION.from}` && iso < `${month}-${COLLECTION.until}`;
    const away = absences.filter(one => iso >= one.from_day && iso < one.until_day);
    const promised = promises.filter(one => dayOf(one.from_at) === iso);
    const kinds = [iso.startsWith(month) ? '' : 'other', inWindow ? 'window' : inCollection ? 'collection' : '', iso === today() ? 'today' : ''].join(' ');
    return html`<td class=${kinds}><a class="day" href=${href('daily', [], { day: iso })}>${Number(iso.slice(8))}</a>
        ${inWindow ? html`<span class="tag window">${t('calendar.reading')}</span>` : inCollection
            ? html`<span class="tag">${t('calendar.collection')}</span>` : ''}
        ${away.map(one => html`<span key=${`a${one.id}`} class="tag away">${readerName(one.reader_id)} ${t('calendar.away')}</span>`)}
        ${promised.slice(0, MOST_SHOWN).map(one => html`<a key=${one.id} class="tag promise" href=${href('points',
            [one.service_point_id])}>${hour(one.from_at)} ${one.service_point_number}</a>`)}
        ${promised.length > MOST_SHOWN ? html`<span class="tag">${t('more', { n: promised.length - MOST_SHOWN })}</span>` : ''}</td>`;
}

export function Calendar({ route }) {
    const month = route.query.month ?? thisMonth();
    const window = answer(`/v1/periods/${month}/window`, { slot: 'window' });
    const absences = answer(path('/v1/absences', { since: `${month}-01`, limit: 500 }),
        { slot: 'absences' }).body?.items.filter(one => !one.withdrawn_at) ?? [];
    const promises = answer(path('/v1/appointments', { since: `${month}-01`, limit: 500 }),
        { slot: 'promises' }).body?.items.filter(one => !one.withdrawn_at) ?? [];
    const rows = weeks(month);
    state.keys = { ArrowLeft: () => filter({ month: plusMonths(month, -1) }), ArrowRight: () => filter({ month: plusMonths(month, 1) }) };
    return html`<${Page} title=${monthName(month)} about=${t('calendar.about')} wide tools=${html`<a class="button" href=${href('calendar',
        [], { month: plusMonths(month, -1) })}>← ${t('calendar.before')}</a><a class="button" href=${href('calendar')}>${t('calendar.now')}</a>
        <a class="button" href=${href('calendar', [], { month: plusMonths(month, 1) })}>${t('calendar.after')} →</a>`}>
        <div class="columns uneven"><table class="calendar"><caption class="unseen-text">${monthName(month)}</caption><thead>
            <tr>${rows[0].map(iso => html`<th key=${iso} scope="col">${weekday(iso)}</th>`)}</tr></thead>
            <tbody>${rows.map(week => html`<tr key=${week[0]}>${week.map(iso => html`<${Day} key=${iso} iso=${iso} month=${month} window=${window.body} absences=${absences} promises=${promises} />`)}</tr>`)}</tbody></table>
        <div><${Card} title=${t('calendar.window')} id="window"><${Once} of=${window} lines=${3}>${body => html`<p class="big">
            <b>${body.from_day.slice(5)} – ${lastDay(body.until_day).slice(5)}</b></p>
            ${body.is_exception ? html`<p><${Mark} kind="amber">${t('window.exception')}</${Mark}> ${body.reason}</p>`
                : html`<p class="quiet">${t('window.usual')}</p>`}
            ${may('set_window') ? html`<button type="button" onClick=${() => openDialog(Exception,
                { month, window: body })}>${t('window.change')}</button>` : ''}`}</${Once}></${Card}>
        <${Card} title=${t('calendar.collection_window')} id="collection"><p class="big"><b>${month.slice(5)}-20 – ${month.slice(5)}-25</b></p>
            <p class="quiet">${t('calendar.collection_help')}</p></${Card}>
        <${Card} title=${t('absence.list')} id="absences" tools=${may('create_absence') ? html`<button type="button" class="bare"
            onClick=${() => openDialog(Absent)}>${t('absence.title')}</button>` : ''}><ul class="stack">
            ${absences.map(one => html`<li key=${one.id}>
                <b>${readerName(one.reader_id)}</b> ${one.from_day} – ${lastDay(one.until_day)}<span class="line quiet">${one.reason}</span>${may('create_absence')
                ? html`<button type="button" class="bare" onClick=${() => back(one)}>${t('absence.withdraw')}</button>` : ''}</li>`)}
            ${absences.length === 0 ? html`<li class="quiet">${t('absence.none')}</li>` : ''}</ul></${Card}></div></div>
    </${Page}>`;
}
