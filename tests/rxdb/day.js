// A day of the phone in `phone.js` against a live server. It ends with an error where something is not as expected.
import { deepStrictEqual as same } from 'node:assert';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv';
import { filter, firstValueFrom, switchMap } from 'rxjs';
import { Phone } from './phone.js';

setTimeout(() => { throw new Error('the day does not end'); }, 60_000).unref();

// The network between phone and server, as bad as it gets.
const network = { online: true, losesAnswerTo: undefined, restored: false, sent: 0, tooLarge: 0 };
async function fetchOverNetwork(url, options) {
    if (!network.online) throw new TypeError('no network');
    const answer = await fetch(url, options);
    if (url.endsWith('/records')) network.sent += 1;
    if (answer.status === 413) network.tooLarge += 1;
    if (network.losesAnswerTo !== undefined && url.endsWith(network.losesAnswerTo)) {
        network.losesAnswerTo = undefined;
        throw new TypeError('the answer was lost');
    }
    if (network.restored && url.includes('/changes')) return Response.json({ ...(await answer.json()), epoch: 'another', reset: true });
    return answer;
}

const storage = wrappedValidateAjvStorage({ storage: getRxStorageMemory() });
const phone = await Phone.open({ url: process.env.METERBOOK_URL, name: 'day', storage, fetch: fetchOverNetwork, retryTime: 50 });
const { db } = phone;
const count = collection => firstValueFrom(collection.count().$);
const receipts = wanted => firstValueFrom(db.receipts.count().$.pipe(
    filter(found => found === wanted), switchMap(() => db.receipts.find().exec()),
));
const outcomeOf = async id => (await db.receipts.findOne(id).exec()).outcome;

// In the office: the phone is activated and pulls its rounds.
await phone.activate(process.env.METERBOOK_CODE);
phone.sync();
await phone.pulling.awaitInitialReplication();
const rounds = (await db.rounds.find().exec()).map(document => document.toMutableJSON().round);
const stops = rounds.flatMap(round => round.stops).filter(stop => stop.class === 'residential_outdoor');
same([rounds.length, stops.length], [2, 4]);

// In the cellar: three readings without a network. Nothing is lost, nothing has a receipt.
network.online = false;
const reading = (stop, index) => ({ kind: 'reading', service_point_id: stop.service_point_id, index });
const ids = await Promise.all(stops.slice(0, 3).map(stop => phone.write(reading(stop, 1_030_000))));
await firstValueFrom(phone.pushing.error$);
same([await count(db.records), await count(db.receipts)], [3, 0]);

// In the street again, with a token that has run out meanwhile: all three are taken.
await phone.keep('tokens', { ...(await phone.kept('tokens')), access_token: 'spent' });
network.online = true;
same((await receipts(3)).map(receipt => receipt.outcome), ['accepted', 'accepted', 'accepted']);
same((await db.receipts.findByIds(ids).exec()).size, 3);

// The server takes a reading and the answer gets lost: the phone sends it again, and the server had it already.
network.losesAnswerTo = '/records';
const before = network.sent;
const lost = await phone.write(reading(stops[3], 1_010_000));
await receipts(4);
same([await outcomeOf(lost), network.sent - before, network.losesAnswerTo], ['duplicate', 2, undefined]);

// What the server can't take ends too, with the reason for the reader.
const strange = await phone.write({ kind: 'dance', service_point_id: stops[0].service_point_id });
await receipts(5);
same(await outcomeOf(strange), 'rejected');
const { receipt } = (await db.receipts.findOne(strange).exec()).toMutableJSON();
same([receipt.code, receipt.detail.length > 0], ['unknown_kind', true]);

// An id that came before with other content: a fault of the app, kept whole for the office to decide.
const twice = await phone.write({ id: '019c0000-0000-7000-8000-000000000001', ...reading(stops[0], 1_031_000) });
await receipts(6);
const { item } = (await db.records.findOne(twice).exec()).toMutableJSON();
same(await outcomeOf(twice), 'accepted');
const again = await phone.call('POST', '/v1/sync/records', { sent_at: item.read_at, items: [{ ...item, index: 1_032_000 }] });
same(again.items[0].outcome, 'conflict');

// Nobody asked: the pull that waits at the server brings what the pushes have made of the stops.
const stateOf = (all, stop) => all.flatMap(document => document.toMutableJSON().round.stops).find(({ id }) => id === stop.id).state;
await firstValueFrom(db.rounds.find().$.pipe(filter(all => stops.every(stop => stateOf(all, stop) === 'read'))));

// A day's work with large sketches is more than one request may be: it goes in halves, and all of it arrives.
network.online = false;
const sketch = 'x'.repeat(30_000);
const attempt = { kind: 'attempt', service_point_id: stops[0].service_point_id, attempt_code: 'locked', sketch };
await Promise.all(Array.from({ length: 90 }, () => phone.write(attempt)));
network.online = true;
await receipts(96);
same([network.tooLarge > 0, (await db.receipts.find().exec()).filter(({ outcome }) => outcome === 'accepted').length], [true, 94]);

// The server is restored from a backup: everything is offered again, and it has it all.
await phone.stop();
network.restored = true;
const sent = network.sent;
phone.sync();
await firstValueFrom(db.kept.findOne('epoch').$.pipe(filter(kept => kept.value.epoch === 'another')));
network.restored = false;
same([network.sent > sent, await count(db.records), await count(db.receipts)], [true, 96, 96]);

await phone.stop();
await db.close();
console.log('as expected');
