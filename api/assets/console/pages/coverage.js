// Coverage (R-5): by class, area, route or reader, from the whole down to the points that are not seen, with what stands beside the rate.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { answer, path } from '../answers.js';
import { BUCKETS, Rate } from '../charts/rate.js';
import { Trend } from '../charts/trend.js';
import { count, monthName, moment, percent, periodOf, plusMonths, previousPeriod } from '../format.js';
import { Card, Count, Mark, Page, Tabs } from '../frame/parts.js';
import { Table } from '../frame/table.js';
import { CLASSES, areas, routes } from '../names.js';
import { filter, href } from '../route.js';
import { thisMonth } from '../today.js';
import { behind } from './behind.js';

const GROUPS = ['class', 'area', 'route', 'reader'];
const BACK = 6;

/** The lines of a month: those of the monthly classes and of the quarter it lies in. @returns {any} */
function linesOf({ month, of, group }) {
    const asks = !month
        ? [answer(path('/v1/coverage', { class: of, group }), { slot: `coverage${of}`, every: 30_000 })]
        : [...new Set((of ? [of] : CLASSES).map(one => periodOf(month, one)))].map(period => answer(path('/v1/coverage',
            { period, class: of, group }), { slot: `coverage${of}${period.length}` }));
    const problem = asks.find(ask => ask.problem && !ask.body);
    if (problem) return problem;
    if (asks.some(ask => ask.body === undefined)) return { busy: true };
    return { ...asks[0], body: { ...asks[0].body, lines: asks.flatMap(ask => ask.body.lines) } };
}

/** Lines below one area; routes know theirs. */
function below(lines, group, area) {
    if (!area) return lines;
    const root = areas().find(one => one.id === area)?.path;
    if (!root) return lines;
    const inside = place => place === root || place?.startsWith(`${root}/`);
    if (group === 'route') {
        const codes = new Set(routes().filter(route => inside(route.area_path)).map(route => route.id));
        return lines.filter(line => codes.has(line.group_id));
    }
    return group === 'area' ? lines.filter(line => inside(areas().find(one => one.id === line.group_id)?.path)) : lines;
}

/** Where a line's name leads: one step further down. */
function downward(line, group, query) {
    if (group === 'class') return href('coverage', [], { ...query, class: line.class, group: 'area' });
    if (group === 'area') return line.group_id ? href('coverage',
        [], { ...query, class: line.class, group: 'route', area: line.group_id }) : undefined;
    if (!line.group_id) return undefined;
    return href('next', [], { [group]: line.group_id });
}
const leftTo = (line, group) => (group === 'class' ? href('unseen',
    [], { class: line.class, period: line.period }) : (group === 'route' || group === 'reader') && line.group_id ? href('next',
    [], { [group]: line.group_id }) : undefined);

function columns(group, query) {
    const name = line => (group === 'class' ? t(`class.${line.class}`) : line.group_id ? (group === 'area' ? areas().find(one => one.id === line.group_id)?.path : undefined) ?? line.group_name : t('coverage.nobody'));
    const link = line => {
        const to = downward(line, group, query);
        return to ? html`<a href=${to}>${name(line)}</a>` : name(line);
    };
    const figure = (key, title, width, cell) => ({ name: key, width, kind: 'figure', title, cell });
    const points = (line, bucket, title) => html`<${Count} n=${line[bucket]} to=${behind(line, bucket, group)} label=${`${name(line)}: ${title}`} />`;
    return [
        { name: 'name', title: t(`group_by.${group}`), cell: line => html`${link(line)}${group === 'class' || query.class ? ''
            : html`<small class="quiet"> ${t(`class.${line.class}`)}</small>`}` },
        { name: 'bar', width: 104, title: t('coverage.parts'), cell: line => html`<${Rate} line=${line} small />` },
        figure('rate', t('coverage.rate'), 90, line => html`<b>${percent(line.rate_bp)}</b>`),
        { name: 'met', width: 84, title: t('coverage.goal'), cell: line => (line.met === undefined || line.met === null ? '—'
            : html`<${Mark} kind=${line.met ? 'green' : 'red'}>${t(line.met ? 'coverage.met' : 'coverage.missed')}</${Mark}>`) },
        figure('seen', t('coverage.seen'), 96, line => html`${points(line, 'seen', t('bucket.seen'))}<small>/${points(line,
            'denominator', t('bucket.denominator'))}</small>`),
        figure('left', t('coverage.left'), 66, line => html`<${Count} n=${line.denominator - line.seen} to=${leftTo(line, group) ?? behind(line, 'unseen', group)}
            label=${`${name(line)}: ${t('coverage.left')}`} />`),
        figure('short', t('coverage.short'), 66, line => count(Math.max(0, line.needed - line.seen))),
        figure('no_access', t('bucket.no_access'), 62, line => points(line, 'no_access', t('bucket.no_access'))),
        figure('tried', t('coverage.attempted'), 92, line => html`<a href=${behind(line, 'proven_attempts', group)}>${percent(line.attempted_bp)}</a>`),
        figure('evidence', t('coverage.evidence'), 82, line => html`<a href=${behind(line, 'with_evidence', group)}>${percent(line.evidence_bp)}</a>`),
        figure('on_time', t('coverage.on_time'), 82, line => (line.class === 'commercial'
            ? html`<a href=${behind(line, 'on_time', group)}>${percent(line.on_time_bp)}</a>` : '—')),
        figure('repeat', t('coverage.repeat'), 70, line => points(line, 'repeat_unseen', t('bucket.repeat_unseen'))),
        figure('long', t('coverage.over_180'), 86, line => html`${points(line, 'unseen_over_180',
            t('bucket.unseen_over_180'))}<small>/${points(line, 'unseen_over_365', t('bucket.unseen_over_365'))}</small>`),
        group === 'reader' ? figure('missing', t('coverage.missing'), 90, line => html`<${Count} n=${line.missing_records} to=${href('gaps')}
            label=${t('page.gaps')} />`) : figure('suspended', t('bucket.suspended'), 90, line => html`<span class=${line.suspended_warning ? 'bad' : ''}>${points(line,
            'suspended', t('bucket.suspended'))}</span>`),
    ];
}

