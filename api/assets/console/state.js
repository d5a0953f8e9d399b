// What is on the screen is a function of this one object and of what the server answered; `draw` shows it anew.
import { screenOf } from '/assets/lib/screen.js';

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

export const { onDraw, draw, set, tell } = screenOf(state, { held: 'page', noticeMs: 6000 });

/** The server's time, as well as this machine can tell. */
export const now = () => Date.now() + state.skew;
