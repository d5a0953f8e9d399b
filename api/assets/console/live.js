// Told instead of asking (openapi `stream_events`): a poke names topics, and what is on the screen and of such a topic is asked anew. While
// the stream is broken, pages renew themselves by their own clocks, as ever.
import { mayRenew } from './idle.js';
import { pokeAnswers } from './answers.js';
import { may } from './rights.js';
import { signed } from './session.js';
import { state } from './state.js';
import { Problem, wait } from '/assets/lib/link.js';

/** However much happens, a page is asked for no more often. */
const REST_MS = 4000;
let current;
let failures = 0;
let retry;

/** Whether pokes come: then nobody needs to ask by the clock. */
export const isTold = () => Boolean(current?.open);

/** @type {Set<string>} */
let pending = new Set();
let resting;

function poke(topics) {
    for (const topic of topics) pending.add(topic);
    if (resting) return;
    const pass = () => {
        resting = undefined;
        if (pending.size === 0 || document.hidden || !mayRenew()) return;
        const told = pending;
        pending = new Set();
        pokeAnswers(told);
        resting = setTimeout(pass, REST_MS);
    };
    pass();
}

/** Reads events until the stream ends. */
async function read(stream) {
    const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        text += value;
        const events = text.split('\n\n');
        text = events.pop() ?? '';
        for (const event of events) {
            const data = event.split('\n').find(line => line.startsWith('data: '));
            if (event.startsWith('event: changed') && data) poke(JSON.parse(data.slice(6)).topics);
        }
    }
}

async function listen(own) {
    try {
        await signed(async token => {
            const reply = await fetch('/v1/events', { headers: { authorization: `Bearer ${token}` }, cache: 'no-store', credentials: 'omit',
                signal: own.stop.signal });
            if (!reply.ok) throw new Problem(reply.status, await reply.json().catch(() => ({})), 0);
            own.open = true;
            failures = 0;
            await read(reply);
        });
        // It ends with the access token: the next one begins with a new.
    } catch {
        failures += 1;
    }
    own.open = false;
    if (own.stop.signal.aborted) return;
    current = undefined;
    retry = setTimeout(() => {
        retry = undefined;
        followChanges();
    }, wait(failures, 1));
}

function leave() {
    current?.stop.abort();
    current = undefined;
}

/** Follows while somebody who may sits before a window that is seen: a browser has but six connections to one server. */
export function followChanges() {
    const isWanted = may('stream_events') && !document.hidden && mayRenew();
    const who = state.session?.account.id;
    if (current && (!isWanted || current.who !== who)) leave();
    if (!isWanted || current || retry) return;
    current = { who, open: false, stop: new AbortController() };
    listen(current);
}

document.addEventListener('visibilitychange', followChanges);
