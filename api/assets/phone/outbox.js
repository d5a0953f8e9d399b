// What this phone owes the server, on disk before anything is sent (DOMAIN 7). A record gets its number in the transaction that
// stores it; its body never changes; only its receipt settles it; a dead session does not touch it.
import { canonical, sha256, uuidv7 } from '/assets/lib/canonical.js';
import { read, result, write } from './database.js';

const FIRST = { numbering: 1, next: 1, prev: '0'.repeat(64) };
/** Settled records are kept so long that a server restored from a backup can ask for them again. */
const DAY_MS = 86_400_000;
const KEEP_MS = 60 * DAY_MS;

/** What a record says, without when it was said and its place among the others.
 * @param {Partial<PushItem>} item */
const said = ({ id, device_seq, prev_hash, read_at, read_elapsed_ms, boot_id, ...rest }) => canonical(rest);

/** What a screen needs to know of a record. */
export const brief = ({ body, hash, ...row }) => /** @type {OwnRecord} */ (/** @type {unknown} */ (row));

/**
 * Stores what was noted: `{id, item, round, stop, photos, draft}`. Safe when fulfilled. The same id a second time is the same record:
 * it is stored once, however often the button was pressed or the page was killed. With other content, as two windows with one draft may
 * have it, it is another record, and both are kept.
 * @param {{id: string, item: Partial<PushItem>, round: number, stop: number, photos: string[], draft?: string}} made
 * @param {number} account
 */
export async function store(made, account) {
    for (let { id } = made; ;) {
        const counter = (await read(['kept'], stores => result(stores.kept.get('counter')))) ?? FIRST;
        /** @type {Partial<PushItem>} */
        const item = { ...made.item, id, device_seq: counter.next, prev_hash: counter.prev };
        if (made.photos.length) item.evidence = made.photos;
        const body = canonical(item);
        const hash = await sha256(body);
        const stored = await write(['kept', 'records', 'photos', 'drafts'], async stores => {
            if (made.draft) stores.drafts.delete(made.draft);
            const known = await result(stores.records.get(id));
            if (known) return said(known.item) === said(item) ? known : { taken: true };
            const now = (await result(stores.kept.get('counter'))) ?? FIRST;
            // Another window was quicker: take the next number.
            if (now.next !== counter.next || now.numbering !== counter.numbering) return undefined;
            const row = {
                id, numbering: counter.numbering, seq: counter.next, account, owed: 1, body, hash, item,
                kind: item.kind, point: item.service_point_id, round: made.round, stop: made.stop, made_at: item.read_at,
            };
            stores.records.add(row);
            stores.kept.put({ ...counter, next: counter.next + 1, prev: hash }, 'counter');
            for (const sha of made.photos) {
                const photo = await result(stores.photos.get(sha));
                if (photo && photo.state === 'draft') stores.photos.put({ ...photo, state: 'owed', record: id });
            }
            return row;
        });
        if (stored?.taken) id = uuidv7();
        else if (stored) return brief(stored);
    }
}

/** What is owed by this account, oldest first. */
export async function owed(account, limit) {
    const rows = await read(['records'], stores => result(stores.records.index('owed').getAll(IDBKeyRange.bound([1, 0], [1, Infinity]))));
    return rows.filter(row => row.account === account).slice(0, limit);
}

/** The last number given. */
export const lastSeq = async () => ((await read(['kept'], stores => result(stores.kept.get('counter')))) ?? FIRST).next - 1;

/** Settles records by their receipts, all of an answer in one transaction. Returns the rows that are settled now.
 * @param {ItemReceipt[]} receipts */
export function settle(receipts, now = Date.now()) {
    return write(['records'], async stores => {
        const settled = [];
        for (const receipt of receipts) {
            if (!receipt.id || receipt.outcome === 'retry') continue;
            const row = await result(stores.records.get(receipt.id));
            if (!row?.owed) continue;
            const { owed: _, ...rest } = row;
            const { outcome, code, detail, flags } = receipt;
            const after = { ...rest, outcome, code, detail, flags, settled_at: now };
            stores.records.put(after);
            settled.push(brief(after));
        }
        return settled;
    });
}

