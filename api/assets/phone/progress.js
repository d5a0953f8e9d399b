// How the rounds stand, by what the server says and what this phone has noted since.
import { count, standing } from './rounds.js';
import { state } from './state.js';

/** Own readings and attempts by stop. */
export function ownByStop() {
    const found = new Map();
    for (const record of state.records.values()) {
        if (record.kind !== 'reading' && record.kind !== 'attempt') continue;
        const list = found.get(record.stop) ?? [];
        list.push(record);
        found.set(record.stop, list);
    }
    return found;
}

/** A function from stop to how it stands. */
export function standings() {
    const own = ownByStop();
    return stop => standing(stop, own.get(stop.id));
}

/** When this phone last noted a visit at a stop, by its own clock. */
export function triedAt() {
    const own = ownByStop();
    return stop => Math.max(-Infinity, ...(own.get(stop.id) ?? []).map(record => Date.parse(record.made_at)));
}

export const allStops = () => [...state.rounds.values()].flatMap(round => round.stops);

export const progressOfAll = () => count(allStops(), standings());

/** A stop with its round, by id. */
export function findStop(id) {
    for (const round of state.rounds.values()) {
        const stop = round.stops.find(known => known.id === Number(id));
        if (stop) return { round, stop };
    }
    return undefined;
}
