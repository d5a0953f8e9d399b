// Sending and asking (PROTOCOL "Push", "Pull"): records first, then rounds, then photos. One at a time over all windows of the phone.
// On iOS nothing runs in the background, so it is tried at the start, when the app is looked at, when the network comes back, every
// 15 s while it is seen, and when the server pokes.
import { NoAnswer, Problem, ask, wait } from '/assets/lib/link.js';
import { uuidv7 } from '/assets/lib/canonical.js';
import * as database from './database.js';
import * as outbox from './outbox.js';
import { sendPhotos } from './photos.js';
import { apply } from './rounds.js';
import { SessionEnded, signed } from './session.js';
import { draw, state, tellOthers } from './state.js';

const BATCH = 100;
const EVERY_MS = 15_000;
/** While the server pokes, looking around by oneself can be rare. */
const EVERY_POKED_MS = 120_000;
/** The server spreads refetches over five minutes. */
const MOST_JITTER_MS = 600_000;

let failures = 0;
/** By the monotonic clock: a phone whose date is set back must not be silent for a day. */
let notBefore = 0;
let running;
let again = false;

/** Syncs now, or once more after the one under way. `eager`: a person asked, or the network came back. */
export function sync(eager = false) {
    if (eager) notBefore = 0;
    if (running) {
        again = true;
        return running;
    }
    if (!state.session || state.session.ended || performance.now() < notBefore) return Promise.resolve();
    running = locked(round).finally(() => {
        running = undefined;
        if (again) {
            again = false;
            sync();
        }
    });
    return running;
}

const locked = work => (navigator.locks ? navigator.locks.request('meterbook-sync', { ifAvailable: true }, lock => lock && work()) : work());

async function round() {
    state.sync.busy = true;
    draw();
    try {
        await push();
        await pull();
        await sendPhotos();
        failures = 0;
        Object.assign(state.sync, { okAt: Date.now(), problem: undefined, reachable: true });
    } catch (fault) {
        note(fault);
    } finally {
        state.sync.busy = false;
        await recount();
        tellOthers('synced');
    }
}

/** What went wrong, for the reader; nothing of it touches the outbox. */
function note(fault) {
    failures += 1;
    const asked = fault instanceof Problem ? fault.retryAfter : 0;
    notBefore = performance.now() + wait(failures, asked, 60_000);
    state.sync.reachable = !(fault instanceof NoAnswer);
    if (fault instanceof SessionEnded) state.sync.problem = { kind: 'ended' };
    else if (fault instanceof NoAnswer) state.sync.problem = { kind: 'offline' };
    else if (fault instanceof Problem) state.sync.problem = { kind: 'problem', title: fault.title, detail: fault.detail };
    else state.sync.problem = { kind: database.isFull(fault) ? 'full' : 'fault', detail: String(fault?.message ?? fault) };
}

/** The three counts that are always on the screen. */
export async function recount() {
    state.counts = await outbox.counts(state.session?.account.id);
    draw();
}

function remember(rows) {
    rows.forEach(row => state.records.set(row.id, row));
    draw();
}

async function push() {
    let size = Math.min(BATCH, state.limits?.push_items ?? BATCH);
    const tooLarge = new Set();
    for (;;) {
        const waiting = (await outbox.owed(state.session.account.id, size + tooLarge.size)).filter(row => !tooLarge.has(row.id)).slice(0, size);
        if (waiting.length === 0) return;
        /** @type {PushAnswer} */
        let answer;
        try {
            answer = (await signed('POST', '/v1/sync/records', { json: await envelope(waiting) })).body;
        } catch (fault) {
            if (!(fault instanceof Problem) || fault.status !== 413) throw fault;
            // Too much at once: half. One that is too large alone stays, and the others go on without it.
            if (waiting.length === 1) tooLarge.add(waiting[0].id);
            size = Math.max(1, Math.floor(waiting.length / 2));
            continue;
        }
        const settled = await outbox.settle(answer.items);
        remember(settled);
        state.sync.skew = Date.parse(answer.server_time) - Date.now();
        await recount();
        // Whatever was not named is still owed. With no progress there is no use in asking again at once.
        if (settled.length === 0) throw new Problem(503, {}, answer.backoff_s);
        if (answer.backoff_s > 0) await new Promise(done => setTimeout(done, answer.backoff_s * 1000));
    }
}

/** The bodies go out as they are stored: a parse and a print could change them. */
async function envelope(rows) {
    const { at, elapsed_ms, boot_id } = state.clocks.now();
    const head = JSON.stringify({ batch_id: uuidv7(), sent_at: at, sent_elapsed_ms: elapsed_ms, boot_id, last_seq: await outbox.lastSeq() });
    return `${head.slice(0, -1)},"items":[${rows.map(row => row.body).join(',')}]}`;
}

async function pull() {
    for (let more = true; more;) {
        const pulled = (await database.kept('pulled')) ?? {};
        const query = pulled.cursor ? `?cursor=${encodeURIComponent(pulled.cursor)}` : '';
        const headers = pulled.cursor && pulled.etag ? { 'if-none-match': pulled.etag } : {};
        let answer;
        try {
            answer = await signed('GET', `/v1/sync/changes${query}`, { headers });
        } catch (fault) {
            // A cursor the server does not know starts over; nothing is lost by it.
            if (!(fault instanceof Problem) || fault.status !== 400 || !pulled.cursor) throw fault;
            await database.keep('pulled', { ...pulled, cursor: undefined, etag: undefined });
            continue;
        }
        if (answer.status === 304) break;
        more = await take(answer.body, answer.headers.get('etag'), pulled);
    }
    await fetchRounds();
}

