// Offline meter reading (离线抄表) with RxDB: copy this file into a reader's app (抄表员端) and give it a lasting storage.
//
//   rounds    抄表任务  pulled; only the server writes them
//   records   抄表记录  written at the meter, pushed, never changed and never deleted here
//   receipts  回执      what the server said of each record; a record without one is still owed
//   kept      tokens, the server's epoch; never leaves the phone
//
// The protocol's promise makes this short: a record may be sent any number of times and is stored once. So every doubt
// (no answer, a crash, a dead battery) is settled by sending the same record again.
import { createRxDatabase } from 'rxdb/plugins/core';
import { replicateRxCollection } from 'rxdb/plugins/replication';
import { Subject } from 'rxjs';
import { v7 as uuidv7 } from 'uuid';

const key = { type: 'string', maxLength: 36 };
const schema = (properties, indexes = []) => ({
    version: 0, type: 'object', primaryKey: 'id', properties: { id: key, ...properties }, required: ['id', ...indexes], indexes,
});
const anyObject = { type: 'object', additionalProperties: true };
const COLLECTIONS = {
    rounds: { schema: schema({ round: anyObject }) },
    records: {
        schema: schema({ device_seq: { type: 'integer', minimum: 1, maximum: 2 ** 53 - 1, multipleOf: 1 }, item: anyObject }, ['device_seq']),
    },
    receipts: { schema: schema({ outcome: { type: 'string' }, receipt: anyObject }) },
    kept: { schema: schema({ value: anyObject }) },
};

// A monotonic clock (单调时钟) beside the phone's own: the server finds the true time of a reading although the phone's
// date is wrong. It starts anew with the process, so the process has a name of its own.
const boot_id = uuidv7();
const elapsed = () => Math.round(performance.now());
const now = () => new Date().toISOString();
/** How long a pull waits at the server for news, in seconds; the server allows 25. */
const WAIT_S = 25;
const pause = seconds => new Promise(done => setTimeout(done, seconds * 1000));

/** An answer other than success: a problem (RFC 9457). Act on `code`, show `title` and `detail`. */
export class Problem extends Error {
    constructor(status, body) {
        super(`${status} ${body.code}: ${body.title}`);
        Object.assign(this, { status, ...body });
    }
}

export class Phone {
    /** `fetch` and `retryTime` (ms) may be given for tests. */
    static async open({ url, name, storage, fetch = globalThis.fetch, retryTime = 5000 }) {
        const db = await createRxDatabase({ name, storage, multiInstance: false });
        await db.addCollections(COLLECTIONS);
        return Object.assign(new Phone(), { db, url, fetch, retryTime, lastWrite: Promise.resolve() });
    }

    /** Activation (激活): the dispatcher's code becomes this phone's tokens. A phone that was activated before says which it was:
        under a code made for it, it goes on as itself, and its numbers continue. */
    async activate(code) {
        const device_id = (await this.kept('tokens'))?.device_id;
        const phone = { code, label: 'RxDB', platform: 'web', device_id };
        await this.keep('tokens', await this.exchange('POST', '/v1/auth/activate', phone));
    }

    /** Stores a reading (抄见) or an attempt (到访不遇) as it was made. Returns its id; sending is not waited for. */
    async write(what) {
        const made = { id: uuidv7(), read_at: now(), read_elapsed_ms: elapsed(), boot_id, ...what };
        // device_seq is 1, 2, 3 … without a gap, so one write at a time. It tells the server when something is missing.
        const write = this.lastWrite.then(async () => {
            const last = await this.db.records.findOne({ sort: [{ device_seq: 'desc' }] }).exec();
            const device_seq = (last?.device_seq ?? 0) + 1;
            await this.db.records.insert({ id: made.id, device_seq, item: { ...made, device_seq } });
            return made.id;
        });
        this.lastWrite = write.catch(() => {});
        return write;
    }

    /** Replicates both ways until `stop`. Without a network RxDB tries again every `retryTime`. */
    sync() {
        const { db, retryTime } = this;
        const common = { retryTime, waitForLeadership: false };
        const [again, stopping] = [new Subject(), new AbortController()];
        this.stopping = stopping;
        // The first pull answers at once. From then on each waits at the server until there is news (长轮询), and asks for the
        // next when it is done; where it failed, RxDB comes again by itself.
        let wait = 0;
        this.pulling = replicateRxCollection({
            ...common,
            replicationIdentifier: 'meterbook-pull',
            collection: db.rounds,
            pull: {
                handler: async checkpoint => {
                    const pulled = await this.pull(checkpoint, wait, stopping.signal);
                    wait = WAIT_S;
                    setTimeout(() => again.next('RESYNC'));
                    return pulled;
                },
                stream$: again,
            },
        });
        this.pushing = replicateRxCollection({
            ...common,
            replicationIdentifier: 'meterbook-push',
            collection: db.records,
            // At most `limits.push_items` of GET /v1/meta.
            push: { batchSize: 100, handler: rows => this.push(rows.map(row => row.newDocumentState.item)) },
        });
    }

    async stop() {
        this.stopping.abort();
        await Promise.all([this.pulling.cancel(), this.pushing.cancel()]);
    }

