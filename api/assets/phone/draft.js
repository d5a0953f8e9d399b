// What is being entered. Every key is on disk at once, so that a killed page goes on where it was; and the record's id is minted with the
// draft, so that saving twice, before and after a kill, is saving once.
import { uuidv7 } from '/assets/lib/canonical.js';
import { t } from '/assets/lib/texts.js';
import { isFull, read, result, write } from './database.js';
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

/** Turns the draft into a record. Returns its row once it is on disk; `undefined` where it could not be kept: then the draft is still there.
 * @param {Partial<PushItem>} members */
export async function save(members) {
    const { draft } = state;
    if (!draft || saving) return undefined;
    saving = true;
    try {
        await writing.catch(() => {});
        const { at, elapsed_ms, boot_id } = state.clocks.now();
        const note = draft.note.trim();
        /** @type {Partial<PushItem>} */
        const item = { ...(members.lat_micro === undefined && placeNow()), ...members, service_point_id: draft.point, read_at: at, read_elapsed_ms: elapsed_ms, boot_id, note: note || undefined };
        const { round, stop, key } = draft;
        const row = await store({ id: draft.id, item, round, stop, photos: draft.photos.map(photo => photo.sha256), draft: key }, state.session.account.id);
        state.records.set(row.id, row);
        state.draft = undefined;
        await recount();
        sync();
        return row;
    } catch (fault) {
        // The entry stays on the screen and in the draft; nothing has been given a number.
        tell(isFull(fault) ? t('warn.full') : t('warn.not_saved', { why: String(fault?.message ?? fault) }), true);
        return undefined;
    } finally {
        saving = false;
    }
}
