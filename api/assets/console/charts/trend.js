// A rate over periods, with its target.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { percent } from '../format.js';
import { scale } from './scale.js';

const WIDE = 640;
const HIGH = 170;
const BOX = { left: 46, right: WIDE - 16, top: 14, bottom: HIGH - 26 };

/** `points`: `{period, rate_bp, target_bp}`, the oldest first; those without a rate leave a gap. */
export function Trend({ points, name }) {
    const given = points.filter(point => point.rate_bp !== undefined && point.rate_bp !== null);
    if (given.length === 0) return html`<p class="quiet">${t('trend.none')}</p>`;
    const least = Math.min(...given.map(point => Math.min(point.rate_bp, point.target_bp)));
    const low = Math.max(0, Math.floor((least - 300) / 1000) * 1000);
    const x = scale(0, Math.max(1, points.length - 1), BOX.left + 20, BOX.right - 20);
    const y = scale(low, 10_000, BOX.bottom, BOX.top);
    const way = points.map((point, at) => (point.rate_bp === undefined ? '' : `${at && points[at - 1].rate_bp !== undefined ? 'L' : 'M'}${x(at)} ${y(point.rate_bp)}`)).join('');
    const words = `${name}: ${given.map(point => `${point.period} ${percent(point.rate_bp)}`).join(', ')}`;
    return html`<figure class="chart trend"><svg viewBox=${`0 0 ${WIDE} ${HIGH}`} role="img" aria-label=${words}>
        ${[low, (low + 10_000) / 2, 10_000].map(mark => html`<g key=${mark}>
            <line class="grid" x1=${BOX.left} x2=${BOX.right} y1=${y(mark)} y2=${y(mark)} />
            <text class="tick" x=${BOX.left - 6} y=${y(mark) + 4} text-anchor="end">${mark / 100}%</text></g>`)}
        <line class="goal" x1=${BOX.left} x2=${BOX.right} y1=${y(given.at(-1).target_bp)} y2=${y(given.at(-1).target_bp)} />
        <path class="way" d=${way} />
        ${points.map((point, at) => html`<g key=${point.period}>
            <text class="tick" x=${x(at)} y=${HIGH - 8} text-anchor="middle">${point.period}</text>
            ${point.rate_bp === undefined ? '' : html`<circle class=${point.met ? 'met' : 'missed'} cx=${x(at)} cy=${y(point.rate_bp)} r="4">
                <title>${point.period} ${percent(point.rate_bp)}</title></circle>
            <text class="value" x=${x(at)} y=${y(point.rate_bp) - 9 < BOX.top ? y(point.rate_bp) + 18 : y(point.rate_bp) - 9} text-anchor="middle">${percent(point.rate_bp)}</text>`}</g>`)}
    </svg></figure>`;
}
