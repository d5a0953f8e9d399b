// Photos: made small on the phone, hashed, and sent from a queue of their own. Readings never wait for them.
import { sha256 } from '/assets/lib/canonical.js';
import { NoAnswer, Problem } from '/assets/lib/link.js';
import { read, result, write } from './database.js';
import { signed } from './session.js';
import { state } from './state.js';
import { PIECE_BYTES, bring } from './uploads.js';

/** A photo is made at most this large; below it one request is enough (PROTOCOL: tus above 1 MiB). */
const MOST_BYTES = 1 << 20;
const MOST_AS_IT_IS = 10 << 20;
const SIDES = [1600, 1280, 1024, 800, 640];
const QUALITIES = [0.82, 0.7, 0.55, 0.4];

const blobOf = (canvas, quality) => new Promise(done => canvas.toBlob(done, 'image/jpeg', quality));

/** A JPEG of at most 1 MiB, upright; drawing it anew leaves place and phone out of it. */
export async function compress(file) {
    const image = await createImageBitmap(file, { imageOrientation: 'from-image' });
    for (const side of SIDES) {
        const scale = Math.min(1, side / Math.max(image.width, image.height));
        const canvas = document.createElement('canvas');
        canvas.width = Math.max(1, Math.round(image.width * scale));
        canvas.height = Math.max(1, Math.round(image.height * scale));
        canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
        for (const quality of QUALITIES) {
            const blob = await blobOf(canvas, quality);
            if (blob && blob.size <= MOST_BYTES) return { bytes: await blob.arrayBuffer(), thumb: thumbOf(canvas) };
        }
    }
    throw new Error('too large');
}

function thumbOf(canvas) {
    const small = document.createElement('canvas');
    const scale = 120 / Math.max(canvas.width, canvas.height);
    small.width = Math.max(1, Math.round(canvas.width * scale));
    small.height = Math.max(1, Math.round(canvas.height * scale));
    small.getContext('2d').drawImage(canvas, 0, 0, small.width, small.height);
    return small.toDataURL('image/jpeg', 0.6);
}

/** HEIC by its first bytes: iPhones make it, and not every browser can draw it. */
async function isHeic(file) {
    const head = new TextDecoder('latin1').decode(await file.slice(0, 32).arrayBuffer());
    return head.slice(4, 8) === 'ftyp' && /hei[cxms]|hev[cx]/.test(head.slice(8));
}

/** Small where the browser can draw it; a HEIC photo it can't draw goes as it is, within what the server takes. */
async function prepare(file) {
    try {
        return { ...(await compress(file)), type: 'image/jpeg' };
    } catch (fault) {
        if (file.size > (state.limits?.photo_bytes ?? MOST_AS_IT_IS) || !(await isHeic(file))) throw fault;
        return { bytes: await file.arrayBuffer(), thumb: undefined, type: 'image/heic' };
    }
}

/** Keeps a photo for the draft under way. Returns `{sha256, thumb}`. */
export async function take(file) {
    const { bytes, thumb, type } = await prepare(file);
    const name = await sha256(bytes);
    await write(['photos'], async ({ photos }) => {
        // The same picture again is the same photo.
        if (!(await result(photos.get(name)))) photos.put({ sha256: name, bytes, type, state: 'draft', taken_at: Date.now() });
    });
    return { sha256: name, thumb };
}

/** Takes a photo out of a draft. */
export const drop = name => write(['photos'], async ({ photos }) => {
    const photo = await result(photos.get(name));
    if (photo?.state === 'draft') photos.delete(name);
});

/** Notes something of a photo that is kept. */
const note = (name, changes) => write(['photos'], async ({ photos }) => {
    const photo = await result(photos.get(name));
    if (photo) photos.put({ ...photo, ...changes });
});

const isInPieces = ({ bytes, cut }) => cut || bytes.byteLength > (state.limits?.photo_resumable_bytes ?? MOST_BYTES);

/** In one request; in pieces where it is large, or where one request did not come through before. */
async function send(photo) {
    const { sha256: name, bytes, type = 'image/jpeg' } = photo;
    if (isInPieces(photo)) return bring(photo, upload => note(name, { upload }));
    try {
        return await signed('PUT', `/v1/photos/${name}`, { bytes, type, patience: 120_000 });
    } catch (fault) {
        // What lies between may take less in one request than the server does.
        const isTooLarge = fault instanceof Problem && fault.status === 413;
        if (bytes.byteLength > PIECE_BYTES && (fault instanceof NoAnswer || isTooLarge)) await note(name, { cut: true });
        throw fault;
    }
}

/** Whether the server will never take it: as a whole too large, no photo, or spoiled on the phone's own disk. */
async function isHopeless(photo, { status }) {
    if (status === 413) return isInPieces(photo) || photo.bytes.byteLength <= PIECE_BYTES;
    return status === 415 || (status === 422 && (await sha256(photo.bytes)) !== photo.sha256);
}

/** Sends what is owed, oldest first. Returns how many went; throws what stops the queue. */
export async function sendPhotos() {
    let sent = 0;
    const names = await read(['photos'], ({ photos }) => result(photos.index('state').getAllKeys('owed')));
    for (const name of names) {
        const photo = await read(['photos'], ({ photos }) => result(photos.get(name)));
        if (photo?.state !== 'owed') continue;
        try {
            await send(photo);
        } catch (fault) {
            if (!(fault instanceof Problem) || fault.passes || fault.status === 401) throw fault;
            // One photo does not hold up the others. What the server will never take stays on the phone, and is said.
            if (await isHopeless(photo, fault)) await note(name, { state: 'refused', code: fault.code });
            continue;
        }
        await note(name, { state: 'sent', sent_at: Date.now(), upload: undefined });
        sent += 1;
    }
    return sent;
}
