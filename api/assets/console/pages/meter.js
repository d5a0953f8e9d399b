// A meter: what it is, what it used, what was suspected of it and what came of that.
import { html } from '/assets/lib/html.js';
import { both, t } from '/assets/lib/texts.js';
import { answer, path } from '../answers.js';
import { HistoryChart } from '../charts/history.js';
import { count, day, moment, volume } from '../format.js';
import { Card, Facts, Mark, Nothing, Once, Page } from '../frame/parts.js';
import { Table, after } from '../frame/table.js';
import { href } from '../route.js';
import { named } from '../words.js';
import { Events, Photos, Sums } from './cases/file.js';

const figures = three => [
    { name: 'at', width: 150, title: t('chart.day'), cell: one => moment(one.observed_at) },
    { name: 'code', width: 100, title: t('reading.code'), cell: one => html`${named('reading', one.code)}${one.corrected_by
        ? html` <${Mark} kind="amber">${t('reading.corrected')}</${Mark}>` : ''}` },
    { name: 'index', width: 110, kind: 'figure', title: t('chart.index'), cell: one => volume(one.index) },
    three && { name: 'cumulative', width: 110, kind: 'figure', title: t('chart.cumulative'), cell: one => volume(one.cumulative) },
    three && { name: 'balance', width: 100, kind: 'figure', title: t('chart.balance'), cell: one => volume(one.balance) },
    { name: 'grade', width: 64, title: t('reading.grade'), cell: one => one.grade.toUpperCase() },
    { name: 'flags', title: t('reading.flags'), cell: one => one.flags.map(flag => html`<${Mark} key=${flag}>${named('rule', flag)}</${Mark}>`) },
];

function Cases({ list }) {
    return html`<${Once} of=${list} lines=${3}>${body => (body.items.length === 0 ? html`<${Nothing}>${t('meter.no_cases')}</${Nothing}>`
        : html`<ul class="stack">${body.items.toReversed().map(one => html`<li key=${one.id}>
        <a href=${href('case', [one.id])}>${both({ zh: one.reason_zh, en: one.reason_en })}</a>
        <span class="line">
            <${Mark} kind=${`state-${one.state}`}>${t(`state.${one.state}`)}</${Mark}> ${t(`kind.${one.kind}`)} · ${day(one.observed_at)} · ${volume(one.stake)} m³</span>
            </li>`)}</ul>`)}</${Once}>`;
}

/** Readings alone, where no case has evidence to show: bars without a band. */
const asHistory = items => {
    const kept = items.toReversed().filter(one => one.index !== undefined && one.index !== null);
    let before;
    return kept.map(one => {
        const used = before === undefined ? undefined : one.index - before;
        before = one.index;
        return { ...one, record_id: one.id, used, is_base: true };
    });
};

export function Meter({ route }) {
    const [id] = route.args;
    const meter = answer(`/v1/meters/${id}`);
    const cases = answer(path('/v1/cases', { meter: id, limit: 100 }));
    const readings = answer(path(`/v1/meters/${id}/readings`, { before: after(), limit: 50 }), { slot: `readings${id}` });
    const latest = cases.body?.items.at(-1);
    const evidence = latest ? answer(`/v1/cases/${latest.id}/evidence`) : undefined;
    const three = meter.body?.three_figures;
    return html`<${Page} title=${meter.body ? t('meter.title', { number: meter.body.number }) : t('meter')} wide
        tools=${latest ? html`<a class="button" href=${href('cases', [], { meter: id, state: 'all' })}>${t('meter.in_list')}</a>` : ''}>
        <${Card} title=${t('meter.facts')} id="facts"><${Once} of=${meter} lines=${3}>${body => html`<${Facts} rows=${[
            [t('meter.type'), `${body.type} · ${body.size}`], [t('meter.years'), body.years_in_service === undefined ? '—' : t('years',
                { n: body.years_in_service })],
            [t('meter.inlet'), body.inlet_side ? t(`side.${body.inlet_side}`) : '—'],
                [t('meter.digits'), `${body.digits_integer}+${body.digits_decimal}`],
            [t('meter.qmax'), `${volume(body.qmax_per_hour)} m³/h`], [t('meter.made'), body.made_on ?? '—'],
                [t('meter.installed'), body.installed_on ?? '—'],
            [t('point'), body.point_id ? html`<a class="number" href=${href('points',
                [body.point_id])}>${body.point_number}</a>` : t('meter.hangs_nowhere')],
            [t('meter.figures'), three ? t('meter.three') : t('meter.one')],
        ]} />`}</${Once}></${Card}>
        <div class="columns uneven"><div>
            <${Card} title=${t('evidence.history')} id="history">${evidence
                ? html`<${Once}
                    of=${evidence} lines=${10}>${body => html`<${HistoryChart} history=${body.history} peers=${body.peers} marked=${cases.body.items.map(one => one.record_id)} />
                    <${Sums} sums=${body.sums} />`}</${Once}>`
                : html`<${Once} of=${readings} lines=${10}>${body => html`<${HistoryChart} history=${asHistory(body.items)} />`}</${Once}>`}</${Card}>
            <${Card} title=${t('meter.readings')} id="readings"><${Table} of=${readings} columns=${figures(three)}
                caption=${t('meter.readings')} next=${readings.body?.next_before} kind="dense" /></${Card}>
        </div><div>
            <${Card} title=${t('meter.cases', { n: cases.body ? count(cases.body.items.length) : '…' })} id="cases"><${Cases} list=${cases} />
                </${Card}>
            ${evidence?.body ? html`<${Card} title=${t('meter.more')} id="more"><${Photos} photos=${evidence.body.photos} />
                <${Events} events=${evidence.body.events} /></${Card}>` : ''}
        </div></div>
    </${Page}>`;
}
