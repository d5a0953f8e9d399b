// What the server answered, kept while it is looked at. A page names what it shows; asking, keeping and renewing happen here, so that
// nothing jumps: what was there stays until its successor has come.
import { uuidv7 } from '/assets/lib/canonical.js';
import { NoAnswer, Problem, ask } from '/assets/lib/link.js';
import { mayRenew } from './idle.js';
import { isTold } from './live.js';
import { SessionEnded, signed } from './session.js';
import { draw, state, tell } from './state.js';
import { problemText } from './frame/problem.js';

const MOST = 150;
const RARELY_MS = 120_000;
/**
 * @typedef {{path: string, body?: any, problem?: Error, busy: boolean, stale: boolean, read: number, asked?: number, waits?: boolean, before?: boolean}} Answer
 * @type {Map<string, Answer>}
 */
const kept = new Map();
/** @type {Map<string, string>} */
const lastOf = new Map();
let reads = 0;

async function askFor(entry) {
    entry.busy = true;
    entry.stale = false;
    entry.asked = Date.now();
    try {
        const { body, headers } = await signed(token => ask('GET', entry.path, { token }));
        const date = Date.parse(headers.get('date') ?? '');
        // The clock of a demonstration may stand elsewhere: /v1/meta says where.
        if (!entry.path.startsWith('/v1/meta') && state.skew === 0 && date && Math.abs(date - Date.now()) > 120_000) state.skew = date - Date.now();
        entry.body = body;
        entry.problem = undefined;
    } catch (fault) {
        if (!(fault instanceof SessionEnded)) entry.problem = fault;
    }
    entry.busy = false;
    draw();
}

function trim() {
    if (kept.size <= MOST) return;
    const oldest = [...kept.values()].filter(entry => !entry.busy).sort((one, two) => one.read - two.read).slice(0, kept.size - MOST);
    for (const { path } of oldest) kept.delete(path);
}

/**
 * What the server says at `path`: `{body, problem, busy}`. With `slot`, the answer shown last in that place stands in until this one is
 * there. With `every`, it is renewed after so many ms for as long as it is on the screen.
 */
export function answer(path, { slot = '', every = 0 } = {}) {
    let entry = kept.get(path);
    if (!entry) {
        entry = { path, busy: false, stale: true, read: 0 };
        kept.set(path, entry);
        trim();
    }
    entry.read = reads += 1;
    if (entry.stale && !entry.busy) askFor(entry);
    if (every && !entry.waits) renewLater(entry, every);
    if (entry.body !== undefined || entry.problem) {
        if (slot) lastOf.set(slot, path);
        return entry;
    }
    const before = slot && kept.get(lastOf.get(slot) ?? '');
    return before && before.body !== undefined ? { ...entry, body: before.body, busy: true, before: true } : entry;
}

function renewLater(entry, every) {
    entry.waits = true;
    setTimeout(() => {
        const seen = entry.read;
        entry.waits = false;
        draw();
        setTimeout(() => {
            // Still on the screen: the drawing read it again.
            if (entry.read === seen || kept.get(entry.path) !== entry || document.hidden || !mayRenew()) return;
            // Whoever is told asks seldom: for what no poke tells of, such as a day that ends.
            if (isTold() && topicsOf(entry.path).length && Date.now() - entry.asked < RARELY_MS) return;
            entry.stale = true;
            draw();
        }, 50);
    }, every);
}

/** What a poke of a topic makes old, by the beginning of its path. @type {[string, string[]][]} */
const TOPICS = [
    ['/v1/rounds', ['rounds']], ['/v1/plans', ['rounds']], ['/v1/appointments', ['rounds']], ['/v1/absences', ['rounds']],
    ['/v1/cases', ['cases']], ['/v1/rules', ['cases']], ['/v1/hazards', ['cases']], ['/v1/found-changes', ['cases']],
    ['/v1/coverage', ['coverage']], ['/v1/periods', ['coverage']], ['/v1/time-reviews', ['coverage']], ['/v1/service-points?period', ['coverage']],
    ['/v1/quarantine', ['quarantine']],
    ['/v1/devices', ['phones']], ['/v1/gaps', ['phones']], ['/v1/photos/missing', ['phones']],
];
const topicsOf = place => TOPICS.find(([beginning]) => place.startsWith(beginning))?.[1] ?? [];

/** Something has changed: what is on the screen and of these topics, and renews itself, is asked anew. */
export function pokeAnswers(topics) {
    for (const entry of kept.values()) if (entry.waits && topicsOf(entry.path).some(topic => topics.has(topic))) entry.stale = true;
    draw();
}

/** What is there already, without asking. */
export const known = path => kept.get(path)?.body;

/** What begins with one of these is asked anew when it is next shown; the old stays until then. */
export function renew(...prefixes) {
    for (const entry of kept.values()) if (prefixes.some(prefix => entry.path.startsWith(prefix))) entry.stale = true;
    draw();
}

/** Another person or another language. */
export function forgetAnswers() {
    kept.clear();
    lastOf.clear();
}

/** A path with its query, empty members left out. */
export function path(place, query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '' && value !== null);
    return given.length ? `${place}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : place;
}

/** Does something. Returns the answer's body, or undefined where it was told why not. */
export async function act(method, place, json, { renews = [], quiet = false } = {}) {
    // Kept for a second try: the same key brings the same answer.
    const headers = method === 'POST' ? { 'idempotency-key': uuidv7() } : {};
    const once = () => signed(token => ask(method, place, { token, json, headers }));
    try {
        const { body } = await once().catch(fault => {
            if (fault instanceof NoAnswer) return once();
            throw fault;
        });
        renew(...renews);
        return body ?? {};
    } catch (fault) {
        if (fault instanceof SessionEnded) return undefined;
        if (quiet) throw fault;
        tell(problemText(fault), true);
        return undefined;
    }
}

/** A file of the server's, kept under the name it gave. */
export async function download(place, name) {
    try {
        await signed(async token => {
            const reply = await fetch(place,
                { headers: { authorization: `Bearer ${token}`, 'accept-language': document.documentElement.lang }, cache: 'no-store' });
            if (!reply.ok) throw new Problem(reply.status, await reply.json().catch(() => ({})), 0);
            const given = /filename="([^"]+)"/.exec(reply.headers.get('content-disposition') ?? '');
            const link = document.createElement('a');
            link.href = URL.createObjectURL(await reply.blob());
            link.download = given?.[1] ?? name;
            link.click();
            setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
        });
    } catch (fault) {
        tell(problemText(fault instanceof TypeError ? new NoAnswer() : fault), true);
    }
}

/** A photo as a data URL: the policy lets a page show nothing else, and a photo is asked for with a token. */
const photos = new Map();
export function photo(sha256) {
    const found = photos.get(sha256);
    if (found) return found;
    const entry = { url: '', gone: false };
    photos.set(sha256, entry);
    signed(async token => {
        const reply = await fetch(`/v1/photos/${sha256}`, { headers: { authorization: `Bearer ${token}` } });
        if (!reply.ok) throw new Problem(reply.status, {}, 0);
        const reader = new FileReader();
        reader.onload = () => {
            entry.url = String(reader.result);
            draw();
        };
        reader.readAsDataURL(await reply.blob());
    }).catch(() => {
        entry.gone = true;
        draw();
    });
    return entry;
}
