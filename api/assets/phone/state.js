// What is on the screen is a function of this one object; `draw` shows it anew.
import { screenOf } from '/assets/lib/screen.js';

export const state = {
    /** `starting`, `ready`, `wechat` or `no_storage`. */
    phase: 'starting',
    route: { name: 'today' },
    session: undefined,
    settings: { language: undefined, theme: 'auto', large: false, rightToLeft: false, order: 'office', place: true },
    /** @type {Map<number, PulledRound>} */
    rounds: new Map(),
    /** @type {Catalogue | undefined} */
    catalogue: undefined,
    /** @type {MetaLimits | undefined} */
    limits: undefined,
    /** @type {import('./clock.js').Clocks | undefined} */
    clocks: undefined,
    why: '',
    /** Own records by id, without their bodies.
     * @type {Map<string, OwnRecord>} */
    records: new Map(),
    counts: { owed: 0, photos: 0, strangers: 0, refused: 0 },
    sync: { busy: false, okAt: undefined, problem: undefined, skew: 0, reachable: undefined },
    storage: { persisted: undefined, usage: undefined, quota: undefined },
    /** Of the receiver: `searching`, `found` or `denied`. */
    place: 'searching',
    update: undefined,
    install: undefined,
    /** What a screen holds while it is open. */
    screen: {},
    /** The entry under way. */
    draft: undefined,
    notice: undefined,
};

export const { onDraw, draw, set, tell } = screenOf(state, { held: 'screen', noticeMs: 5000 });

// Two windows of one phone share the database: whoever changes it tells the other.
const others = 'BroadcastChannel' in globalThis ? new BroadcastChannel('meterbook') : undefined;
export const tellOthers = what => others?.postMessage(what);
export const onOthers = work => others?.addEventListener('message', event => work(event.data));
