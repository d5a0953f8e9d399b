// The daily reading report (R-8): who was where, what came back, what is owed. It prints.
import { html } from '/assets/lib/html.js';
import { currentLanguage, t } from '/assets/lib/texts.js';
import { answer, download, path } from '../answers.js';
import { count, hour, moment, money, plusDays, volume } from '../format.js';
import { Card, Facts, Once, Page } from '../frame/parts.js';
import { filter, href } from '../route.js';
import { state } from '../state.js';
import { today } from '../today.js';

const file = (day, format) => download(path('/v1/reports/daily/file', { day, format, lang: currentLanguage() }), `daily-${day}.${format}`);

const FIGURES = ['visits', 'readings', 'rereads', 'attempts', 'attempts_proven', 'corrections', 'hazards', 'quarantined', 'missing_records', 'photos_owed', 'early', 'on_time', 'late', 'time_review'];

const Line = ({ line, name }) => html`<tr>
    <th scope="row">${name}</th>${FIGURES.map(key => html`<td key=${key} class="figure">${count(line[key])}</td>`)}<td class="figure">${volume(line.volume)}</td>
    <td>${line.first_at ? `${hour(line.first_at)}–${hour(line.last_at)}` : '—'}</td></tr>`;

const Sold = ({ sold }) => html`<table class="plain"><caption class="unseen-text">${t('daily.sold')}</caption><thead><tr>
    <th scope="col">${t('area')}</th><th scope="col">${t('class')}</th><th scope="col" class="figure">${t('daily.purchases')}</th>
    <th scope="col" class="figure">m³</th><th scope="col" class="figure">${t('yuan')}</th></tr></thead>
    <tbody>${sold.map((line, at) => html`<tr key=${at}><td>${line.area}</td><td>${line.class ? t(`class.${line.class}`) : '—'}</td>
        <td class="figure">${count(line.purchases)}</td><td class="figure">${volume(line.volume)}</td><td class="figure">${money(line.paid_fen)}</td>
        </tr>`)}</tbody></table>`;

export function Daily({ route }) {
    const day = route.query.day ?? today();
    const report = answer(path('/v1/reports/daily', { day }), { slot: 'daily' });
    state.keys = { ArrowLeft: () => filter({ day: plusDays(day, -1) }), ArrowRight: () => filter({ day: plusDays(day, 1) }) };
    return html`<${Page} title=${t('daily.title', { day })} about=${report.body ? t('report.cut_off',
        { at: moment(report.body.cut_off), rules: report.body.rules_version }) : ' '} wide
        tools=${html`<a class="button" href=${href('daily', [], { day: plusDays(day, -1) })}>← ${t('day.before')}</a><label class="choose">
            <span class="unseen-text">${t('day')}</span><input type="date" value=${day} max=${today()}
            onChange=${event => event.target.value && filter({ day: event.target.value })} /></label><a class="button" href=${href('daily',
            [], { day: plusDays(day, 1) })}>${t('day.after')} →</a>
            <button type="button" onClick=${() => file(day, 'xlsx')}>XLSX</button><button type="button" onClick=${() => file(day, 'csv')}>CSV</button>
                <button type="button" class="main" onClick=${() => print()}>${t('print')}</button>`}>
        <${Once} of=${report} lines=${12}>${body => html`<${Facts} rows=${[[t('figure.visits'), html`<b>${count(body.office.visits)}</b>`],
            [t('figure.readings'), count(body.office.readings)], [t('figure.attempts'), count(body.office.attempts)],
            [t('figure.volume'), `${volume(body.office.volume)} m³`], [t('daily.volume_sold'), `${volume(body.volume_sold)} m³`],
            [t('daily.paid'), `${money(body.paid_fen)} ${t('yuan')}`]]} />
            <div class="rows" tabindex="0" role="region" aria-label=${t('readers')}><table class="plain report">
                <caption class="unseen-text">${t('readers')}</caption><thead><tr>
                <th scope="col">${t('reader')}</th>${FIGURES.map(key => html`<th key=${key} scope="col" class="figure">${t(`figure.${key}`)}</th>`)}<th scope="col" class="figure">${t('figure.volume')}</th>
                <th scope="col">${t('figure.hours')}</th></tr></thead>
                <tbody>${body.readers.map(line => html`<${Line} key=${line.reader_id} line=${line} name=${line.reader_name} />`)}</tbody><tfoot>
                    <${Line} line=${body.office} name=${t('daily.office')} /></tfoot></table></div>
            <div class="columns"><${Card} title=${t('daily.reasons')} id="reasons">
                <${Facts} rows=${['locked', 'refused', 'nobody_home', 'unsafe', 'meter_not_found', 'display_dark', 'other'].map(code => [t(`attempt.${code}`), count(body.office[`attempts_${code}`])])} /></${Card}>
            <${Card} title=${t('daily.sold')} id="sold"><${Sold} sold=${body.sold} /></${Card}></div>`}</${Once}>
    </${Page}>`;
}
