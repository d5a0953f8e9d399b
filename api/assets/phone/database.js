// What the phone keeps (PROTOCOL "Ids", DOMAIN 7).
//
//   kept     key → value: session, cursor, counter, catalogue, settings
//   rounds   抄表任务  pulled; only the server writes them
//   records  抄表记录  with their number, body and hash, never changed; `owed` is there until the receipt is
//   photos   照片      by hash; `state` draft | owed | sent
//   drafts   草稿      by stop: what is being entered, kept with every key
import { openDatabase, result, transact } from '/assets/lib/store.js';

export { result };

const NAME = 'meterbook-phone';
const VERSION = 1;

function upgrade(db, from) {
    if (from < 1) {
        db.createObjectStore('kept');
        db.createObjectStore('rounds', { keyPath: 'id' });
        const records = db.createObjectStore('records', { keyPath: 'id' });
        records.createIndex('seq', ['numbering', 'seq'], { unique: true });
        records.createIndex('owed', ['owed', 'seq']);
        const photos = db.createObjectStore('photos', { keyPath: 'sha256' });
        photos.createIndex('state', 'state');
        db.createObjectStore('drafts', { keyPath: 'key' });
    }
}

let db;
const opened = async () => (db ??= await openDatabase(NAME, VERSION, upgrade));

/** Opens the database; throws where the browser has none to give. */
export async function open() {
    await opened();
}

export const read = async (names, work) => transact(await opened(), names, 'readonly', work);
export const write = async (names, work) => transact(await opened(), names, 'readwrite', work);

export const kept = key => read(['kept'], ({ kept: store }) => result(store.get(key)));
export const keep = (key, value) => write(['kept'], ({ kept: store }) => result(store.put(value, key)));

/** Everything of a store. */
export const all = name => read([name], stores => result(stores[name].getAll()));

/** Whether a fault says that the phone is full. */
export const isFull = fault => fault?.name === 'QuotaExceededError' || fault?.inner?.name === 'QuotaExceededError';
