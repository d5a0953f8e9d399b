// The month-end report (R-9): one page that prints, each figure leading to what it counts; published figures beside those that hold now.
import { html } from '/assets/lib/html.js';
import { currentLanguage, t } from '/assets/lib/texts.js';
import { answer, download, path } from '../answers.js';
import { Rate } from '../charts/rate.js';
import { count, money, moment, monthName, percent, plusMonths, volume } from '../format.js';
import { Card, Count, Mark, Nothing, Once, Page, Tabs } from '../frame/parts.js';
import { CLASSES } from '../names.js';
import { filter, href } from '../route.js';
import { thisMonth } from '../today.js';
import { named } from '../words.js';
import { behind } from './behind.js';
import { Lists } from './month_lists.js';
import { Periods } from './periods.js';

const file = (query, format) => download(path('/v1/reports/month-end/file',
    { ...query, format, lang: currentLanguage() }), `month-end-${query.month}.${format}`);

function Coverage({ report }) {
    // A report published before the companion figures has its counts beside the level, a later one in a member of their own.
    const lines = report.coverage.filter(line => line.level === 'class').map(line => line.figures ?? line).toSorted((one, two) => CLASSES.indexOf(one.class) - CLASSES.indexOf(two.class));
    return html`<table class="plain report"><caption class="unseen-text">${t('page.coverage')}</caption><thead><tr><th scope="col">${t('class')}</th>
        <th scope="col">${t('period')}</th><th scope="col" class="figure">${t('coverage.rate')}</th><th scope="col">${t('coverage.parts')}</th>
        <th scope="col">${t('coverage.goal')}</th><th scope="col" class="figure">D</th>
        <th scope="col" class="figure">${t('bucket.seen')}</th><th scope="col" class="figure">${t('bucket.no_access')}</th>
            <th scope="col" class="figure">${t('bucket.unattempted')}</th><th scope="col" class="figure">${t('bucket.suspended')}</th>
        <th scope="col" class="figure">${t('coverage.attempted')}</th><th scope="col" class="figure">${t('coverage.evidence')}</th>
        <th scope="col" class="figure">${t('coverage.on_time')}</th></tr></thead>
        <tbody>${lines.map(line => html`<tr key=${line.class}><th scope="row"><a href=${href('coverage',
            [], { class: line.class, group: 'area', month: report.month })}>${t(`class.${line.class}`)}</a></th><td>${line.period}</td>
            <td class="figure"><b>${percent(line.rate_bp)}</b></td><td class="parts"><${Rate} line=${line} small /></td>
            <td>${line.met === undefined || line.met === null ? '—'
                : html`<${Mark} kind=${line.met ? 'green' : 'red'}>${t(line.met ? 'coverage.met' : 'coverage.missed')} ${percent(line.target_bp)}</${Mark}>`}</td>
            ${['denominator', 'seen', 'no_access', 'unattempted', 'suspended'].map(figure => html`<td key=${figure} class="figure"><${Count} n=${line[figure]}
                to=${behind(line, figure)}
                label=${`${t(`class.${line.class}`)}: ${t(`bucket.${figure}`)}`} /></td>`)}
            <td class="figure">${percent(line.attempted_bp)}</td><td class="figure">${percent(line.evidence_bp)}</td>
            <td class="figure">${line.class === 'commercial' ? percent(line.on_time_bp) : '—'}</td></tr>`)}</tbody></table>`;
}

function Anomalies({ report }) {
    return html`<table class="plain report"><caption class="unseen-text">${t('month.anomalies')}</caption><thead><tr>
        <th scope="col">${t('case.rule')}</th><th scope="col" class="figure">${t('month.cases')}</th>
        <th scope="col" class="figure">${t('state.open')}</th><th scope="col" class="figure">${t('state.confirmed')}</th>
        <th scope="col" class="figure">${t('state.dismissed')}</th><th scope="col" class="figure">${t('case.stake')} m³</th></tr></thead>
        <tbody>${report.anomalies.map(line => html`<tr key=${line.rule}><th scope="row"><a href=${href('cases',
            [], { state: 'all', rule: line.rule })}>${named('rule', line.rule)}</a> <span class="line">${t(`kind.${line.kind}`)}</span></th>
            <td class="figure"><${Count} n=${line.cases} to=${href('cases', [], { state: 'all', rule: line.rule })}
            label=${named('rule', line.rule)} /></td>
            <td class="figure">${count(line.open)}</td><td class="figure">${count(line.confirmed)}</td>
                <td class="figure">${count(line.dismissed)}</td><td class="figure">${volume(line.stake)}</td></tr>`)}</tbody></table>`;
}

const Volumes = ({ report }) => html`<table class="plain report"><caption class="unseen-text">${t('month.volumes')}</caption><thead><tr>
    <th scope="col">${t('area')}</th><th scope="col">${t('class')}</th><th scope="col" class="figure">${t('month.points')}</th>
    <th scope="col" class="figure">${t('month.read')} m³</th><th scope="col" class="figure">${t('daily.purchases')}</th>
    <th scope="col" class="figure">${t('daily.volume_sold')} m³</th><th scope="col" class="figure">${t('yuan')}</th></tr></thead>
    <tbody>${report.volumes.map((line, at) => html`<tr key=${at}><th scope="row">${line.area || '—'}</th>
        <td>${line.class ? t(`class.${line.class}`) : '—'}</td><td class="figure">${count(line.points)}</td>
        <td class="figure">${volume(line.volume_read)}</td><td class="figure">${count(line.purchases)}</td>
        <td class="figure">${volume(line.volume_sold)}</td><td class="figure">${money(line.paid_fen)}</td></tr>`)}</tbody></table>`;

