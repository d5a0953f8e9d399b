// Which day it is for the service: a demonstration's clock may stand elsewhere than this machine's.
import { answer } from './answers.js';
import { dayOf } from './format.js';
import { now, state } from './state.js';

export function today() {
    const { body } = answer('/v1/meta');
    if (body && !state.page.clock) {
        state.skew = Date.parse(body.server_time) - Date.now();
        state.page.clock = true;
    }
    return dayOf(now());
}
export const thisMonth = () => today().slice(0, 7);
