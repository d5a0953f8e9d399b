// Who sits here (openapi `sign_in`, `refresh_tokens`). All windows share one session; its refresh token is exchanged by one at a time.
import { Problem, ask } from '/assets/lib/link.js';
import { draw, state } from './state.js';

const PLACE = 'meterbook-console-session';

/** The session is over: sign in again. */
export class SessionEnded extends Error {}

const kept = () => {
    try {
        return JSON.parse(localStorage.getItem(PLACE) ?? 'null') ?? undefined;
    } catch {
        return undefined;
    }
};

function keep(session) {
    if (session) localStorage.setItem(PLACE, JSON.stringify(session));
    else localStorage.removeItem(PLACE);
    state.session = session;
}

export function loadSession() {
    state.session = kept();
    // Another window signed in or out.
    addEventListener('storage', event => {
        if (event.key !== PLACE && event.key !== null) return;
        state.session = kept();
        draw();
    });
}

const ofAnswer = ({ access_token, refresh_token, expires_in_s, account }) => ({ access: access_token, refresh: refresh_token, life: expires_in_s, account });

/** Signs in. Problems `second_factor_needed`, `enrolment_needed` and `password_expired` are steps of it. */
export async function signIn(login, password, factor) {
    const { body } = await ask('POST', '/v1/auth/login', { json: { login, password, second_factor: factor || undefined } });
    keep(ofAnswer(body));
    draw();
}

export async function signOut() {
    const session = state.session;
    keep(undefined);
    draw();
    // Whether it is heard or not, this desk has forgotten it.
    if (session) await ask('POST', '/v1/auth/logout', { token: session.access }).catch(() => {});
}

const oneAtATime = work => (navigator.locks ? navigator.locks.request('meterbook-console-refresh', work) : work());
let refreshing;

function refresh(spent) {
    refreshing ??= oneAtATime(() => exchange(spent)).finally(() => (refreshing = undefined));
    return refreshing;
}

async function exchange(spent) {
    const session = kept();
    if (!session) throw new SessionEnded();
    if (session.access !== spent) {
        state.session = session;
        return;
    }
    try {
        const { body } = await ask('POST', '/v1/auth/refresh', { json: { refresh_token: session.refresh } });
        keep(ofAnswer(body));
    } catch (fault) {
        if (!(fault instanceof Problem) || (fault.status !== 401 && fault.status !== 403)) throw fault;
        keep(undefined);
        draw();
        throw new SessionEnded();
    }
}

/** Asks with the access token, and once more with a new one. `request` does the asking. */
export async function signed(request) {
    const session = state.session;
    if (!session) throw new SessionEnded();
    try {
        return await request(session.access);
    } catch (fault) {
        if (!(fault instanceof Problem) || fault.status !== 401) throw fault;
    }
    await refresh(session.access);
    if (!state.session) throw new SessionEnded();
    return request(state.session.access);
}