    // The checkpoint (断点) is the server's cursor (游标); RxDB keeps it after the documents, so a crash only repeats a pull.
    async pull(checkpoint, wait = 0, signal) {
        const changes = new Map();
        let { cursor, more } = { cursor: checkpoint?.cursor, more: true };
        while (more) {
            const query = new URLSearchParams(cursor ? { cursor, wait } : {});
            const answer = await this.call('GET', `/v1/sync/changes?${query}`, undefined, signal);
            wait = 0;
            const gone = answer.removed.map(round => String(round.round_id));
            if (answer.reset) {
                // The answer is complete by itself: what it does not name is gone.
                gone.push(...(await this.db.rounds.find().exec()).map(round => round.id));
                await this.offerAgain(answer.epoch);
            }
            gone.forEach(id => changes.set(id, { id, _deleted: true }));
            const set = round => changes.set(String(round.id), { id: String(round.id), round, _deleted: false });
            answer.rounds.forEach(set);
            await this.applySingles(answer, changes, set);
            for (const { round_id } of answer.refetch) set(await this.call('GET', `/v1/sync/rounds/${round_id}`));
            ({ cursor, more } = answer);
        }
        return { documents: [...changes.values()], checkpoint: { cursor } };
    }

    // Single changes (变更) of rounds and stops, to what is held or what this pull has brought already.
    async applySingles(answer, changes, set) {
        const change = async (id, apply) => {
            const brought = changes.get(String(id));
            const round = brought ? brought.round : (await this.db.rounds.findOne(String(id)).exec())?.toMutableJSON().round;
            // Of a round that is not held there is nothing to change.
            if (round) set(apply(round));
        };
        for (const { reason, ...own } of answer.changed_rounds) await change(own.id, round => ({ ...round, ...own }));
        const others = (round, id) => round.stops.filter(stop => stop.id !== id);
        for (const { round_id, stop_id } of answer.removed_stops) {
            await change(round_id, round => ({ ...round, stops: others(round, stop_id) }));
        }
        const byOrder = (one, two) => one.position - two.position || one.id - two.id;
        for (const { round_id, stop } of answer.stops) {
            await change(round_id, round => ({ ...round, stops: [...others(round, stop.id), stop].sort(byOrder) }));
        }
    }

    // Another epoch: the server was restored from a backup and may lack what it had acknowledged. Offer everything again.
    async offerAgain(epoch) {
        const known = await this.kept('epoch');
        if (known !== undefined && known.epoch !== epoch) {
            const records = await this.db.records.find({ sort: [{ device_seq: 'asc' }] }).exec();
            for (let at = 0; at < records.length; at += 100) {
                await this.push(records.slice(at, at + 100).map(record => record.toMutableJSON().item));
            }
        }
        await this.keep('epoch', { epoch });
    }

    // Returns no conflicts (冲突) in RxDB's sense: a record is this phone's alone. The server's `conflict` is a receipt.
    // Whatever is thrown here makes RxDB send the same records again.
    async push(items) {
        const envelope = { batch_id: uuidv7(), sent_at: now(), sent_elapsed_ms: elapsed(), boot_id };
        let answer;
        try {
            answer = await this.call('POST', '/v1/sync/records', { ...envelope, items });
        } catch (fault) {
            // Too large in all: in two halves, each by itself. One item that is too large alone stays owed, and is told.
            if (fault.status !== 413 || items.length < 2) throw fault;
            const half = Math.ceil(items.length / 2);
            return [...(await this.push(items.slice(0, half))), ...(await this.push(items.slice(half)))];
        }
        // accepted 已接收 and duplicate 重复 (had it already) are good ends; rejected 拒收 and conflict 冲突 lie in the
        // office's quarantine with `code` and `detail` to show to the reader. `retry` is no end, nor is not being named.
        const ends = answer.items.filter(receipt => receipt.outcome !== 'retry');
        for (const receipt of ends) {
            await this.db.receipts.insertIfNotExists({ id: receipt.id, outcome: receipt.outcome, receipt });
        }
        await pause(answer.backoff_s);
        const named = new Set(ends.map(receipt => receipt.id));
        if (!items.every(item => named.has(item.id))) throw new Error('some records are still owed');
        return [];
    }

    // An access token lives for minutes, so 401 is ordinary: new tokens, once, and again. If that fails too the phone was
    // revoked (吊销) or forgotten; ask for a new activation code. The records stay where they are.
    async call(method, path, body, signal) {
        const { access_token } = await this.kept('tokens');
        try {
            return await this.exchange(method, path, body, access_token, signal);
        } catch (fault) {
            if (fault.status !== 401) throw fault;
            // Pull and push may both come here: the first asks, both wait.
            this.refreshing ??= this.refresh(access_token).finally(() => (this.refreshing = undefined));
            await this.refreshing;
            return this.exchange(method, path, body, (await this.kept('tokens')).access_token, signal);
        }
    }

    // A new refresh token is kept before it is used: if the answer is lost, the old one still works.
    async refresh(spent) {
        const { access_token, refresh_token } = await this.kept('tokens');
        if (access_token === spent) await this.keep('tokens', await this.exchange('POST', '/v1/auth/refresh', { refresh_token }));
    }

    async exchange(method, path, body, token, signal) {
        const headers = { 'accept-language': 'zh', 'content-type': 'application/json' };
        if (token) headers.authorization = `Bearer ${token}`;
        const answer = await this.fetch(this.url + path, { method, headers, signal, body: body && JSON.stringify(body) });
        if (answer.ok) return answer.json();
        // 429 and 503 say when to come back.
        await pause(Number(answer.headers.get('retry-after') ?? 0));
        throw new Problem(answer.status, await answer.json());
    }

    async keep(id, value) {
        await this.db.kept.upsert({ id, value });
    }

    async kept(id) {
        return (await this.db.kept.findOne(id).exec())?.toMutableJSON().value;
    }
}
