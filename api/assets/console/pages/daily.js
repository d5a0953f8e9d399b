// The daily reading report (R-8): who was where, what came back, what is owed. It prints.
import { html } from '/assets/lib/html.js';
import { currentLanguage, t } from '/assets/lib/texts.js';
import { answer, download, path } from '../answers.js';
import { count, hour, moment, money, plusDays, volume } from '../format.js';
import { Card, Count, Facts, Once, Page } from '../frame/parts.js';
import { filter, href } from '../route.js';
import { state } from '../state.js';
import { today } from '../today.js';
import { Records, figureName } from './daily_records.js';

const file = (day, format) => download(path('/v1/reports/daily/file', { day, format, lang: currentLanguage() }), `daily-${day}.${format}`);

const FIGURES = ['visits', 'readings', 'rereads', 'attempts', 'attempts_proven', 'corrections', 'hazards', 'quarantined', 'missing_records', 'photos_owed', 'early', 'on_time', 'late', 'time_review'];

/** What a figure counts has its list: records of the day, or what waits for a person. */
const listOf = (day, key, line) => ({
    quarantined: href('quarantine'), missing_records: href('gaps'), photos_owed: href('gaps', [], { list: 'photos' }),
}[key] ?? href('daily', [], { day, figure: key, reader: line.reader_id }));

const Figure = ({ day, line, name, of }) => html`<${Count} n=${line[of]} to=${listOf(day, of, line)} label=${`${name}: ${figureName(of)}`} />`;

const Line = ({ day, line, name }) => html`<tr>
    <th scope="row">${name}</th>${FIGURES.map(key => html`<td key=${key} class="figure"><${Figure} day=${day} line=${line} name=${name} of=${key} /></td>`)}<td class="figure">${volume(line.volume)}</td>
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
    const { figure } = route.query;
    const ofOffice = (body, key) => html`<${Figure} day=${day} line=${body.office} name=${t('daily.office')} of=${key} />`;
    state.keys = { ArrowLeft: () => filter({ day: plusDays(day, -1) }), ArrowRight: () => filter({ day: plusDays(day, 1) }) };
    return html`<${Page} title=${t('daily.title', { day })} about=${report.body ? t('report.cut_off',
        { at: moment(report.body.cut_off), rules: report.body.rules_version }) : ' '} wide
        tools=${html`<a class="button" href=${href('daily', [], { day: plusDays(day, -1) })}>← ${t('day.before')}</a><label class="choose">
            <span class="unseen-text">${t('day')}</span><input type="date" value=${day} max=${today()}
            onChange=${event => event.target.value && filter({ day: event.target.value })} /></label><a class="button" href=${href('daily',
            [], { day: plusDays(day, 1) })}>${t('day.after')} →</a>
            <button type="button" onClick=${() => file(day, 'xlsx')}>XLSX</button><button type="button" onClick=${() => file(day, 'csv')}>CSV</button>
                <button type="button" class="main" onClick=${() => print()}>${t('print')}</button>`}>
        <${Once} of=${report} lines=${12}>${body => html`<${Facts} rows=${[...['visits', 'readings', 'attempts'].map(key => [t(`figure.${key}`), ofOffice(body, key)]),
            [t('figure.volume'), `${volume(body.office.volume)} m³`], [t('daily.volume_sold'), `${volume(body.volume_sold)} m³`],
            [t('daily.paid'), `${money(body.paid_fen)} ${t('yuan')}`]]} />
            <div class="rows" tabindex="0" role="region" aria-label=${t('readers')}><table class="plain report">
                <caption class="unseen-text">${t('readers')}</caption><thead><tr>
                <th scope="col">${t('reader')}</th>${FIGURES.map(key => html`<th key=${key} scope="col" class="figure">${t(`figure.${key}`)}</th>`)}<th scope="col" class="figure">${t('figure.volume')}</th>
                <th scope="col">${t('figure.hours')}</th></tr></thead>
                <tbody>${body.readers.map(line => html`<${Line} key=${line.reader_id} day=${day} line=${line} name=${line.reader_name} />`)}</tbody><tfoot>
                    <${Line} day=${day} line=${body.office} name=${t('daily.office')} /></tfoot></table></div>
            ${figure ? html`<${Records} day=${day} figure=${figure} reader=${route.query.reader} />` : ''}
            <div class="columns"><${Card} title=${t('daily.reasons')} id="reasons">
                <${Facts} rows=${['locked', 'refused', 'nobody_home', 'unsafe', 'meter_not_found', 'display_dark', 'other'].map(code => [t(`attempt.${code}`), ofOffice(body, `attempts_${code}`)])} /></${Card}>
            <${Card} title=${t('daily.sold')} id="sold"><${Sold} sold=${body.sold} /></${Card}></div>`}</${Once}>
    </${Page}>`;
}
