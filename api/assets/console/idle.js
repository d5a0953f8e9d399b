// Whether somebody sits here. Where the server lets an access token live only minutes, idleness counts (等保三级): what renews itself
// then stops soon after the last touch, so that an empty chair does not keep its session alive.
import { state } from './state.js';

const SHORT_LIFE_S = 600;
let touched = Date.now();

export function watchTouches() {
    for (const what of ['keydown', 'pointerdown', 'pointermove', 'wheel']) addEventListener(what, () => (touched = Date.now()),
        { passive: true, capture: true });
}

/** Whether a page may renew itself now. */
export function mayRenew() {
    const life = state.session?.life ?? 0;
    return life >= SHORT_LIFE_S || Date.now() - touched < (life * 1000) / 2;
}
