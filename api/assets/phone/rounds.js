// The rounds as pull answers build them up (PROTOCOL "Pull"), and what they add up to. Pure.

const byOrder = (one, two) => one.position - two.position || one.id - two.id;

/** Applies one page to a map of rounds by id, in the order the contract gives. Returns the new map; throws on a page that is not whole.
 * @param {Map<number, PulledRound>} held
 * @param {PullAnswer} page */
export function apply(held, page) {
    const lists = ['removed', 'rounds', 'changed_rounds', 'removed_stops', 'stops'];
    if (typeof page.cursor !== 'string' || !lists.every(list => Array.isArray(page[list]))) throw new Error('a pull answer that is not whole');
    const next = page.reset ? new Map() : new Map(held);
    const change = (id, work) => {
        const round = next.get(id);
        // Of a round that is not held there is nothing to change.
        if (round) next.set(id, work(round));
    };
    page.removed.forEach(gone => next.delete(gone.round_id));
    page.rounds.forEach(round => next.set(round.id, round));
    page.changed_rounds.forEach(({ reason, ...own }) => change(own.id, round => ({ ...own, stops: round.stops })));
    const others = (round, stop) => round.stops.filter(known => known.id !== stop);
    page.removed_stops.forEach(gone => change(gone.round_id, round => ({ ...round, stops: others(round, gone.stop_id) })));
    page.stops.forEach(({ round_id, stop }) => change(round_id, round => ({ ...round, stops: [...others(round, stop.id), stop].sort(byOrder) })));
    return next;
}

/** The stops of a round as the reader walks: `office`, `learned`, or either backwards.
 * @param {PulledRound} round
 * @param {string} order */
export function ordered(round, order) {
    const stops = [...round.stops];
    if (order.startsWith('learned')) {
        const place = stop => stop.learned_position ?? stop.position;
        stops.sort((one, two) => place(one) - place(two) || byOrder(one, two));
    }
    return order.endsWith('reverse') ? stops.reverse() : stops;
}

/** How a stop stands: what the server says, or what this phone has noted since. `refused` where its record was turned down.
 * @param {PulledStop} stop
 * @param {OwnRecord[]} own */
export function standing(stop, own = []) {
    const good = own.filter(record => record.outcome !== 'rejected' && record.outcome !== 'conflict');
    if (stop.state === 'read' || good.some(record => record.kind === 'reading')) return 'read';
    if (own.length > good.length) return 'refused';
    if (stop.state === 'no_access' || good.some(record => record.kind === 'attempt')) return 'no_access';
    return 'open';
}

/** Counts of stops by how they stand. */
export function count(stops, standingOf) {
    const counts = { all: stops.length, read: 0, no_access: 0, open: 0, refused: 0 };
    for (const stop of stops) counts[standingOf(stop)] += 1;
    counts.left = counts.all - counts.read;
    return counts;
}

/** What each class still needs for its target among these stops, in whole points: ceil(target × all) − read.
 * @param {PulledStop[]} stops
 * @param {(stop: PulledStop) => string} standingOf
 * @param {CatalogueTarget[]} targets */
export function owedToTarget(stops, standingOf, targets) {
    const classes = targets.map(target => {
        const own = stops.filter(stop => stop.class === target.class);
        const read = own.filter(stop => standingOf(stop) === 'read').length;
        const needed = Math.ceil((own.length * target.target_bp) / 10_000);
        return { ...target, all: own.length, read, needed, missing: Math.max(0, needed - read) };
    });
    return classes.filter(row => row.all > 0);
}

const dayOf = at => new Date(at).toDateString();

/** Who comes this much too early has come. */
const EARLY_MS = 30 * 60_000;

/** What is promised for the day of `now` and not kept yet, the earliest first: `{stop, from_at, until_at, over}`. Of several times at one
 * stop each is a choice. A visit keeps the promise, whatever came of it; one before the time does not: times are often agreed after it.
 * @param {PulledStop[]} stops
 * @param {(stop: PulledStop) => string} standingOf
 * @param {(stop: PulledStop) => number} triedAt when this phone last noted a visit there
 * @param {number} now */
export function promisedToday(stops, standingOf, triedAt, now) {
    const rows = stops.filter(stop => stop.appointments && standingOf(stop) !== 'read').flatMap(stop => stop.appointments
        .filter(({ from_at }) => dayOf(from_at) === dayOf(now) && triedAt(stop) < Date.parse(from_at) - EARLY_MS)
        .map(({ from_at, until_at }) => ({ stop, from_at, until_at, over: Date.parse(until_at) < now })));
    return rows.sort((one, two) => Date.parse(one.from_at) - Date.parse(two.from_at) || byOrder(one.stop, two.stop));
}

/** Of the times agreed at a stop the one that comes next, or the last one.
 * @param {PulledStop} stop
 * @param {number} now */
export const nextPromise = (stop, now) => stop.appointments?.find(({ until_at }) => Date.parse(until_at) >= now) ?? stop.appointments?.at(-1);

const plain = text => String(text ?? '').toLowerCase().replace(/[\s-]/g, '');

/** Stops that a search finds: by meter number, customer number or address. The number's end is what one can read on a dusty meter.
 * @param {PulledStop[]} stops
 * @param {string} wanted */
export function search(stops, wanted) {
    const sought = plain(wanted);
    if (!sought) return stops;
    return stops.filter(stop => [stop.meter?.number, stop.service_point_number, stop.address].some(text => plain(text).includes(sought)));
}

/** As short as this, a number may stand in a code by chance. */
const TELLING = 5;

/** Stops that a bar code names: by the number itself, or by one that holds it, as makers' codes do.
 * @param {PulledStop[]} stops
 * @param {string} code */
export function scanned(stops, code) {
    const found = search(stops, code);
    if (found.length) return found;
    return stops.filter(stop => plain(stop.meter?.number).length >= TELLING && plain(code).includes(plain(stop.meter.number)));
}

/** A name for a list: the family name, the rest hidden until the stop is opened. */
export const masked = name => (name ? `${[...name][0]}${'＊'.repeat(Math.max(1, Math.min(2, [...name].length - 1)))}` : '');
