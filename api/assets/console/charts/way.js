// A map: stops to scale, north up, in the order they are walked. Without tiles it is a schematic that needs no network and tells nobody
// anything; with those of the company's choice it lies on them.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { wgs84 } from './datum.js';
import { tiles, tilesOf } from './tiles.js';

const WIDE = 420;
const HIGH = 420;
const EDGE = 26;
const METRES_OF_DEGREE = 111_320;
const STEPS = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000];
/** More numbers than these can't be read. */
const MOST_NUMBERS = 60;

export function Way({ stops, isOrdered, marked }) {
    const placed = stops.filter(stop => stop.lat_micro !== undefined && stop.lat_micro !== null).map(stop => ({ stop, at: wgs84(stop) }));
    if (placed.length === 0) return html`<p class="nothing">${t('map.nowhere')}</p>`;
    const lats = placed.map(({ at }) => at[0]);
    const lngs = placed.map(({ at }) => at[1]);
    const middle = [(Math.min(...lats) + Math.max(...lats)) / 2, (Math.min(...lngs) + Math.max(...lngs)) / 2];
    const narrow = Math.cos((middle[0] * Math.PI) / 180);
    const span = Math.max((Math.max(...lats) - Math.min(...lats)) * METRES_OF_DEGREE, (Math.max(...lngs) - Math.min(...lngs)) * METRES_OF_DEGREE * narrow, 100);
    const scale = (WIDE - 2 * EDGE) / span;
    const x = lng => WIDE / 2 + (lng - middle[1]) * METRES_OF_DEGREE * narrow * scale;
    const y = lat => HIGH / 2 - (lat - middle[0]) * METRES_OF_DEGREE * scale;
    const bar = STEPS.filter(step => step * scale <= WIDE / 3).at(-1) ?? STEPS[0];
    const line = placed.map(({ at }, index) => `${index ? 'L' : 'M'}${x(at[1]).toFixed(1)} ${y(at[0]).toFixed(1)}`).join('');
    const ground = tilesOf();
    const degrees = [WIDE / 2 / (METRES_OF_DEGREE * scale * narrow), HIGH / 2 / (METRES_OF_DEGREE * scale)];
    /** @type {[[number, number], [number, number]]} */
    const bounds = [[middle[0] - degrees[1], middle[1] - degrees[0]], [middle[0] + degrees[1], middle[1] + degrees[0]]];
    const below = ground ? tiles(ground, { bounds, x, y, wide: WIDE }) : [];
    const hasNumbers = isOrdered && placed.length <= MOST_NUMBERS;
    return html`<figure class="way"><svg viewBox=${`0 0 ${WIDE} ${HIGH}`} role="img" aria-label=${t('map.words',
        { n: placed.length, missing: stops.length - placed.length })}>
        ${below.map(tile => html`<image key=${tile.url} href=${tile.url} x=${tile.x} y=${tile.y} width=${tile.width} height=${tile.height}
            preserveAspectRatio="none" />`)}
        ${isOrdered ? html`<path class="path" d=${line} />` : ''}
        ${placed.map(({ stop, at }) => html`<g key=${stop.service_point_id} class=${`place${stop.visited ? ' visited' : ''}${marked.has(stop.service_point_id) ? ' marked' : ''}${stop.warnings.length || stop.reason ? ' warned' : ''}`}>
            <circle cx=${x(at[1])} cy=${y(at[0])} r=${hasNumbers ? 9 : 4}><title>${stop.position || ''} ${stop.service_point_number}</title></circle>
            ${hasNumbers ? html`<text x=${x(at[1])} y=${y(at[0]) + 3.5} text-anchor="middle">${stop.position}</text>` : ''}</g>`)}
        <g class="bar"><path d=${`M12 ${HIGH - 14}h${bar * scale}m0 -4v8M12 ${HIGH - 18}v8`} />
            <text x="14" y=${HIGH - 22}>${bar >= 1000 ? `${bar / 1000} km` : `${bar} m`}</text></g>
        <g class="north"><path d="M402 12l6 16-6-4-6 4z" /><text x="402" y="40" text-anchor="middle">${t('map.north')}</text></g>
    </svg><figcaption class="quiet">${t(below.length ? 'map.on_tiles' : 'map.about')}</figcaption></figure>`;
}