/** Notes what was decided of records after their receipts.
 * @param {PulledVerdict[]} verdicts */
export function judge(verdicts) {
    return write(['records'], async stores => {
        const changed = [];
        for (const verdict of verdicts) {
            const row = await result(stores.records.get(verdict.record_id));
            if (!row) continue;
            const after = { ...row, verdict: verdict.state, flags: verdict.flags };
            // Released from quarantine it counts again; rejected for good it does not.
            if (verdict.state === 'released') after.outcome = 'accepted';
            if (verdict.state === 'rejected') after.outcome = 'rejected';
            stores.records.put(after);
            changed.push(brief(after));
        }
        return changed;
    });
}

/** Ids of settled records, for an offer after a restore. */
export async function settledIds(account, since) {
    const rows = await read(['records'], stores => result(stores.records.getAll()));
    return rows.filter(row => row.account === account && !row.owed && !(since && row.settled_at < since)).map(row => row.id);
}

/** Owes records again that a restored server has lost, with their photos. */
export function oweAgain(ids) {
    return write(['records', 'photos'], async stores => {
        for (const id of ids) {
            const row = await result(stores.records.get(id));
            if (row) stores.records.put({ ...row, owed: 1 });
        }
        const photos = await result(stores.photos.getAll());
        photos.filter(photo => photo.state === 'sent').forEach(photo => stores.photos.put({ ...photo, state: 'owed' }));
    });
}

/** Counts: what this account owes, photos, those the server will never take, and what lies here of another account. */
export function counts(account) {
    return read(['records', 'photos'], async stores => {
        const rows = await result(stores.records.index('owed').getAll(IDBKeyRange.bound([1, 0], [1, Infinity])));
        const own = rows.filter(row => row.account === account).length;
        const [photos, refused] = await Promise.all(['owed', 'refused'].map(state => result(stores.photos.index('state').count(state))));
        return { owed: own, strangers: rows.length - own, photos, refused };
    });
}

/** Forgets what was settled long ago, and photos whose draft never came to be. What is owed is never forgotten. */
export async function forgetOld(now = Date.now()) {
    await write(['records', 'photos', 'drafts'], async stores => {
        const wanted = new Set((await result(stores.drafts.getAll())).flatMap(draft => draft.photos.map(photo => photo.sha256)));
        for (const row of await result(stores.records.getAll())) {
            if (!row.owed && row.settled_at < now - KEEP_MS) stores.records.delete(row.id);
        }
        for (const photo of await result(stores.photos.getAll())) {
            const isOver = photo.state === 'sent' ? photo.sent_at < now - 7 * DAY_MS : photo.state === 'draft' && !wanted.has(photo.sha256) && photo.taken_at < now - DAY_MS;
            if (isOver) stores.photos.delete(photo.sha256);
        }
    });
}

/** A new phone's numbers begin at 1; but where something is still owed they go on, since a number is never given twice. */
export function beginNumbering() {
    return write(['kept', 'records'], async stores => {
        const counter = await result(stores.kept.get('counter'));
        const waiting = await result(stores.records.index('owed').count(IDBKeyRange.bound([1, 0], [1, Infinity])));
        if (counter && waiting === 0) stores.kept.put({ ...FIRST, numbering: counter.numbering + 1 }, 'counter');
    });
}

/** All that is owed as one file: for a phone whose session is dead. */
export async function exportOwed() {
    const [rows, photos] = await read(['records', 'photos'], async stores => [
        await result(stores.records.index('owed').getAll(IDBKeyRange.bound([1, 0], [1, Infinity]))),
        [...(await result(stores.photos.index('state').getAll('owed'))), ...(await result(stores.photos.index('state').getAll('refused')))],
    ]);
    const base64 = bytes => btoa(Array.from(new Uint8Array(bytes), byte => String.fromCharCode(byte)).join(''));
    const photo = ({ sha256: name, bytes, type = 'image/jpeg' }) => ({ sha256: name, type, base64: base64(bytes) });
    return JSON.stringify({ format: 'meterbook-outbox-1', items: rows.map(row => JSON.parse(row.body)), photos: photos.map(photo) });
}
