// One stop: which meter it is, how to get to it, what can be done, what was noted.
import { html } from '/assets/lib/html.js';
import { both, t } from '/assets/lib/texts.js';
import { shown } from '../dial.js';
import { Screen, agreed, hour, link } from '../frame.js';
import { findStop, standings } from '../progress.js';
import { state } from '../state.js';
import { Number_, nextStop } from './stops.js';

/** A code of a list of the catalogue, for a person. */
export const codeText = (list, code) => both(state.catalogue?.lists.find(one => one.name === list)?.codes.find(row => row.code === code)) || code;

/** A record in one line. */
export function said(record, meter) {
    const { item } = record;
    if (item.attempt_code) return codeText('attempt', item.attempt_code);
    if (item.hazard_code) return codeText('hazard', item.hazard_code);
    if (item.found_code) return codeText('found', item.found_code);
    if (item.notice_code) return t(`notice.${item.notice_code}`);
    if (item.slip_code) return t(`slip.${item.slip_code}`);
    const figures = [
        item.index !== undefined && meter ? shown('dial', item.index, meter) : shown('volume', item.index),
        shown('volume', item.cumulative), shown(meter?.balance_unit ?? 'volume', item.balance),
    ];
    return figures.filter(Boolean).join(' / ');
}

export const outcomeWords = record => (record.owed ? t('outcome.owed') : t(`outcome.${record.outcome ?? 'accepted'}`));

/** Records of a stop, newest first. */
export const recordsOf = stop => [...state.records.values()].filter(record => record.stop === stop.id).sort((one, two) => two.seq - one.seq);

export function RecordRow({ record, meter }) {
    const tone = record.owed ? 'warn' : record.outcome === 'rejected' || record.outcome === 'conflict' ? 'bad' : 'good';
    return html`<a class=${`card ${tone}`} href=${link('record', record.id)}>
        <b>${t(`kind.${record.kind}`)}</b> ${said(record, meter)}<br />
        <span class="quiet">#${record.seq} · ${hour(record.made_at)} · ${outcomeWords(record)}</span></a>`;
}

function Facts({ stop }) {
    const { meter } = stop;
    const old = meter?.years_in_service >= 10;
    const rows = [
        [t('stop.customer'), stop.customer_name], [t('stop.point'), stop.service_point_number], [t('stop.class'), t(`class.${stop.class}`)],
        [t('stop.type'), meter?.type_code], [t('stop.inlet'), meter?.inlet_side && t(`side.${meter.inlet_side}`)],
        [t('stop.years'), meter?.years_in_service !== undefined && html`<span class=${old ? 'bad-ink' : ''}>${t('stop.n_years', { n: meter.years_in_service })}${old ? ` · ${t('stop.over_age')}` : ''}</span>`],
    ];
    return html`<dl>${rows.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

export function Stop({ args: [id] }) {
    const found = findStop(id);
    if (!found) return html`<${Screen} title=${t('round.gone')} back=${link('today')}><p>${t('round.gone_help')}</p><//>`;
    const { round, stop } = found;
    const standing = standings()(stop);
    const own = recordsOf(stop);
    const next = nextStop(stop.id);
    return html`<${Screen} title=${stop.address ?? stop.service_point_number} back=${link('round', round.id)}>
        <p class="who"><span>${t('stop.meter')} ${stop.meter ? html`<${Number_} number=${stop.meter.number} />` : t('stop.no_meter')}</span><span class=${`mark ${standing} fit`}>${t(`standing.${standing}`)}</span></p>
        <p class="where">${stop.address}</p>
        ${stop.appointments ? html`<p class="card warn"><b>${t('stop.promised')}</b> ${stop.appointments.map(agreed).join(' / ')}</p>` : ''}
        ${stop.access_note ? html`<p class="card warn"><b>${t('stop.access')}</b> ${stop.access_note}</p>` : ''}
        <${Facts} stop=${stop} />
        <div class="stack">
            <div class="row">
                <a class="button" href=${link('report', stop.id, 'found')}>${t('stop.found')}</a>
                <a class="button bad" href=${link('report', stop.id, 'hazard')}>${t('stop.hazard')}</a>
            </div>
            <div class="row">
                <a class="button" href=${link('report', stop.id, 'notice')}>${t('stop.notice')}</a>
                ${stop.class === 'commercial' ? html`<a class="button" href=${link('report', stop.id, 'slip')}>${t('stop.slip')}</a>` : ''}
            </div>
        </div>
        ${own.length ? html`<h2>${t('stop.own')}</h2>` : ''}
        ${own.map(record => html`<${RecordRow} key=${record.id} record=${record} meter=${stop.meter} />`)}
        ${next ? html`<div class="stack"><a class="button" href=${link('stop', next.id)}>${t('stop.next', { where: next.address ?? next.service_point_number })}</a></div>` : ''}
        <div class="dock"><a class="button" href=${link('visit', stop.id)}>${t('stop.no_access')}</a>
            ${stop.meter ? html`<a class="button main" href=${link('read', stop.id)}>${standing === 'read' ? t('stop.read_again') : t('stop.read')}</a>` : ''}</div>
    <//>`;
}
