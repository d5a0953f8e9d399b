// Appraisal (R-13, R-40, R-41): the facts of each reader's month, what each cost, the objection and its answer.
import { html } from '/assets/lib/html.js';
import { both, currentLanguage, t } from '/assets/lib/texts.js';
import { act, answer, download, path } from '../answers.js';
import { count, moment, monthName, percent, plusMonths } from '../format.js';
import { Confirm, Dialog, Reason, closeDialog, openDialog } from '../frame/dialog.js';
import { Card, Facts, Mark, Nothing, Page } from '../frame/parts.js';
import { Table } from '../frame/table.js';
import { may } from '../rights.js';
import { filter, href } from '../route.js';
import { thisMonth, today } from '../today.js';

const RENEWS = ['/v1/appraisals'];
/** Marks are kept in tenths. */
const marks = tenths => (tenths === undefined ? '—' : `${tenths < 0 ? '−' : ''}${Math.floor(Math.abs(tenths) / 10)}.${Math.abs(tenths) % 10}`);
const STANDING = { published: 'green', objected: 'amber', overdue: 'red', answered: 'green', settled: 'green' };

function Answer({ of }) {
    const named = of.objection_deductions.length ? of.deductions.filter(one => of.objection_deductions.includes(one.number)) : of.deductions;
    const reply = async form => {
        const withdrawn = named.filter(one => form[`take_${one.number}`] === 'on').map(one => one.number);
        if (await act('POST', `/v1/appraisals/${of.month}/${of.reader_id}/answer`, { reason: form.reason, withdrawn },
            { renews: RENEWS })) closeDialog();
    };
    return html`<${Dialog} title=${t('appraisal.answer_title', { reader: of.reader_name })} action=${t('appraisal.answer')} onSubmit=${reply} wide>
        <blockquote>${of.objection_reason}</blockquote><p class="quiet">${t('appraisal.answer_until', { at: moment(of.answer_until) })}</p>
        <fieldset><legend>${t('appraisal.take_back')}</legend>${named.map(one => html`<label key=${one.number} class="tick">
            <input type="checkbox" name=${`take_${one.number}`} /> ${one.number}. ${both({ zh: one.detail_zh, en: one.detail_en })} (${marks(one.marks)})</label>`)}</fieldset>
            <${Reason} /></${Dialog}>`;
}

function One({ of }) {
    return html`<${Card} title=${`${of.reader_name} · ${monthName(of.month)}`} id="one"
        tools=${may('answer_objection') && (of.state === 'objected' || of.state === 'overdue') && of.objected_at && !of.answered_at
        ? html`<button type="button" class="main" onClick=${() => openDialog(Answer, { of })}>${t('appraisal.answer')}</button>` : ''}>
        <${Facts} rows=${[[t('appraisal.marks'), html`<b>${marks(of.marks_now)}</b>${of.marks_now === of.marks ? '' : ` (${marks(of.marks)})`}`],
            [t('case.state'), t(`appraisal_state.${of.state}`)], [t('appraisal.attempts'), `${count(of.attempts_proven)} / ${count(of.attempts)}`],
            [t('coverage.on_time'), `${count(of.commercial_on_time)} / ${count(of.commercial_read)}`],
            [t('appraisal.misentries'), count(of.misentries)], [t('appraisal.late'), count(of.late_corrections)],
                [t('coverage.missing'), count(of.missing_records)], of.objection_until && [t('appraisal.object_until'), moment(of.objection_until)]]} />
        <table class="plain"><thead><tr><th scope="col">${t('class')}</th><th scope="col">${t('period')}</th>
            <th scope="col" class="figure">${t('coverage.rate')}</th><th scope="col" class="figure">${t('appraisal.expected')}</th>
            <th scope="col" class="figure">${t('appraisal.shortfall')}</th><th scope="col" class="figure">D</th></tr></thead>
            <tbody>${of.coverage.map((line, at) => html`<tr key=${at}><th scope="row">${t(`class.${line.class}`)}</th><td>${line.period}</td>
                <td class="figure">${percent(line.rate_bp)}</td><td class="figure">${percent(line.expected_bp)}</td>
                <td class="figure">${percent(line.shortfall_bp)}</td><td class="figure">${count(line.denominator)}</td></tr>`)}</tbody></table>
        ${of.objection_reason ? html`<h3>${t('appraisal.objection')}</h3><blockquote>${of.objection_reason}</blockquote>` : ''}${of.answer_reason
            ? html`<h3>${t('appraisal.answered')}</h3><blockquote>${of.answer_reason}</blockquote>` : ''}
        <h3>${t('appraisal.deductions')}</h3>${of.deductions.length === 0 ? html`<${Nothing} />`
            : html`<ol class="stack scroll">${of.deductions.map(one => html`<li key=${one.number} class=${of.withdrawn.includes(one.number) ? 'gone' : ''}>
            <${Mark} kind=${one.marks ? 'red' : ''}>−${marks(one.marks)}</${Mark}> ${both({ zh: one.detail_zh, en: one.detail_en })}${' '}
            <span class="quiet">${t(`deduction.${one.kind}`)}${one.at ? ` · ${moment(one.at)}` : ''}</span>${one.service_point_number
                ? html` <a class="number" href=${href('points',
                [], { search: one.service_point_number })}>${one.service_point_number}</a>` : ''}</li>`)}</ol>`}</${Card}>`;
}

