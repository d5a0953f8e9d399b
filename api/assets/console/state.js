// What is on the screen is a function of this one object and of what the server answered; `draw` shows it anew.

/**
 * @typedef {{name: string, args: string[], query: Record<string, string>}} Route
 * @typedef {{access: string, refresh: string, life: number, account: {id: number, login: string, name: string, role: string}}} DeskSession
 */
export const state = {
    /** @type {'starting' | 'ready'} */
    phase: 'starting',
    /** @type {Route} */
    route: { name: '', args: [], query: {} },
    /** @type {DeskSession | undefined} */
    session: undefined,
    /** By how many ms the server's clock is ahead of this machine's. */
    skew: 0,
    /** What a page holds while it is open. @type {Record<string, any>} */
    page: {},
    /** A question that must be answered or put away first. @type {{view: any, props: object, from?: any} | undefined} */
    dialog: undefined,
    /** @type {{text: string, alarm: boolean} | undefined} */
    notice: undefined,
    /** The page's own keys. @type {Record<string, () => void>} */
    keys: {},
};

const NOTICE_MS = 6000;
let show = () => {};
let asked = false;

/** Who draws. */
export function onDraw(work) {
    show = work;
}

/** Draws once after all that happens now. */
export function draw() {
    if (asked) return;
    asked = true;
    queueMicrotask(() => {
        asked = false;
        show();
    });
}

/** Changes what the open page holds. */
export function set(changes) {
    Object.assign(state.page, changes);
    draw();
}

/** A sentence at the foot of the screen, read aloud; an alarm stays until the next. */
export function tell(text, alarm = false) {
    const notice = { text, alarm };
    state.notice = notice;
    draw();
    if (alarm) return;
    setTimeout(() => {
        if (state.notice === notice) state.notice = undefined;
        draw();
    }, NOTICE_MS);
}

/** The server's time, as well as this machine can tell. */
export const now = () => Date.now() + state.skew;
