// All a person looks at before deciding: the reason, the history with its band, the arithmetic, photos, events, and what was done.
import { html } from '/assets/lib/html.js';
import { both, t } from '/assets/lib/texts.js';
import { answer, photo } from '../../answers.js';
import { HistoryChart } from '../../charts/history.js';
import { moment, percent, volume } from '../../format.js';
import { Facts, Mark, Once } from '../../frame/parts.js';
import { readerName } from '../../names.js';
import { may } from '../../rights.js';
import { href } from '../../route.js';
import { named } from '../../words.js';
import { MOVES, assign, decide } from './decide.js';

const KEYS = { confirmed: 'c', dismissed: 'd', in_work: 'w', resolved: 'r' };

/** The three-figure arithmetic of DOMAIN 4, as it was reckoned. */
export const Sums = ({ sums }) => (sums.length === 0 ? '' : html`<h3>${t('evidence.sums')}</h3>
    <ul class="sums">${sums.map(sum => html`<li key=${sum.identity}>
    <${Mark} kind=${sum.holds === undefined ? '' : sum.holds ? 'green' : 'red'}>${sum.identity.toUpperCase()} ${sum.holds === undefined ? '?' : sum.holds ? '✓' : '✗'}</${Mark}>
        <code>${sum.text}</code></li>`)}</ul>`);

export function Photos({ photos }) {
    if (photos.length === 0) return '';
    return html`<h3>${t('evidence.photos')}</h3><div class="photos">${photos.map(({ sha256, has_arrived: hasArrived }) => {
        if (!hasArrived) return html`<span key=${sha256} class="photo quiet">${t('photo.owed')}</span>`;
        const { url, gone } = photo(sha256);
        if (gone) return html`<span key=${sha256} class="photo quiet">${t('photo.unseen')}</span>`;
        return html`<span key=${sha256} class="photo">${url ? html`<img src=${url} alt=${t('photo.of_dial')} />` : ''}</span>`;
    })}</div>`;
}

const subject = event => (event.what === 'case' ? html`<a href=${href('case',
    [event.subject])}>#${event.subject}</a>` : event.what === 'installed' || event.what === 'removed' ? event.subject : '');
/** An event's word may be a code of ours. */
const detail = event => {
    if (event.what === 'attempt') return named('attempt', event.detail);
    if (event.what === 'case') return event.detail.split(' ').map((word, at) => named(at ? 'state' : 'rule', word.replace(',', ''))).join(' · ');
    return event.what === 'purchase' ? `${event.detail} m³` : '';
};

export const Events = ({ events }) => (events.length === 0 ? '' : html`<h3>${t('evidence.events')}</h3>
    <ol class="events">${events.toReversed().slice(0, 40).map((event, at) => html`<li key=${at}>
    <time datetime=${event.at}>${moment(event.at)}</time> <b>${named('event', event.what)}</b> ${subject(event)} <span class="quiet">${detail(event)}</span>
        </li>`)}</ol>`);

const Moves = ({ moves }) => html`<h3>${t('case.moves')}</h3>${moves.length === 0 ? html`<p class="quiet">${t('case.no_moves')}</p>`
    : html`<ol class="events">${moves.toReversed().map((move, at) => html`<li key=${at}>
    <time datetime=${move.at}>${moment(move.at)}</time> <b>${move.from === move.to ? t('case.noted') : `${t(`state.${move.from}`)} → ${t(`state.${move.to}`)}`}</b>
    ${move.outcome ? html`<${Mark}>${outcomeText(move.outcome)}</${Mark}>` : ''} ${move.error_bp === undefined ? '' : percent(move.error_bp)}
    <span>${move.reason}</span> <span class="quiet">${move.by_name ?? t('case.by_rule')}</span></li>`)}</ol>`}`;

const outcomeText = code => answer('/v1/case-outcomes').body?.items.find(one => one.code === code)?.text ?? code;

export function Actions({ one, onMove }) {
    if (!may('decide_case')) return '';
    const move = to => (onMove ? onMove(to) : decide([one], to));
    return html`<div class="actions">${MOVES[one.state].map(to => html`<button key=${to} type="button" class=${to === 'confirmed' || to === 'resolved' ? 'main' : ''}
        onClick=${() => move(to)}>${t(`decide.${to}`)} <kbd>${KEYS[to]}</kbd></button>`)}
        <button type="button" onClick=${() => assign([one])}>${t('decide.assign')} <kbd>a</kbd></button></div>`;
}

/** One case. `onMove` lets a list go on to its next. */
export function CaseFile({ id, onMove, full = false }) {
    const file = answer(`/v1/cases/${id}`);
    const evidence = answer(`/v1/cases/${id}/evidence`);
    const rules = answer('/v1/rules').body?.items ?? [];
    return html`<${Once} of=${file} lines=${10}>${({ case: one, findings, moves }) => {
        const rule = rules.find(entry => entry.code === one.rule);
        return html`<article class="file">
            <p class="line">
                <${Mark} kind=${`kind-${one.kind}`}>${t(`kind.${one.kind}`)}</${Mark}> <${Mark} kind=${`state-${one.state}`}>${t(`state.${one.state}`)}</${Mark}>
                ${one.is_overdue ? html`<${Mark} kind="red">${t('case.overdue')}</${Mark}>` : ''} <a class="quiet" href=${href('case',
                    [one.id])}>#${one.id}</a></p>
            <h2>${both({ zh: one.reason_zh, en: one.reason_en })}</h2>
            <${Actions} one=${one} onMove=${onMove} />
            <${Facts} rows=${[
                [t('meter'), html`<a class="number" href=${href('meters', [one.meter_id])}>${one.meter_number}</a>`],
                [t('point'), html`<a class="number" href=${href('points', [one.service_point_id])}>${one.service_point_number}</a>`],
                [t('class'), t(`class.${one.class}`)], [t('area'), one.area_path], [t('route'), one.route_code],
                [t('case.stake'), one.stake === undefined || one.stake === null ? '—' : html`<b>${volume(one.stake)}</b> m³`],
                    [t('case.read'), moment(one.observed_at)], [t('reader'), readerName(one.reader_id)],
                [t('case.rule'), html`<a href=${href('rules', [], { rule: one.rule })}>${named('rule', one.rule)}</a>`],
                one.outcome && [t('case.outcome'), outcomeText(one.outcome)], one.due_at && [t('case.due'), moment(one.due_at)],
            ]} />
            ${rule ? html`<p class="help"><b>${t('case.what_to_do')}</b> ${rule.help}</p>` : ''}
            <${Once} of=${evidence} lines=${8}>${body => html`<h3>${t('evidence.history')}</h3>
                <${HistoryChart} history=${body.history} peers=${body.peers} marked=${findings.map(finding => finding.record_id)} table=${full} narrow=${!full} />
                <${Sums} sums=${body.sums} /><${Photos} photos=${body.photos} /><${Events} events=${body.events} />`}</${Once}>
            ${findings.length > 1 ? html`<h3>${t('case.findings')}</h3><ol class="events">${findings.map((finding, at) => html`<li key=${at}>
                <time>${moment(finding.observed_at)}</time> ${both({ zh: finding.reason_zh, en: finding.reason_en })}</li>`)}</ol>` : ''}
            <${Moves} moves=${moves} />
        </article>`;
    }}</${Once}>`;
}