const columns = month => [
    { name: 'reader', title: t('reader'), cell: of => html`<a href=${href('appraisals',
        [], { month, reader: of.reader_id })}>${of.reader_name}</a>` },
    { name: 'state', width: 84, title: t('case.state'), cell: of => html`<${Mark} kind=${STANDING[of.state] ?? ''}>${t(`appraisal_state.${of.state}`)}</${Mark}>${of.answer_overdue
        ? html` <${Mark} kind="red">${t('case.overdue')}</${Mark}>` : ''}` },
    { name: 'marks', width: 66, kind: 'figure', title: t('appraisal.marks'), cell: of => html`<b>${marks(of.marks_now)}</b>` },
    { name: 'deductions', width: 66, kind: 'figure', title: t('appraisal.deductions'), cell: of => count(of.deductions.length) },
    { name: 'misentries', width: 86, kind: 'figure', title: t('appraisal.misentries'), cell: of => count(of.misentries) },
    { name: 'late', width: 86, kind: 'figure', title: t('appraisal.late'), cell: of => count(of.late_corrections) },
    { name: 'missing', width: 66, kind: 'figure', title: t('coverage.missing'), cell: of => count(of.missing_records) },
];

export function Appraisals({ route }) {
    const month = route.query.month ?? plusMonths(thisMonth(), -1);
    const list = answer(path('/v1/appraisals', { month, limit: 500 }), { slot: 'appraisals' });
    const months = Array.from({ length: 13 }, (_, at) => plusMonths(today().slice(0, 7), -at));
    const current = Number(route.query.reader) || list.body?.items[0]?.reader_id;
    const one = list.body?.items.find(of => of.reader_id === current);
    const drafts = list.body?.items.some(of => of.state === 'draft');
    const publish = () => openDialog(Confirm, { title: t('appraisal.publish'), about: t('appraisal.publish_about',
        { month: monthName(month) }), action: t('appraisal.publish'), onConfirm: () => act('POST', `/v1/appraisals/${month}/publish`, undefined,
        { renews: RENEWS }) });
    const file = format => download(path('/v1/appraisals/file', { month, format, lang: currentLanguage() }), `appraisals-${month}.${format}`);
    return html`<${Page} title=${t('page.appraisals')} about=${t('appraisal.about')} wide tools=${html`<label class="choose">
        <span class="unseen-text">${t('month')}</span><select
        onChange=${event => filter({ month: event.target.value, reader: '' })}>${months.map(value => html`<option key=${value}
        value=${value} selected=${value === month}>${monthName(value)}</option>`)}</select></label>
        <button type="button" onClick=${() => file('xlsx')}>XLSX</button>${drafts && may('publish_appraisals')
            ? html`<button type="button" class="main" onClick=${publish}>${t('appraisal.publish')}</button>` : ''}<button type="button"
            onClick=${() => print()}>${t('print')}</button>`}>
        <div class="split"><div class="list"><${Table} of=${list} columns=${columns(month)} id=${of => of.reader_id} current=${current}
            caption=${t('page.appraisals')} next=${null} kind="dense" open=${of => filter({ reader: of.reader_id })} /></div><aside class="side"
            aria-label=${t('appraisal.one')}>${one ? html`<${One} of=${one} />` : ''}</aside></div>
    </${Page}>`;
}
