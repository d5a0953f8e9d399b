// The periods of a month: whether they are final and closed, closing them, and what is known since (R-9, R-11).
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer } from '../answers.js';
import { count, moment, percent, periodOf } from '../format.js';
import { Dialog, closeDialog, openDialog } from '../frame/dialog.js';
import { Field, Mark, Once } from '../frame/parts.js';
import { may } from '../rights.js';
import { href } from '../route.js';

/** Closing freezes the figures; over missing records only with somebody's word. */
function Close({ period }) {
    const close = async form => {
        const request = form.by || form.reason ? { gaps_accepted_by: form.by || undefined, reason: form.reason || undefined } : {};
        if (await act('POST', `/v1/periods/${period}/close`, request, { renews: ['/v1/periods', '/v1/reports', '/v1/coverage'] })) closeDialog();
    };
    return html`<${Dialog} title=${t('period.close_title', { period })} action=${t('period.close')} danger onSubmit=${close}>
        <p>${t('period.close_about')}</p><${Field} label=${t('period.accepted_by')}><input name="by" maxlength="100" /></${Field}>
        <label class="field"><span>${t('dialog.reason')}</span><textarea name="reason" rows="2" maxlength="1000"></textarea></label></${Dialog}>`;
}

/** The published figures beside those that would hold now; only where they differ. */
function Restated({ period }) {
    const report = answer(`/v1/periods/${period}/restated`).body;
    const lines = report?.lines.filter(line => line.published_seen !== line.restated_seen || line.published_denominator !== line.restated_denominator) ?? [];
    if (!report) return '';
    if (lines.length === 0) return html`<span class="quiet">${t('period.unchanged')}</span>`;
    return html`<ul class="stack">${lines.map(line => html`<li key=${line.class}>${t(`class.${line.class}`)}: ${count(line.published_seen)}/${count(line.published_denominator)} ${percent(line.published_bp)} → <b>${count(line.restated_seen)}/${count(line.restated_denominator)} ${percent(line.restated_bp)}</b>
        </li>`)}</ul>`;
}

function Row({ entry }) {
    const isClosed = entry.state === 'closed';
    const mayClose = !isClosed && may('close_period') && (entry.phase === 'final' || entry.phase === 'provisional');
    return html`<tr><th scope="row">${entry.period}</th><td>
        <${Mark} kind=${isClosed ? 'green' : entry.phase === 'final' ? 'amber' : ''}>${isClosed ? t('period.closed') : t(`phase.${entry.phase}`)}</${Mark}></td>
        <td>${isClosed ? html`${moment(entry.closed_at)} ${entry.gaps_accepted_by ? html`<span class="quiet">${t('period.by',
            { by: entry.gaps_accepted_by, reason: entry.reason ?? '' })}</span>` : ''}` : t('period.final_at', { at: moment(entry.final_at) })}</td>
        <td>${isClosed ? entry.version ? html`${t('period.proved')} <code
            title=${entry.population_hash}>${entry.population_hash?.slice(0, 12)}…</code>` : t('period.proving')
            : html`<a href=${href('gaps')}>${t('page.gaps')}</a> · <a href=${href('decide', [], { list: 'times' })}>${t('waits.times')}</a>`}</td>
        <td>${isClosed ? html`<${Restated} period=${entry.period} />` : ''}</td>
        <td class="figure">${mayClose ? html`<button type="button" onClick=${() => openDialog(Close,
            { period: entry.period })}>${t('period.close')}</button>` : ''}</td></tr>`;
}

const HEADS = ['period', 'case.state', 'period.when', 'period.proof', 'period.since', 'actions'];

export function Periods({ month }) {
    const list = answer('/v1/periods?limit=500', { every: 30_000 });
    const wanted = new Set([month, periodOf(month, 'residential_indoor')]);
    return html`<${Once} of=${list} lines=${2}>${body => html`<div class="rows" tabindex="0" role="region" aria-label=${t('period.list')}>
        <table class="plain"><caption class="unseen-text">${t('period.list')}</caption>
        <thead><tr>${HEADS.map(key => html`<th key=${key} scope="col">${t(key)}</th>`)}</tr></thead>
        <tbody>${body.items.filter(entry => wanted.has(entry.period)).map(entry => html`<${Row} key=${entry.period} entry=${entry} />`)}</tbody>
            </table></div>`}</${Once}>`;
}
