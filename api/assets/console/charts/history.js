// A meter's use over the years: a bar from reading to reading, as wide as the time between them, on the band that was to be expected, beside
// what meters like it used. All of it is in the table below the drawing too.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { dayOf, roughly, volume } from '../format.js';
import { months, scale, ticks } from './scale.js';

const DAY = 86_400_000;
const HIGH = 260;
/** Letters keep their size: beside a list the drawing is narrower, not smaller. */
const boxOf = isNarrow => ({ wide: isNarrow ? 520 : 780, left: 46, right: (isNarrow ? 520 : 780) - 8, top: 12, bottom: HIGH - 26 });
/** A band wider than so many times the largest use says nothing more: it is cut. */
const MOST_BAND = 1.6;
/** From how many times the usual on a bar is cut. */
const TOWERS = 5;

/** Spans between readings, each with what a day of it used and was to use. */
export function spans(history) {
    const found = [];
    let before;
    for (const one of history) {
        const to = Date.parse(one.observed_at);
        if (before !== undefined && to > before) {
            const days = (to - before) / DAY;
            const daily = value => (value === undefined || value === null ? undefined : value / days);
            found.push({ one, from: before, to, days, used: one.used_per_day ?? daily(one.used), expected: daily(one.expected), low: daily(one.band_low), high: daily(one.band_high) });
        }
        if (one.is_base || before === undefined) before = to;
    }
    return found;
}

/** How high the drawing goes: a bar that towers over all others is cut, so that the others can still be read. */
function highest(all, median) {
    const used = all.map(span => span.used ?? 0).toSorted((one, two) => one - two);
    const usual = Math.max(used[Math.floor((used.length - 1) * 0.85)], ...median.map(month => month.median_per_day), 1);
    const largest = used.at(-1) > usual * TOWERS ? usual * 2 : Math.max(used.at(-1), usual);
    return Math.max(largest, ...all.map(span => Math.min(span.high ?? 0, largest * MOST_BAND)));
}

const isUnusual = span => span.used !== undefined && ((span.high !== undefined && span.used > span.high) || (span.low !== undefined && span.used < span.low));

function title({ one, days, used, expected, low, high }) {
    const lines = [`${dayOf(one.observed_at)} · ${t('chart.index')} ${volume(one.index)}`, `${t('chart.used')} ${volume(one.used)} m³ · ${Math.round(days)} ${t('days')} · ${roughly(used)} ${t('chart.a_day')}`];
    if (expected !== undefined) lines.push(`${t('chart.expected')} ${volume(one.expected)} m³ · ${t('chart.band')} ${volume(one.band_low)}–${volume(one.band_high)}`);
    if (low === undefined && high === undefined) lines.push(t('chart.no_band'));
    return lines.join('\n');
}

const Row = ({ span, isMarked }) => html`<tr class=${isMarked ? 'warn' : ''}><td>${dayOf(span.one.observed_at)}</td>
    <td class="figure">${volume(span.one.index)}</td><td class="figure">${volume(span.one.cumulative)}</td>
    <td class="figure">${volume(span.one.balance)}</td><td class="figure">${volume(span.one.used)}</td><td class="figure">${roughly(span.used)}</td>
        <td class="figure">${volume(span.one.expected)}</td>
    <td class="figure">${span.one.band_low === undefined ? '—' : `${volume(span.one.band_low)} – ${volume(span.one.band_high)}`}</td></tr>`;

const HEADS = ['chart.day', 'chart.index', 'chart.cumulative', 'chart.balance', 'chart.used', 'chart.a_day', 'chart.expected', 'chart.band'];

function Rows({ all, marked, open }) {
    return html`<details class="data" open=${open}><summary>${t('chart.data', { n: all.length })}</summary>
        <div class="rows" tabindex="0" role="region" aria-label=${t('evidence.history')}><table class="plain">
        <thead><tr>${HEADS.map((key, at) => html`<th key=${key} scope="col" class=${at ? 'figure' : ''}>${t(key)}</th>`)}</tr></thead>
        <tbody>${all.toReversed().map((span, at) => html`<${Row} key=${at} span=${span} isMarked=${marked.includes(span.one.record_id)} />`)}</tbody>
            </table></div></details>`;
}

