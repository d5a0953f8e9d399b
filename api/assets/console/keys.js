// The keyboard. Single letters act outside of fields and dialogs; `g` and a letter go to a page; `?` shows what there is.
import { go } from './route.js';
import { draw, state } from './state.js';

/** `g` and …: pages by letter. */
export const PLACES = { o: 'overview', c: 'cases', v: 'coverage', p: 'plans', r: 'rounds', u: 'unseen', k: 'calendar', d: 'devices', q: 'quarantine', m: 'month', s: 'points', l: 'suspects' };

let begun = 0;

const isWriting = target => target instanceof Element && target.closest('input, textarea, select, [contenteditable]');

function press(event, help) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || state.dialog || !state.session) return;
    if (isWriting(event.target)) {
        if (event.key === 'Escape') /** @type {HTMLElement} */ (event.target).blur();
        return;
    }
    const isSecond = Date.now() - begun < 1500;
    begun = 0;
    if (isSecond && PLACES[event.key]) {
        event.preventDefault();
        go(PLACES[event.key]);
    } else if (event.key === 'g') {
        begun = Date.now();
    } else if (event.key === '?') {
        event.preventDefault();
        help();
    } else if (event.key === '/') {
        event.preventDefault();
        /** @type {HTMLElement | null} */ (document.querySelector('[type=search]'))?.focus();
    } else if (state.keys[event.key]) {
        // Enter on a link or button is that link's own.
        if (event.key === 'Enter' && event.target instanceof Element && event.target.closest('a, button, summary')) return;
        event.preventDefault();
        state.keys[event.key]();
        draw();
    }
}

export function listen(help) {
    addEventListener('keydown', event => press(event, help));
}
