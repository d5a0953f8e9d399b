// One request to the server, and what its answer means (PROTOCOL "HTTP manners").
import { currentLanguage } from '/assets/lib/texts.js';

/** Nothing came back: the server may have done it or not. Ask the same again. */
export class NoAnswer extends Error {}

/** An answer other than success (RFC 9457). Act on `code`, show `title` and `detail`. */
export class Problem extends Error {
    constructor(status, body, retryAfter) {
        super(`${status} ${body.code ?? ''}`);
        this.status = status;
        this.code = body.code ?? '';
        this.title = body.title ?? String(status);
        this.detail = body.detail ?? '';
        this.errors = body.errors ?? [];
        this.retryAfter = retryAfter;
    }

    /** Whether the same may succeed later. */
    get passes() {
        return this.status === 408 || this.status === 429 || this.status >= 500;
    }
}

const PATIENCE = 30_000;
const WORTH_COMPRESSING = 1024;

async function gzip(text) {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
    return new Response(stream).arrayBuffer();
}

/**
 * @typedef {{token?: string, json?: object | string, bytes?: ArrayBuffer, type?: string, headers?: Record<string, string>, patience?: number,
 *     signal?: AbortSignal}} Asking
 */

/**
 * Asks. `json` is an object or a text that is JSON already; `bytes` go as they are. Returns `{status, headers, body}`; 304 has no
 * body. Throws `Problem` or `NoAnswer`.
 * @param {string} method
 * @param {string} path
 * @param {Asking} [asking]
 */
export async function ask(method, path, { token, json, bytes, type, headers = {}, patience = PATIENCE, signal } = {}) {
    /** @type {Record<string, string>} */
    const sent = { 'accept-language': currentLanguage() === 'en' ? 'en' : 'zh-CN', ...headers };
    if (token) sent.authorization = `Bearer ${token}`;
    /** @type {string | ArrayBuffer | undefined} */
    let body = bytes;
    if (type) sent['content-type'] = type;
    if (json !== undefined) {
        body = typeof json === 'string' ? json : JSON.stringify(json);
        sent['content-type'] = 'application/json';
        if (body.length > WORTH_COMPRESSING && 'CompressionStream' in globalThis) {
            body = await gzip(body);
            sent['content-encoding'] = 'gzip';
        }
    }
    let answer, text;
    try {
        const limits = [AbortSignal.timeout(patience), signal].filter(Boolean);
        const until = limits.length > 1 ? AbortSignal.any(limits) : limits[0];
        answer = await fetch(path, { method, headers: sent, body, signal: until, cache: 'no-store', credentials: 'omit' });
        // An answer cut off is no answer.
        text = await answer.text();
    } catch (fault) {
        throw new NoAnswer(String(fault));
    }
    let parsed;
    try {
        parsed = text ? JSON.parse(text) : {};
    } catch {
        // A proxy's page, a login wall of a hotel: not this server.
        throw answer.ok ? new NoAnswer('not JSON') : new Problem(answer.status, {});
    }
    if (answer.ok || answer.status === 304) return { status: answer.status, headers: answer.headers, body: parsed };
    const seconds = Number(answer.headers.get('retry-after') ?? 0);
    throw new Problem(answer.status, parsed, Number.isFinite(seconds) ? seconds : 0);
}

/** How long to wait after so many failures in a row, in ms: doubling, up to `most`, with full jitter above the server's word. */
export function wait(failures, asked = 0, most = 300_000) {
    return asked * 1000 + Math.random() * Math.min(1000 * 2 ** Math.max(0, failures - 1), most);
}
