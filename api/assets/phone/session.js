// The phone's session (PROTOCOL "Devices and sessions"): a dispatcher's code becomes tokens; the access token lives for minutes, the
// refresh token is exchanged by one at a time, and the new one is on disk before it is used: if the answer is lost the old one still works.
import { Problem, ask } from '/assets/lib/link.js';
import { keep, kept, result, write } from './database.js';
import { beginNumbering } from './outbox.js';
import { draw, state, tellOthers } from './state.js';

/** The server has ended the session: revoked, expired, or restored from a backup older than it. */
export class SessionEnded extends Error {}

const platform = () => (/android/i.test(navigator.userAgent) ? 'android' : /iphone|ipad/i.test(navigator.userAgent) ? 'ios' : 'web');

export async function load() {
    state.session = await kept('session');
}

/** Turns a code into a session. The code works once. One made for this very phone, as after a restore, lets it go on: same device, same
 * numbers; and since the epoch is another then, what the server lacks is offered again. */
export async function activate(code, label) {
    const known = state.session?.device;
    /** @type {{body: TokenAnswer}} */
    const { body } = await ask('POST', '/v1/auth/activate', { json: { code, label: label || 'PWA', platform: platform(), device_id: known } });
    const goesOn = known !== undefined && body.device_id === known;
    if (!goesOn) await beginNumbering();
    const session = {
        access: body.access_token, refresh: body.refresh_token, device: body.device_id,
        account: { id: body.account.id, name: body.account.name, login: body.account.login },
    };
    // Another reader's rounds are not for this one to see; and a new device has a cursor of its own.
    await write(['kept', 'rounds'], async stores => {
        stores.rounds.clear();
        if (goesOn) await forgetPlace(stores);
        else stores.kept.delete('pulled');
        stores.kept.put(session, 'session');
    });
    state.session = session;
    state.rounds = new Map();
    draw();
}

/** Forgets how far the phone had followed, but not in which epoch. */
async function forgetPlace({ kept: store }) {
    const { epoch } = (await result(store.get('pulled'))) ?? {};
    store.put({ epoch }, 'pulled');
}

const oneAtATime = (name, work) => (navigator.locks ? navigator.locks.request(name, work) : work());
let refreshing;

/** New tokens in place of `spent`, exchanged once however many ask. */
function refresh(spent) {
    refreshing ??= oneAtATime('meterbook-refresh', () => exchange(spent)).finally(() => (refreshing = undefined));
    return refreshing;
}

async function exchange(spent) {
    // Another window may have done it.
    const session = await kept('session');
    if (!session || session.ended) throw new SessionEnded();
    if (session.access !== spent) {
        state.session = session;
        return;
    }
    try {
        /** @type {{body: TokenAnswer}} */
        const { body } = await ask('POST', '/v1/auth/refresh', { json: { refresh_token: session.refresh } });
        const next = { ...session, access: body.access_token, refresh: body.refresh_token };
        await keep('session', next);
        state.session = next;
    } catch (fault) {
        if (fault instanceof Problem && (fault.status === 401 || fault.status === 403)) {
            await end();
            throw new SessionEnded();
        }
        throw fault;
    }
}

/** What the server ended: names and addresses go at once, the outbox stays until it is safe. */
async function end() {
    await write(['kept', 'rounds'], async stores => {
        stores.rounds.clear();
        await forgetPlace(stores);
        stores.kept.put({ ...state.session, access: '', refresh: '', ended: true }, 'session');
    });
    state.session = await kept('session');
    state.rounds = new Map();
    tellOthers('session');
    draw();
}

/** Asks with the access token, and once more with a new one. */
export async function signed(method, path, options = {}) {
    const session = state.session;
    if (!session || session.ended) throw new SessionEnded();
    try {
        return await ask(method, path, { ...options, token: session.access });
    } catch (fault) {
        if (!(fault instanceof Problem) || fault.status !== 401) throw fault;
    }
    await refresh(session.access);
    return ask(method, path, { ...options, token: state.session.access });
}
