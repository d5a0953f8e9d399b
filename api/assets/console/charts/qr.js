// A QR code (ISO/IEC 18004: bytes, level M, versions 2 to 6) drawn as SVG: an activation link for a phone's camera, made here so that
// no other party ever sees it.
import { html } from '/assets/lib/html.js';

/** By version: data and correction codewords of a block, blocks. */
const VERSIONS = { 2: [28, 16, 1], 3: [44, 26, 1], 4: [32, 18, 2], 5: [43, 24, 2], 6: [27, 16, 4] };

// Arithmetic in GF(256) over x^8+x^4+x^3+x^2+1.
const EXP = [];
const LOG = [];
for (let power = 0, value = 1; power < 255; power += 1) {
    EXP[power] = value;
    LOG[value] = power;
    value = value < 128 ? value * 2 : (value * 2) ^ 0x11d;
}
const times = (one, two) => (one && two ? EXP[(LOG[one] + LOG[two]) % 255] : 0);

/** Reed–Solomon: what is left of the data divided by the generator. */
function correction(data, length) {
    let generator = [1];
    for (let at = 0; at < length; at += 1) {
        const next = [...generator, 0];
        generator.forEach((factor, place) => { next[place + 1] ^= times(factor, EXP[at]); });
        generator = next;
    }
    const rest = [...data, ...Array(length).fill(0)];
    for (let at = 0; at < data.length; at += 1) {
        const lead = rest[at];
        generator.forEach((factor, place) => { rest[at + place] ^= times(factor, lead); });
    }
    return rest.slice(data.length);
}

/** All codewords of a text, interleaved. */
function codewords(bytes, [ofBlock, ofCorrection, blocks]) {
    const room = ofBlock * blocks;
    const bits = [...'0100', ...bytes.length.toString(2).padStart(8, '0'), ...[...bytes].flatMap(byte => [...byte.toString(2).padStart(8, '0')])];
    while (bits.length < room * 8 && (bits.length % 8 || bits.length < (bytes.length + 2) * 8)) bits.push('0');
    const data = [];
    for (let at = 0; at < bits.length; at += 8) data.push(parseInt(bits.slice(at, at + 8).join(''), 2));
    for (let pad = 0; data.length < room; pad += 1) data.push(pad % 2 ? 0x11 : 0xec);
    const parts = Array.from({ length: blocks }, (_, at) => data.slice(at * ofBlock, (at + 1) * ofBlock));
    const checks = parts.map(part => correction(part, ofCorrection));
    const woven = lists => lists[0].flatMap((_, at) => lists.map(list => list[at]));
    return [...woven(parts), ...woven(checks)];
}

const MASKS = [(y, x) => (y + x) % 2, y => y % 2, (y, x) => x % 3, (y, x) => (y + x) % 3, (y, x) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2, (y, x) => ((y * x) % 2) + ((y * x) % 3), (y, x) => (((y * x) % 2) + ((y * x) % 3)) % 2, (y, x) => (((y + x) % 2) + ((y * x) % 3)) % 2];

/** The fixed patterns; `undefined` is left for data. */
function frame(version) {
    const size = 17 + 4 * version;
    const grid = Array.from({ length: size }, () => Array(size));
    const square = (top, left, reach, dark) => {
        for (let y = -reach; y <= reach; y += 1) for (let x = -reach; x <= reach; x += 1) if (grid[top + y] && left + x >= 0 && left + x < size) grid[top + y][left + x] = dark(Math.max(Math.abs(y), Math.abs(x)));
    };
    for (const [top, left] of [[3, 3], [3, size - 4], [size - 4, 3]]) square(top, left, 4, ring => ring !== 2 && ring !== 4);
    square(size - 7, size - 7, 2, ring => ring !== 1);
    for (let at = 8; at < size - 8; at += 1) grid[6][at] = grid[at][6] = at % 2 === 0;
    return grid;
}

/** Level and mask, twice, with their own correction. */
function addFormat(grid, mask) {
    const size = grid.length;
    let rest = mask << 10;
    for (let at = 14; at >= 10; at -= 1) if (rest & (1 << at)) rest ^= 0x537 << (at - 10);
    const format = ((mask << 10) | rest) ^ 0x5412;
    for (let at = 0; at < 15; at += 1) {
        const dark = Boolean(format & (1 << at));
        grid[at < 6 ? at : at < 8 ? at + 1 : size - 15 + at][8] = dark;
        grid[8][at < 8 ? size - 1 - at : at === 8 ? 7 : 14 - at] = dark;
    }
    grid[size - 8][8] = true;
}

function place(grid, words, mask) {
    const size = grid.length;
    const bits = words.flatMap(word => [...word.toString(2).padStart(8, '0')]);
    let at = 0;
    for (let right = size - 1, up = true; right > 0; right -= 2, up = !up) {
        if (right === 6) right = 5;
        for (let step = 0; step < size; step += 1) {
            const y = up ? size - 1 - step : step;
            for (const x of [right, right - 1]) {
                if (grid[y][x] !== undefined) continue;
                grid[y][x] = (bits[at] === '1') !== (MASKS[mask](y, x) === 0);
                at += 1;
            }
        }
    }
}

/** How hard a grid is to scan: long runs and blocks of one colour. */
function hardness(grid) {
    let sum = 0;
    for (let y = 1; y < grid.length; y += 1) for (let x = 1; x < grid.length; x += 1) {
        const [one, left, above, corner] = [grid[y][x], grid[y][x - 1], grid[y - 1][x], grid[y - 1][x - 1]];
        if (one === left && one === above && one === corner) sum += 3;
        for (const run of [[0, 1],
            [1, 0]]) if (y >= 4 && x >= 4 && [1, 2, 3, 4].every(back => grid[y - run[0] * back][x - run[1] * back] === one)) sum += 1;
    }
    return sum;
}

/** Dark modules by row, or `undefined` where the text is too long. */
export function modules(text) {
    const bytes = new TextEncoder().encode(text);
    const version = Object.keys(VERSIONS).map(Number).find(one => VERSIONS[one][0] * VERSIONS[one][2] >= bytes.length + 2);
    if (version === undefined) return undefined;
    const words = codewords(bytes, VERSIONS[version]);
    const grids = MASKS.map((_, mask) => {
        const grid = frame(version);
        addFormat(grid, mask);
        place(grid, words, mask);
        return grid;
    });
    return grids.reduce((best, grid) => (hardness(grid) < hardness(best) ? grid : best));
}

const QUIET = 4;

export function Code({ text, label }) {
    const grid = modules(text);
    if (!grid) return '';
    const whole = grid.length + 2 * QUIET;
    const way = grid.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : ''))).join('');
    return html`<svg class="qr" viewBox=${`0 0 ${whole} ${whole}`} role="img" aria-label=${label} shape-rendering="crispEdges">
        <rect width=${whole} height=${whole} fill="#fff" /><path d=${way} fill="#000" /></svg>`;
}
