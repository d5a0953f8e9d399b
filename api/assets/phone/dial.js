// Figures as they are typed: an index in the cells of its dial, black and red; a cumulative or balance as a plain number.
// Pure: no screen in here. Amounts are integers, of 0.001 m³ or fen; no floating point touches them.

/** Decimals of m³ that must be read for a step of 0.001 m³ × resolution: 1000 → 0, 100 → 1 … */
const decimalsOf = resolution => Math.max(0, 3 - Math.floor(Math.log10(Math.max(1, resolution))));

/** The wheels of a meter's index. `needed` of the red ones must be read, the others may be.
 * @param {PulledMeter} meter */
export function wheelsOf(meter) {
    const red = Math.min(3, meter.digits_decimal);
    return { black: meter.digits_integer, red, needed: Math.min(red, decimalsOf(meter.resolution)) };
}

/** An empty figure. `kind` is `dial`, `volume` (0.001 m³) or `money` (fen). */
export function emptyFigure(kind, meter, rightToLeft = false) {
    if (kind !== 'dial') return { kind, text: '' };
    const { black, red, needed } = wheelsOf(meter);
    const cells = Array(black + red).fill('');
    return { kind, cells, black, needed, at: rightToLeft ? black + needed - 1 : 0, rightToLeft };
}

const DECIMALS = { volume: 3, money: 2 };
const MOST_DIGITS = 10;

/** The figure after a key: `0` … `9`, `.`, `-`, `back`, `clear`, or `{at}` to go to a wheel. */
export function press(figure, key) {
    return figure.kind === 'dial' ? pressDial(figure, key) : pressPlain(figure, key);
}

function pressDial(figure, key) {
    const cells = [...figure.cells];
    const step = figure.rightToLeft ? -1 : 1;
    const inside = at => Math.max(0, Math.min(cells.length - 1, at));
    if (typeof key === 'object') return { ...figure, at: inside(key.at) };
    if (key === 'clear') return { ...figure, cells: cells.map(() => ''), at: figure.rightToLeft ? figure.black + figure.needed - 1 : 0 };
    if (key === 'back') {
        const at = cells[inside(figure.at)] === '' ? inside(figure.at - step) : inside(figure.at);
        cells[at] = '';
        return { ...figure, cells, at };
    }
    if (!/^[0-9]$/.test(key)) return figure;
    // Beyond the last wheel nothing is overwritten by one key too many.
    if (figure.at < 0 || figure.at >= cells.length) return figure;
    cells[figure.at] = key;
    return { ...figure, cells, at: figure.at + step };
}

function pressPlain(figure, key) {
    const { text } = figure;
    const [whole, decimals] = text.replace('-', '').split('.');
    if (key === 'clear') return { ...figure, text: '' };
    if (key === 'back') return { ...figure, text: text.slice(0, -1) };
    if (key === '-') return { ...figure, text: text.startsWith('-') ? text.slice(1) : `-${text}` };
    if (key === '.') return text.includes('.') ? figure : { ...figure, text: `${text}${whole ? '' : '0'}.` };
    if (!/^[0-9]$/.test(key)) return figure;
    const isFull = decimals === undefined ? whole.length >= MOST_DIGITS : decimals.length >= DECIMALS[figure.kind];
    return isFull ? figure : { ...figure, text: text + key };
}

/** Whether something was typed. */
export const isTouched = figure => (figure.kind === 'dial' ? figure.cells.some(cell => cell !== '') : figure.text !== '');

/** Whether all that must be read was typed. Red wheels beyond those needed may stay empty, but not with a gap. */
export function isComplete(figure) {
    if (figure.kind !== 'dial') return /^-?\d+(\.\d*)?$/.test(figure.text);
    const must = figure.cells.slice(0, figure.black + figure.needed);
    const rest = figure.cells.slice(figure.black + figure.needed).join(' ');
    return must.every(cell => cell !== '') && !/^ +\d/.test(rest) && !/\d {2,}\d/.test(rest);
}

/** The amount in 0.001 m³ or fen; `undefined` where it is not complete. */
export function amountOf(figure) {
    if (!isComplete(figure)) return undefined;
    if (figure.kind === 'dial') {
        const whole = figure.cells.slice(0, figure.black).join('');
        const decimals = figure.cells.slice(figure.black).join('').padEnd(3, '0');
        return Number(whole + decimals);
    }
    const [whole, decimals = ''] = figure.text.replace('-', '').split('.');
    const amount = Number(whole + decimals.padEnd(DECIMALS[figure.kind], '0'));
    return figure.text.startsWith('-') ? -amount : amount;
}

/** An amount as its display shows it. */
export function shown(kind, amount, meter) {
    if (amount === undefined || amount === null) return '';
    const places = kind === 'money' ? 2 : 3;
    const digits = String(Math.abs(amount)).padStart(places + 1, '0');
    const [whole, decimals] = [digits.slice(0, -places), digits.slice(-places)];
    if (kind === 'dial') {
        const { black, red, needed } = wheelsOf(meter);
        const reds = /^0*$/.test(decimals) ? needed : red;
        return whole.padStart(black, '0') + (reds ? `.${decimals.slice(0, reds)}` : '');
    }
    const rest = kind === 'money' ? decimals : decimals.replace(/0+$/, '');
    return `${amount < 0 ? '-' : ''}${kind === 'money' ? '¥' : ''}${whole}${rest ? `.${rest}` : ''}`;
}
