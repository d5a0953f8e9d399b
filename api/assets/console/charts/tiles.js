// Tiles below a map, where the company has named some (`/v1/map`). Each is laid by its corners, brought to WGS-84 like everything else here:
// so tiles of a shifted map lie right.
import { answer } from '../answers.js';
import { wgs84 } from './datum.js';

const MOST = 64;
const DEEPEST = 18;
/** Pixels of a tile, and about as many units of the drawing may it take. */
const TILE = 256;

const column = (lng, zoom) => ((lng + 180) / 360) * 2 ** zoom;
const row = (lat, zoom) => {
    const sine = Math.sin((lat * Math.PI) / 180);
    return (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * 2 ** zoom;
};
const lngOf = (at, zoom) => (at / 2 ** zoom) * 360 - 180;
const latOf = (at, zoom) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * at) / 2 ** zoom))) * 180) / Math.PI;

/** Where one asks for tiles; `undefined` where there are none. */
export const tilesOf = () => answer('/v1/map').body?.tiles;

/**
 * The tiles that cover a drawing: `{url, x, y, width, height}`. `bounds` are its south-west and north-east corners in degrees of WGS-84, `x` and
 * `y` bring degrees to the drawing, `wide` is how many units it is across.
 */
export function tiles({ url, datum }, { bounds: [[south, west], [north, east]], x, y, wide }) {
    const zoom = Math.max(1, Math.min(DEEPEST, Math.round(Math.log2((wide / TILE) * (360 / Math.max(1e-5, east - west))))));
    const placed = (at, down) => wgs84({ lat_micro: latOf(down, zoom) * 1e6, lng_micro: lngOf(at, zoom) * 1e6, datum });
    const found = [];
    // One more on each side: a shifted map lies some hundred metres off.
    for (let at = Math.floor(column(west, zoom)) - 1; at <= Math.floor(column(east, zoom)) + 1; at += 1) {
        for (let down = Math.floor(row(north, zoom)) - 1; down <= Math.floor(row(south, zoom)) + 1; down += 1) {
            const [[top, left], [bottom, right]] = [placed(at, down), placed(at + 1, down + 1)];
            if (right < west || left > east || bottom > north || top < south) continue;
            found.push({ url: url.replace('{z}', String(zoom)).replace('{x}', String(at)).replace('{y}', String(down)),
                x: x(left), y: y(top), width: x(right) - x(left), height: y(bottom) - y(top) });
        }
    }
    return found.length > MOST ? [] : found;
}
