// The month's lists of suspect meters (core/anomalies/lists): so many places a month, best first, each with its reason in a sentence. A place
// is somewhere to look; a person makes a case of it.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { Problem } from '/assets/lib/link.js';
import { act, answer, known, path } from '../answers.js';
import { count, day, moment, monthName, plusMonths, volume } from '../format.js';
import { Card, Choose, Mark, Nothing, Once, Page, Tabs } from '../frame/parts.js';
import { ROWS, Table, after, pageKeys } from '../frame/table.js';
import { may } from '../rights.js';
import { go, href } from '../route.js';
import { state } from '../state.js';
import { thisMonth } from '../today.js';
import { named } from '../words.js';
import { reasonOf } from './cases/cases.js';
import { ModelTools, Models } from './models.js';

const LISTS = ['failed', 'slow', 'fast', 'jump'];
const MONTHS = 13;

async function open(entry) {
    const made = await act('POST', `/v1/anomaly-entries/${entry.id}/case`, undefined, { renews: ['/v1/anomaly-lists', '/v1/cases'] });
    if (made) go('case', [made.case_id]);
}

const columns = () => [
    { name: 'rank', width: 54, kind: 'figure', title: '#', cell: row => row.rank },
    { name: 'reason', title: t('case.reason'), cell: row => html`<span class="reason">${reasonOf(row)}</span><span class="line quiet">
        ${named('rule', row.rule)} · ${row.area_path}${row.route_code ? ` · ${row.route_code}` : ''} · ${t(`suspects.by_${row.method}`)}</span>` },
    { name: 'floor', width: 150, title: t('suspects.claim'), cell: row => html`<${Mark} kind=${row.is_above_floor ? 'red' : ''}>${t(row.is_above_floor
        ? 'suspects.firm' : 'suspects.look')}</${Mark}><span class="line quiet">± ${row.figures.floor_percent} %</span>` },
    { name: 'meter', width: 140, title: t('meter'), cell: row => html`<a class="number" href=${href('meters',
        [row.meter_id])}>${row.meter_number}</a><span class="line quiet">${t(`class.${row.class}`)}</span>` },
    { name: 'used', width: 140, kind: 'figure', title: t('suspects.used'), cell: row => html`${volume(row.figures.used)}
        <span class="line quiet">${volume(row.figures.expected)}</span>` },
    { name: 'stake', width: 90, kind: 'figure', title: t('case.stake'), cell: row => volume(row.stake) },
    { name: 'read', width: 104, title: t('case.read'), cell: row => day(row.observed_at) },
    { name: 'case', width: 110, title: t('suspects.case'), cell: row => {
        if (row.case_id) return html`<a href=${href('case', [row.case_id])}>#${row.case_id}</a>`;
        return may('open_anomaly_case') ? html`<button type="button" class="bare" onClick=${() => open(row)}>${t('suspects.open')}</button>` : '—';
    } },
];

/** By what they were made, so that anyone can have them made again. */
function Made({ of }) {
    const { version } = of;
    const words = of.made_at ? t('suspects.made', { version, at: moment(of.made_at), read: count(of.meters_read), model: of.model_version,
        ranked: count(of.ranked_by_model), plain: count(of.ranked_by_rules) }) : t('suspects.made_soon', { version, at: moment(of.asked_at) });
    return html`<${Mark} kind=${{ done: 'green', failed: 'red' }[of.state] ?? 'amber'}>${t(`lists_state.${of.state}`)}</${Mark}> ${words}`;
}

/** The last month that has lists; else the last one that is over. */
const latest = made => made.items.map(one => one.month).toSorted().at(-1) ?? plusMonths(thisMonth(), -1);

export function Suspects({ route }) {
    const { month, list = LISTS[0] } = route.query;
    return month ? html`<${OfMonth} month=${month} list=${list} />` : html`<${OfLatest} list=${list} />`;
}

function OfLatest({ list }) {
    const made = answer('/v1/anomaly-lists?limit=500');
    return made.body ? html`<${OfMonth} month=${latest(made.body)} list=${list} />`
        : html`<${Page} title=${t('page.suspects')} wide><${Once} of=${made} lines=${12}>${() => ''}</${Once}></${Page}>`;
}

function OfMonth({ month, list }) {
    const months = Array.from({ length: MONTHS }, (_, at) => plusMonths(thisMonth(), -1 - at));
    const place = path(`/v1/anomaly-lists/${month}/entries`, { list, after: after(), limit: ROWS });
    const isMaking = known(place)?.lists.state === 'making';
    const entries = answer(place, { slot: `suspects-${month}`, every: isMaking ? 2000 : 0 });
    const lists = entries.body?.lists;
    const hasNone = entries.problem instanceof Problem && entries.problem.status === 404;
    const make = () => act('POST', '/v1/anomaly-lists', { month }, { renews: ['/v1/anomaly-lists'] });
    state.keys = pageKeys(entries.body?.next_after);
    return html`<${Page} title=${t('suspects.title', { month: monthName(month) })} about=${lists ? html`<${Made} of=${lists} />` : ' '} wide
        tools=${may('make_anomaly_lists') ? html`<button type="button" class=${hasNone ? 'main' : ''} disabled=${isMaking}
            onClick=${make}>${t(lists ? 'suspects.again' : 'suspects.make')}</button>` : ''}>
        <p class="help">${t('suspects.about')}</p>
        <div class="filters"><${Choose} name="month" label=${t('month')} value=${month} options=${months.map(one => [one, monthName(one)])} />
            <${Tabs} name="list" label=${t('case.kind')} value=${list} options=${LISTS.map(code => [code, t(`suspects_list.${code}`)])} /></div>
        ${hasNone ? html`<${Nothing}>${t('suspects.none')}</${Nothing}>` : html`<${Table} of=${entries} columns=${columns()}
            caption=${t(`suspects_list.${list}`)} nothing=${t(isMaking ? 'suspects.making' : 'suspects.empty')} />`}
        <${Card} title=${t('model.list')} id="models" tools=${html`<${ModelTools} />`}><${Models} /></${Card}>
    </${Page}>`;
}