const Legend = ({ peers, hasBand }) => html`<ul class="legend" aria-hidden="true"><li class="use">${t('chart.use')}</li>${hasBand
    ? html`<li class="band">${t('chart.band')}</li><li class="expected">${t('chart.expected')}</li>` : ''}
    ${peers?.meters ? html`<li class="peers">${t('chart.peers', { n: peers.meters })}</li>` : ''}${hasBand
        ? html`<li class="odd">${t('chart.odd')}</li>` : ''}</ul>`;

/** `marked` are the records a case rests on. */
export function HistoryChart({ history, peers, marked = [], table = false, narrow = false }) {
    const box = boxOf(narrow);
    const all = spans(history);
    if (all.length === 0) return html`<p class="quiet">${t('chart.too_short')}</p>`;
    const [from, to] = [all[0].from, all.at(-1).to];
    const median = (peers?.months ?? []).map(month => ({ ...month, at: Date.parse(`${month.month}-01T00:00:00Z`) })).filter(month => month.at + 31 * DAY > from && month.at < to);
    const most = highest(all, median);
    const marks = ticks(most / 1000);
    const top = marks.at(-1) * 1000;
    const x = scale(from, to, box.left, box.right);
    const y = scale(0, top, box.bottom, box.top);
    const held = value => Math.min(top, Math.max(0, value));
    const last = all.at(-1);
    const words = t('chart.words', { n: all.length, from: dayOf(from), to: dayOf(to), last: roughly(last.used), expected: roughly(last.expected) });
    return html`<figure class="chart"><svg viewBox=${`0 0 ${box.wide} ${HIGH}`} role="img" aria-label=${words}>
        ${marks.map(mark => html`<g key=${mark}><line class="grid" x1=${box.left} x2=${box.right} y1=${y(mark * 1000)} y2=${y(mark * 1000)} />
            <text class="tick" x=${box.left - 6} y=${y(mark * 1000) + 4} text-anchor="end">${Number(mark.toFixed(3))}</text></g>`)}
        ${months(from, to, narrow ? 6 : 9).map(([at, name]) => html`<g key=${name}>
            <line class="tickmark" x1=${x(at)} x2=${x(at)} y1=${box.bottom} y2=${box.bottom + 4} />
            <text class="tick" x=${x(at)} y=${HIGH - 8} text-anchor="middle">${name}</text></g>`)}
        ${all.map((span, at) => (span.high === undefined ? ''
            : html`<rect key=${`band${at}`} class="band" x=${x(span.from)} width=${Math.max(1, x(span.to) - x(span.from))} y=${y(held(span.high))} height=${Math.max(1, y(held(span.low ?? 0)) - y(held(span.high)))} />`))}
        ${all.map((span, at) => {
            const isMarked = marked.includes(span.one.record_id);
            return html`<g key=${`use${at}`} class=${`span${isMarked ? ' marked' : isUnusual(span) ? ' odd' : ''}`}>
                <rect class="use" x=${x(span.from) + 0.7} width=${Math.max(1, x(span.to) - x(span.from) - 1.4)} y=${y(held(span.used ?? 0))} height=${Math.max(1.5, box.bottom - y(held(span.used ?? 0)))} />
                ${span.expected === undefined ? ''
                    : html`<line class="expected" x1=${x(span.from)} x2=${x(span.to)} y1=${y(held(span.expected))} y2=${y(held(span.expected))} />`}
                ${(span.used ?? 0) > top
                    ? html`<text class="value" x=${Math.min(x(span.to), box.right) - 4} y=${box.top + 12} text-anchor="end">↑ ${roughly(span.used)}</text>` : ''}
                ${isMarked ? html`<path class="flag" d=${`M${x(span.to)} ${box.top}V${box.bottom}`} />` : ''}
                <rect class="touch" x=${x(span.from)} width=${Math.max(2, x(span.to) - x(span.from))} y=${box.top} height=${box.bottom - box.top}>
                    <title>${title(span)}</title></rect></g>`;
        })}
        ${median.map(month => html`<line key=${month.month} class="peers" x1=${Math.max(box.left, x(month.at))} x2=${Math.min(box.right, x(month.at + 30.4 * DAY))} y1=${y(held(month.median_per_day))} y2=${y(held(month.median_per_day))} />`)}
        <line class="axis" x1=${box.left} x2=${box.right} y1=${box.bottom} y2=${box.bottom} />
        <text class="tick" x=${box.left} y="9">${t('chart.unit')}</text>
    </svg><${Legend} peers=${peers} hasBand=${all.some(span => span.high !== undefined)} /><${Rows} all=${all} marked=${marked} open=${table} />
        </figure>`;
}