/** The rate over the periods before, of a class or of an area in it. */
function Before({ of, month, area }) {
    let period = periodOf(month, of);
    const periods = [period];
    while (periods.length < BACK) periods.unshift((period = previousPeriod(period)));
    const points = periods.map(one => {
        const { body } = answer(path('/v1/coverage', { period: one, class: of, group: area ? 'area' : undefined }));
        const line = body?.lines.find(row => !area || row.group_id === area);
        return { period: one, rate_bp: line?.rate_bp, target_bp: line?.target_bp ?? 0, met: line?.met };
    });
    return html`<${Trend} points=${points} name=${t(`class.${of}`)} />`;
}

const Parts = () => html`<ul class="legend rate-legend" aria-hidden="true">${BUCKETS.map(bucket => html`<li key=${bucket} class=${bucket}>${t(`bucket.${bucket}`)}</li>`)}<li class="target">${t('coverage.goal')}</li></ul>`;

/** Where one is, from the whole down. */
function Crumbs({ query }) {
    const area = query.area && areas().find(one => one.id === Number(query.area));
    const { class: of, area: gone, ...rest } = query;
    return html`<nav class="crumbs" aria-label=${t('crumbs')}><a href=${href('coverage', [], { ...rest, group: 'class' })}>${t('coverage.all')}</a>
        ${of ? html` › <a href=${href('coverage', [], { ...rest, class: of, group: 'area' })}>${t(`class.${of}`)}</a>` : ''}${area ? html` › <span
            aria-current="page">${area.path}</span>` : ''}</nav>`;
}

export function Coverage({ route }) {
    const { query } = route;
    const group = query.group ?? 'class';
    const area = query.area ? Number(query.area) : undefined;
    const month = query.month ?? thisMonth();
    const of = linesOf({ month: query.month, of: query.class, group });
    const lines = of.body ? below(of.body.lines, group, area).toSorted((one, two) => CLASSES.indexOf(one.class) - CLASSES.indexOf(two.class) || (one.rate_bp ?? 10_001) - (two.rate_bp ?? 10_001)) : undefined;
    const months = Array.from({ length: 13 }, (_, at) => plusMonths(thisMonth(), -at));
    return html`<${Page} title=${t('page.coverage')} about=${of.body ? t('coverage.counted',
        { at: moment(of.body.counted_at), n: of.body.missing_records }) : ' '} wide>
        <div class="filters"><${Tabs} name="group" label=${t('group_by')} value=${group}
            options=${GROUPS.map(code => [code, t(`group_by.${code}`)])} />
            <label class="choose"><span>${t('class')}</span><select onChange=${event => filter({ class: event.target.value })}><option
                value="">${t('all')}</option>${CLASSES.map(code => html`<option key=${code}
                value=${code} selected=${code === query.class}>${t(`class.${code}`)}</option>`)}</select></label>
            <label class="choose"><span>${t('month')}</span><select
                onChange=${event => filter({ month: event.target.value })}>${months.map((one, at) => html`<option key=${one}
                value=${at ? one : ''} selected=${one === month}>${monthName(one)}</option>`)}</select></label></div>
        <${Crumbs} query=${query} />
        <${Table} of=${of} items=${lines} id=${line => `${line.period}${line.class}${line.group_id ?? ''}`} columns=${columns(group, query)}
            caption=${t('page.coverage')} />
        <${Parts} />
        <div class="columns">${(query.class ? [query.class] : CLASSES).map(one => html`<${Card} key=${one} id=${`trend-${one}`}
            title=${t('coverage.trend', { of: t(`class.${one}`) })}><${Before} of=${one} month=${month} area=${area} /></${Card}>`)}</div>
    </${Page}>`;
}
