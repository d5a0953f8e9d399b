// What is being entered. Every key is on disk at once, so that a killed page goes on where it was; and the record's id is minted with the
// draft, so that saving twice, before and after a kill, is saving once.
import { uuidv7 } from '/assets/lib/canonical.js';
import { t } from '/assets/lib/texts.js';
import { isFull, read, result, write } from './database.js';
import { go } from './frame.js';
import { store } from './outbox.js';
import { placeNow } from './place.js';
import { draw, state, tell } from './state.js';
import { recount, sync } from './sync.js';

let writing = Promise.resolve();

/** Takes the draft of that key up again, or begins one. */
export async function openDraft(key, begin) {
    await writing.catch(() => {});
    const stored = await read(['drafts'], ({ drafts }) => result(drafts.get(key)));
    state.draft = stored ?? { key, id: uuidv7(), photos: [], note: '', ...begin() };
    draw();
}

/** Changes the draft. */
export function change(changes) {
    if (!state.draft) return;
    state.draft = { ...state.draft, ...changes };
    draw();
    const now = state.draft;
    writing = writing.catch(() => {}).then(() => write(['drafts'], ({ drafts }) => result(drafts.put(now))));
    writing.catch(fault => tell(isFull(fault) ? t('warn.full') : String(fault), true));
}

let busy = Promise.resolve();

/** A draft is not saved before this work, such as a photo being made small, is done. */
export function heldUp(work) {
    busy = Promise.allSettled([busy, work]).then(() => {});
    return work;
}

const withPhoto = (draft, photo) => ({ ...draft, photos: [...draft.photos.filter(known => known.sha256 !== photo.sha256), photo] });

/** Adds a photo to the draft of that key, on the screen or on the disk. */
export async function attach(key, photo) {
    if (state.draft?.key === key) return change({ photos: withPhoto(state.draft, photo).photos });
    await writing.catch(() => {});
    return write(['drafts'], async ({ drafts }) => {
        const draft = await result(drafts.get(key));
        if (draft) drafts.put(withPhoto(draft, photo));
    });
}

/** Gives the draft up. */
export async function discard() {
    const { draft } = state;
    state.draft = undefined;
    if (!draft) return;
    await writing.catch(() => {});
    await write(['drafts', 'photos'], async ({ drafts, photos }) => {
        drafts.delete(draft.key);
        for (const { sha256 } of draft.photos) {
            if ((await result(photos.get(sha256)))?.state === 'draft') photos.delete(sha256);
        }
    });
}

let saving = false;

/** Turns the draft into a record and, once that is on disk, goes on to a stop: the same one, or the one `next` names for it. Where the record
 * could not be kept, the draft is still there; and who has gone to another screen meanwhile is not brought back.
 * @param {Partial<PushItem>} members
 * @param {(stop: number) => number} next */
export async function save(members, next = stop => stop) {
    const key = state.draft?.key;
    if (!key || saving) return;
    const here = location.hash;
    saving = true;
    try {
        await busy;
        await writing.catch(() => {});
        const { draft } = state;
        // Who has gone to another screen meanwhile finds it there again.
        if (draft?.key !== key) return;
        const { at, elapsed_ms, boot_id } = state.clocks.now();
        const note = draft.note.trim();
        /** @type {Partial<PushItem>} */
        const item = { ...(members.lat_micro === undefined && placeNow()), ...members, service_point_id: draft.point, read_at: at, read_elapsed_ms: elapsed_ms, boot_id, note: note || undefined };
        const { round, stop } = draft;
        const row = await store({ id: draft.id, item, round, stop, photos: draft.photos.map(photo => photo.sha256), draft: key }, state.session.account.id);
        state.records.set(row.id, row);
        if (state.draft?.key === key) state.draft = undefined;
        await recount();
        sync();
        tell(t('saved', { n: row.seq }));
        if (location.hash === here) go('stop', next(stop));
    } catch (fault) {
        // The entry stays on the screen and in the draft; nothing has been given a number.
        tell(isFull(fault) ? t('warn.full') : t('warn.not_saved', { why: String(fault?.message ?? fault) }), true);
    } finally {
        saving = false;
    }
}
