// Where a value lies on a drawing, and which values are written beside it.

/** A linear scale. */
export const scale = (from, to, low, high) => value => low + ((value - from) / (to - from || 1)) * (high - low);

/** Round figures from 0 to at least `most`, about so many. */
export function ticks(most, wanted = 4) {
    if (!(most > 0)) return [0, 1];
    const rough = most / wanted;
    const size = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map(times => times * size).find(one => one >= rough) ?? rough;
    return Array.from({ length: Math.ceil(most / step) + 1 }, (_, at) => at * step);
}

const DAY = 86_400_000;
const MONTH_STEPS = [1, 2, 3, 6, 12, 24];

/** The beginnings of months between two moments, at most so many. */
export function months(from, to, most = 9) {
    const step = MONTH_STEPS.find(one => (to - from) / (30.4 * DAY) / one <= most) ?? 48;
    const at = new Date(from);
    const found = [];
    for (let month = at.getUTCFullYear() * 12 + at.getUTCMonth(); ; month += 1) {
        const begin = Date.UTC(Math.floor(month / 12), month % 12, 1);
        if (begin > to) return found;
        if (begin >= from && (month % 12) % Math.min(step, 12) === 0 && (step < 24 || Math.floor(month / 12) % (step / 12) === 0)) found.push([begin, new Date(begin).toISOString().slice(0, 7)]);
    }
}
