// A photo in pieces (tus 1.0), where it is too large for one request or was cut off in one: what has arrived is not sent again, after an
// answer is lost or the page is killed neither. The server holds the whole against its hash, so the pieces need none of their own.
import { Problem } from '/assets/lib/link.js';
import { signed } from './session.js';

/** What one request carries: in a stairwell it should be through within seconds. */
export const PIECE_BYTES = 256 * 1024;
const TUS = { 'tus-resumable': '1.0.0' };
const PATIENCE_MS = 60_000;
const MOST_ASTRAY = 3;

const missing = fault => fault instanceof Problem && fault.status === 404;

/** How far an upload has come; `undefined`: the server knows nothing of it. */
async function offsetOf(path) {
    try {
        const { headers } = await signed('HEAD', path, { headers: TUS });
        return Number(headers.get('upload-offset'));
    } catch (fault) {
        if (missing(fault)) return undefined;
        throw fault;
    }
}

async function isThere(sha256) {
    try {
        await signed('HEAD', `/v1/photos/${sha256}`);
        return true;
    } catch (fault) {
        if (missing(fault)) return false;
        throw fault;
    }
}

async function begin({ sha256, bytes }) {
    const headers = { ...TUS, 'upload-length': String(bytes.byteLength), 'upload-metadata': `sha256 ${btoa(sha256)}` };
    const answer = await signed('POST', '/v1/photos/uploads', { headers });
    // Only ever a path of this server.
    return new URL(answer.headers.get('location'), location.origin).pathname;
}

/**
 * Brings a photo, from where the last try ended. `keep` notes under which path it goes; `undefined`: under none any more.
 * @param {{sha256: string, bytes: ArrayBuffer, upload?: string}} photo
 * @param {(path: string | undefined) => Promise<unknown>} keep
 */
export async function bring(photo, keep) {
    const { sha256, bytes } = photo;
    let path = photo.upload;
    let offset = path && (await offsetOf(path));
    if (offset === undefined) {
        // The last answer may have been lost, and the upload forgotten since.
        if (path && (await isThere(sha256))) return;
        path = await begin(photo);
        await keep(path);
        offset = 0;
    }
    for (let astray = 0; offset < bytes.byteLength;) {
        try {
            const headers = { ...TUS, 'upload-offset': String(offset) };
            const piece = bytes.slice(offset, offset + PIECE_BYTES);
            const answer = await signed('PATCH', path, { bytes: piece, type: 'application/offset+octet-stream', headers, patience: PATIENCE_MS });
            offset = Number(answer.headers.get('upload-offset'));
        } catch (fault) {
            // What makes no photo of its hash is begun anew next time.
            if (fault instanceof Problem && [404, 415, 422].includes(fault.status)) await keep(undefined);
            // Browsers repeat a request by themselves when a connection ends under it: then the piece is there already.
            if (!(fault instanceof Problem && fault.status === 409) || astray >= MOST_ASTRAY) throw fault;
            astray += 1;
            offset = (await offsetOf(path)) ?? 0;
        }
    }
}
