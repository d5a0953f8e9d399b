// IndexedDB with promises. A write has happened when its promise is fulfilled, and survives the battery (strict durability).

/** The result of one request, inside a transaction. */
export const result = request => new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
});

/** Opens a database; `upgrade(db, from)` makes its stores. */
export function openDatabase(name, version, upgrade, { blocked = () => {} } = {}) {
    return new Promise((done, failed) => {
        const request = indexedDB.open(name, version);
        request.onupgradeneeded = event => upgrade(request.result, event.oldVersion, request.transaction);
        request.onerror = () => failed(request.error);
        request.onblocked = blocked;
        request.onsuccess = () => {
            const db = request.result;
            // A newer version of the app in another window goes first.
            db.onversionchange = () => db.close();
            done(db);
        };
    });
}

/**
 * One transaction: all of it or nothing. `work` gets the stores by name and may only await requests of them. What it returns is
 * returned once the transaction is on disk.
 */
export function transact(db, names, mode, work) {
    return new Promise((done, failed) => {
        const transaction = db.transaction(names, mode, { durability: mode === 'readwrite' ? 'strict' : 'default' });
        const stores = Object.fromEntries(names.map(name => [name, transaction.objectStore(name)]));
        let outcome, fault;
        transaction.oncomplete = () => (fault ? failed(fault) : done(outcome));
        transaction.onabort = () => failed(fault ?? transaction.error ?? new Error('aborted'));
        Promise.resolve(work(stores, transaction)).then(value => {
            outcome = value;
        }, problem => {
            fault = problem;
            try {
                transaction.abort();
            } catch {
                // It has ended by itself, and says why.
            }
        });
    });
}
