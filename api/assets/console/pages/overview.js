// The first page: where the three rates stand, whether they can be met, and what waits for a person.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { answer } from '../answers.js';
import { Rate } from '../charts/rate.js';
import { count, hour, percent } from '../format.js';
import { Card, Count, Mark, Once, Page } from '../frame/parts.js';
import { may } from '../rights.js';
import { href } from '../route.js';
import { thisMonth, today } from '../today.js';
import { behind } from './behind.js';

const EVERY = 20_000;

const points = (line, figure) => html`<${Count} n=${line[figure]} to=${behind(line, figure)}
    label=${`${t(`class.${line.class}`)}: ${t(`bucket.${figure}`)}`} />`;

/** One class: its rate, what is missing, its pace. */
function OfClass({ line, pace }) {
    const left = line.denominator - line.seen;
    return html`<section class="card class">
        <header><h2><a href=${href('coverage', [], { class: line.class, group: 'area' })}>${t(`class.${line.class}`)}</a></h2>
            ${pace ? html`<${Mark} kind=${pace.pace}>${pace.pace_text}</${Mark}>` : ''}</header>
        <p class="big"><b>${percent(line.rate_bp)}</b><small>${t('coverage.target', { rate: percent(line.target_bp) })} · ${line.period}</small></p>
        <${Rate} line=${line} />
        <dl class="tiles">
            <div><dt>${t('coverage.seen')}</dt><dd>${points(line, 'seen')}<small> / ${points(line, 'denominator')}</small></dd></div>
            <div><dt>${t('coverage.left')}</dt><dd><${Count} n=${left} to=${href('unseen', [], { class: line.class })}
                label=${`${t(`class.${line.class}`)}: ${t('coverage.left')}`} /></dd></div>
            <div><dt>${t('pace.need')}</dt><dd>${pace ? count(pace.need) : '—'}</dd></div>
            <div><dt>${t('pace.capacity')}</dt><dd>${pace ? count(pace.capacity) : '—'}</dd></div>
        </dl></section>`;
}

/** The first page of a list says whether anything waits there. */
function Waits({ path, to, name }) {
    const { body } = answer(path, { every: EVERY });
    const n = body?.items.length;
    return html`<li><a href=${to}><span>${t(`waits.${name}`)}</span>
        <b class=${n ? 'number' : 'number quiet'}>${n === undefined ? '…' : body.next_after ? `${n}+` : n}</b></a></li>`;
}

function Readers({ lines }) {
    return html`<table class="plain"><caption class="unseen-text">${t('pace.readers')}</caption>
        <thead><tr><th scope="col">${t('reader')}</th><th scope="col">${t('pace')}</th><th scope="col" class="figure">${t('pace.need')}</th>
            <th scope="col" class="figure">${t('pace.capacity')}</th>
            <th scope="col" class="figure">${t('pace.a_day')}</th><th scope="col" class="figure">${t('pace.access')}</th>
                <th scope="col" class="figure">${t('coverage.left')}</th></tr></thead>
        ${[...new Set(lines.map(line => line.period))].map(period => html`<tbody key=${period}><tr><th scope="rowgroup" colspan="7">${period}</th>
            </tr>${lines.filter(line => line.period === period).map(line => html`<tr key=${line.reader_id}><th scope="row">${line.reader_name}</th>
            <td><${Mark} kind=${line.pace}>${line.pace_text}</${Mark}></td>
            <td class="figure">${count(line.need)}</td><td class="figure">${count(line.capacity)}</td><td class="figure">${count(line.a_day)}</td>
                <td class="figure">${percent(line.access_bp)}</td>
            <td class="figure"><${Count} n=${line.left} to=${href('next', [], { reader: line.reader_id })} label=${line.reader_name} /></td>
                </tr>`)}</tbody>`)}</table>`;
}

/** Cases still to be worked, by list. */
function Lists({ rules }) {
    const kinds = new Map();
    for (const rule of rules.filter(one => one.live)) kinds.set(rule.kind, (kinds.get(rule.kind) ?? 0) + rule.live);
    const most = Math.max(1, ...kinds.values());
    return html`<ul class="lists">${[...kinds].sort((one, two) => two[1] - one[1]).map(([kind, live]) => html`<li key=${kind}><a href=${href('cases',
        [], { state: 'live', kind, sort: 'stake' })}>
        <span>${t(`kind.${kind}`)}</span><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <rect class="bar" width=${(100 * live) / most} height="8" rx="1" /></svg><b class="number">${count(live)}</b></a></li>`)}</ul>`;
}

export function Overview() {
    const coverage = answer('/v1/coverage', { every: EVERY });
    const pace = answer('/v1/coverage/pace', { every: EVERY });
    const rules = answer('/v1/rules', { every: EVERY });
    const ofClass = line => pace.body?.lines.find(one => one.class === line.class && one.period === line.period);
    const readers = pace.body?.lines.filter(line => line.reader_id) ?? [];
    const month = thisMonth();
    const waits = [
        may('list_quarantine') && ['quarantine', '/v1/quarantine?state=open&limit=500', href('quarantine', [], { state: 'open' })],
        ['gaps', '/v1/gaps?limit=500', href('gaps')],
        ['times', '/v1/time-reviews?state=open&limit=500', href('decide', [], { list: 'times' })],
        ['found', '/v1/found-changes?state=open&limit=500', href('decide', [], { list: 'found' })],
        ['hazards', '/v1/hazards?state=open&limit=500', href('decide', [], { list: 'hazards' })],
        ['photos', '/v1/photos/missing?limit=500', href('gaps', [], { list: 'photos' })],
        ['overdue', '/v1/cases?state=live&overdue=true&limit=500', href('cases', [], { state: 'live', overdue: 'true' })],
    ].filter(Boolean);
    return html`<${Page} title=${t('page.overview')} about=${t('overview.about',
        { day: today(), hour: coverage.body ? hour(coverage.body.counted_at) : '…' })} wide>
        <${Once} of=${coverage} lines=${8}>${body => html`<div class="classes">${body.lines.map(line => html`<${OfClass} key=${line.class} line=${line} pace=${ofClass(line)} />`)}</div>`}</${Once}>
        <div class="columns uneven">
            <${Card} title=${t('pace.readers')} id="pace"><${Once} of=${pace} lines=${8}>${() => html`<${Readers} lines=${readers} />`}</${Once}>
                </${Card}>
            <div>
                <${Card} title=${t('overview.cases')} id="lists"><${Once}
                    of=${rules} lines=${4}>${body => html`<${Lists} rules=${body.items} />`}</${Once}></${Card}>
                <${Card} title=${t('overview.waits')} id="waits">
                    <ul class="lists waits">${waits.map(([name, path, to]) => html`<${Waits} key=${name} name=${name} path=${path} to=${to} />`)}</ul>
                    <p class="quiet"><a href=${href('calendar',
                        [], { month })}>${t('page.calendar')}</a> · <a href=${href('daily')}>${t('page.daily')}</a> · <a href=${href('month')}>${t('page.month')}</a>
                        </p></${Card}>
            </div>
        </div>
    </${Page}>`;
}
