// Where one is, in the address: page, what it is about, and its filters. Behind the `#`, so that no server's log ever holds a search.
import { state } from './state.js';

export function routeOf(hash) {
    const [place, query = ''] = hash.replace(/^#\/?/, '').split('?');
    const [name, ...args] = place.split('/').map(decodeURIComponent);
    return { name: name || 'overview', args, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a page. */
export function href(name, args = [], query = {}) {
    const place = [name, ...args].map(part => encodeURIComponent(String(part))).join('/');
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '' && value !== null);
    const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
    return `#/${place}${text ? `?${text}` : ''}`;
}

export function go(name, args, query) {
    location.hash = href(name, args, query).slice(1);
}

/** The present page with other filters; from its first row unless told. */
export const filtered = changes => href(state.route.name, state.route.args, { ...state.route.query, after: undefined, ...changes });

/** Goes there. Typing replaces, so that one step back leaves the page. */
export function filter(changes, { typing = false } = {}) {
    const to = filtered(changes);
    if (typing) location.replace(to);
    else location.hash = to.slice(1);
}