/** One page: the changes and their cursor are on disk together, or neither is.
 * @param {PullAnswer} page */
async function take(page, etag, pulled) {
    const before = page.reset ? new Map() : state.rounds;
    const after = apply(before, page);
    const catalogue = page.catalogue ?? state.catalogue;
    const refetch = [...(page.reset ? [] : pulled.refetch ?? []), ...page.refetch.map(one => ({ id: one.round_id, at: Date.now() + one.after_s * 1000 }))];
    if (page.reset && pulled.epoch && pulled.epoch !== page.epoch) await offer(page.reoffer_since);
    await database.write(['kept', 'rounds'], stores => {
        if (page.reset) stores.rounds.clear();
        for (const id of before.keys()) if (!after.has(id)) stores.rounds.delete(id);
        for (const [id, round] of after) if (before.get(id) !== round) stores.rounds.put(round);
        stores.kept.put({ cursor: page.cursor, etag: page.more ? undefined : etag, epoch: page.epoch, refetch }, 'pulled');
        if (page.catalogue) stores.kept.put(page.catalogue, 'catalogue');
    });
    Object.assign(state, { rounds: after, catalogue });
    if (page.verdicts.length) remember(await outbox.judge(page.verdicts));
    draw();
    return page.more;
}

/** Another epoch: the server was restored from a backup. What it lacks is owed again. */
async function offer(since) {
    const ids = await outbox.settledIds(state.session.account.id, since ? Date.parse(since) - 86_400_000 : undefined);
    const most = state.limits?.offer_ids ?? 1000;
    for (let at = 0; at < ids.length; at += most) {
        const { body } = await signed('POST', '/v1/sync/offer', { json: { ids: ids.slice(at, at + most) } });
        await outbox.oweAgain(body.missing);
    }
    if (ids.length) again = true;
}

/** Rounds the server named after a long absence, each after its time. */
async function fetchRounds() {
    const pulled = (await database.kept('pulled')) ?? {};
    for (const { id, at } of pulled.refetch ?? []) {
        // What lies far ahead was noted by a clock that was wrong then or is now.
        if (at - Date.now() > 0 && at - Date.now() < MOST_JITTER_MS) continue;
        /** @type {PulledRound | undefined} */
        let round;
        try {
            round = (await signed('GET', `/v1/sync/rounds/${id}`)).body;
        } catch (fault) {
            // It has gone to another since: the next page says so.
            if (!(fault instanceof Problem) || fault.status !== 404) throw fault;
        }
        await database.write(['kept', 'rounds'], async stores => {
            const now = await database.result(stores.kept.get('pulled'));
            stores.kept.put({ ...now, refetch: now.refetch.filter(one => one.id !== id) }, 'pulled');
            if (round) stores.rounds.put(round);
        });
        if (round) state.rounds = new Map(state.rounds).set(id, round);
    }
}

/** Limits and time of the server; without it the defaults do. */
async function askMeta() {
    /** @type {{body: Meta}} */
    const { body } = await ask('GET', '/v1/meta');
    state.limits = body.limits;
    state.sync.skew = Date.parse(body.server_time) - Date.now();
}

let poked = false;

/** Listens for pokes while the app is seen. They carry nothing; what changed is pulled. */
async function listen() {
    while (document.visibilityState === 'visible' && state.session && !state.session.ended) {
        try {
            const answer = await fetch('/v1/sync/pokes', { headers: { authorization: `Bearer ${state.session.access}` }, cache: 'no-store' });
            if (!answer.ok || !answer.body) throw new Error(String(answer.status));
            poked = true;
            const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
            for (;;) {
                const { done, value } = await reader.read();
                if (done || document.visibilityState !== 'visible') {
                    reader.cancel().catch(() => {});
                    break;
                }
                if (value.includes('event: poke') || value.includes('data:')) sync();
            }
        } catch {
            // Pokes are a convenience: without them the app looks around by itself.
        }
        poked = false;
        await new Promise(done => setTimeout(done, EVERY_MS));
    }
}

let listening = false;
function startListening() {
    if (listening) return;
    listening = true;
    // A phone has one stream: its other windows hear by the broadcast.
    const alone = navigator.locks ? navigator.locks.request('meterbook-pokes', { ifAvailable: true }, lock => lock && listen()) : listen();
    alone.catch(() => {}).finally(() => (listening = false));
}

/** Begins, and goes on for as long as the page lives. */
export function start() {
    askMeta().catch(() => {});
    sync(true).then(startListening);
    let last = performance.now();
    setInterval(() => {
        if (document.visibilityState !== 'visible') return;
        if (poked && state.counts.owed + state.counts.photos === 0 && performance.now() - last < EVERY_POKED_MS) return;
        last = performance.now();
        sync();
        startListening();
    }, EVERY_MS);
    addEventListener('online', () => sync(true));
    const seen = () => {
        if (document.visibilityState !== 'visible') return;
        sync(true);
        startListening();
    };
    document.addEventListener('visibilitychange', seen);
    addEventListener('focus', seen);
}
