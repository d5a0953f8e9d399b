// The course of an entry (DOMAIN 5): blind; out of band → a second blind entry; then where to look, never what to type. Pure.
import { amountOf, emptyFigure, isComplete, isTouched } from './dial.js';
import { isSame, look, needsProof } from './door.js';

/** The figures a meter shows, in the order they are read. */
export const figuresOf = meter => (meter.three_figures ? ['index', 'cumulative', 'balance'] : ['index']);

const kindOf = (meter, name) => (name === 'index' ? 'dial' : name === 'balance' ? meter.balance_unit ?? 'volume' : 'volume');

/** Empty figures of a meter. */
export const emptyFigures = (meter, rightToLeft) =>
    Object.fromEntries(figuresOf(meter).map(name => [name, emptyFigure(kindOf(meter, name), meter, rightToLeft)]));

/** The figures as amounts; those that were not typed are absent. */
export function amounts(figures) {
    const typed = Object.entries(figures).map(([name, figure]) => [name, amountOf(figure)]).filter(([, amount]) => amount !== undefined);
    return Object.fromEntries(typed);
}

/** What keeps the figures from being taken: `missing`, `half` (begun and not finished), `two_needed` … or `undefined`. */
export function formFault(meter, figures, { displayFault, photos }) {
    const names = figuresOf(meter);
    if (names.some(name => isTouched(figures[name]) && !isComplete(figures[name]))) return 'half';
    const typed = names.filter(name => isComplete(figures[name])).length;
    if (typed === names.length) return undefined;
    if (!displayFault || names.length === 1) return 'missing';
    if (typed < 2) return 'two_needed';
    return photos > 0 ? undefined : 'photo_needed';
}

/**
 * What follows after figures were typed. `first` is what was typed before, if anything.
 * `save`: take it. `again`: read the meter once more, the hints shown only from the second time on. `decide`: twice the same: keep or change.
 */
export function follow(first, meter, typed) {
    const places = look(meter, typed);
    const isTwice = first !== undefined && isSame(first, typed);
    if (places.length === 0) return { step: 'save', confirmed: isTwice };
    if (isTwice) return { step: 'decide', places, proof: needsProof(meter, typed) };
    return { step: 'again', places, told: first !== undefined };
}