const UNITS = { count, bp: percent, litres: volume, fen: money };
const Comparison = ({ report }) => html`<table class="plain report"><caption class="unseen-text">${t('month.comparison')}</caption><thead><tr>
    <th scope="col">${t('month.figure')}</th><th scope="col">${t('class')}</th><th scope="col" class="figure">${t('month.this')}</th>
    <th scope="col" class="figure">${t('month.last')}</th><th scope="col" class="figure">${t('month.last_year')}</th></tr></thead>
    <tbody>${report.comparison.map((line, at) => html`<tr key=${at}><th scope="row">${named('compared', line.figure)}</th>
        <td>${line.class ? t(`class.${line.class}`) : ''}</td>${['this', 'last_month', 'last_year'].map(member => html`<td key=${member} class="figure">${(UNITS[line.unit] ?? count)(line[member])}</td>`)}</tr>`)}</tbody></table>`;

const Counts = ({ lines, family, list }) => html`<ul class="lists">${lines.map(line => html`<li key=${line.code}><a href=${href('month',
    [], { ...list })}><span>${named(family, line.code)}</span><b class="number">${count(line.count)}</b></a></li>`)}</ul>`;

export function Month({ route }) {
    const month = route.query.month ?? thisMonth();
    const asked = { month, version: route.query.version };
    const report = answer(path('/v1/reports/month-end', asked), { slot: 'month' });
    const body = report.body;
    const months = Array.from({ length: 13 }, (_, at) => plusMonths(thisMonth(), -at));
    const list = route.query.list;
    return html`<${Page} title=${t('month.title', { month: monthName(month) })} wide about=${body
        ? html`<${Mark} kind=${body.state === 'published' ? 'green' : 'amber'}>${t(`report_state.${body.state}`)}</${Mark}> ${t('report.cut_off',
        { at: moment(body.cut_off), rules: body.rules_version })} <code class="quiet"
        title=${body.population_hash}>${body.population_hash.slice(0, 12)}…</code>` : ' '}
        tools=${html`<label class="choose"><span class="unseen-text">${t('month')}</span><select
            onChange=${event => filter({ month: event.target.value, version: '' })}>${months.map(one => html`<option key=${one}
            value=${one} selected=${one === month}>${monthName(one)}</option>`)}</select></label>
            <button type="button" onClick=${() => file(asked, 'xlsx')}>XLSX</button><button type="button"
                onClick=${() => file(asked, 'html')}>HTML</button><button type="button" class="main"
                onClick=${() => print()}>${t('print')}</button>`}>
        ${body && (body.state === 'published' || body.state === 'restated') ? html`<div class="filters"><${Tabs} name="version"
            label=${t('month.version')} value=${body.state === 'published' ? '1' : 'live'} options=${[['1', t('month.as_published')],
            ['live', t('month.as_now')]]} /></div>` : ''}
        <${Once} of=${report} lines=${16}>${one => html`<${Card} title=${t('page.coverage')} id="coverage">
            <div class="rows" tabindex="0" role="region" aria-label=${t('page.coverage')}><${Coverage} report=${one} /></div></${Card}>
            ${one.differences.length ? html`<${Card} title=${t('month.differences')} id="differences">
                <ul class="stack">${one.differences.filter(line => line.level === 'class').map((line, at) => html`<li key=${at}>${t(`class.${line.class}`)} · ${t(`bucket.${line.bucket}`)}: ${count(line.published)} → <b>${count(line.now)}</b>
                </li>`)}</ul></${Card}>` : ''}
            <div class="columns"><${Card} title=${t('month.comparison')} id="comparison"><${Comparison} report=${one} /></${Card}><${Card}
                title=${t('month.anomalies')} id="anomalies"><div class="rows" tabindex="0" role="region" aria-label=${t('month.anomalies')}>
                <${Anomalies} report=${one} /></div></${Card}></div>
            <div class="columns three"><${Card} title=${t('month.reconciliation')} id="reconciliation">
                <${Counts} lines=${one.reconciliation} family="three" list=${{ ...asked, list: 'reconciliation' }} /></${Card}>
                <${Card} title=${t('month.purchases')} id="purchases">
                    <${Counts} lines=${one.purchase_changes} family="purchase" list=${{ ...asked, list: 'purchase-changes' }} /></${Card}>
                <${Card} title=${t('month.not_read')} id="not-read"><ul class="lists">${one.not_read.map((line, at) => html`<li key=${at}>
                    <a href=${href('month', [], { ...asked, list: 'not-read' })}>
                    <span>${t(`class.${line.class}`)} · ${t(`bucket.${line.bucket}`)}</span><b class="number">${count(line.points)}</b></a>
                    </li>`)}</ul></${Card}></div>
            <${Card} title=${t('month.volumes')} id="volumes"><div class="rows" tabindex="0" role="region" aria-label=${t('month.volumes')}>
                <${Volumes} report=${one} /></div></${Card}>
            <${Card} title=${t('month.corrections')} id="corrections">${one.corrections.length === 0
                ? html`<${Nothing} />` : ''}<ul class="lists">${one.corrections.map((line, at) => html`<li key=${at}><a href=${href('month',
                [], { ...asked, list: 'corrections' })}>
                <span>${line.reader_name} · ${named('correction', line.reason)}${line.late ? ` · ${t('month.late', { n: line.late })}` : ''}</span>
                <b class="number">${count(line.corrections)}</b></a></li>`)}</ul></${Card}>`}</${Once}>
        <${Card} title=${t('period.list')} id="periods"><${Periods} month=${month} /></${Card}>
        <${Lists} name=${list} asked=${asked} />
    </${Page}>`;
}
