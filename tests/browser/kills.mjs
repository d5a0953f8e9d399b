// Killed at any moment: entries of every kind, each cut off by a battery that goes somewhere between the first tap and long after the last.
// However it falls, a record is whole and numbered or is still a draft; in the end the phone holds each once, and so does the store.
import { deepStrictEqual as same, ok } from 'node:assert';
import { Phone } from './phone.mjs';
import { Proxy } from './proxy.mjs';

setTimeout(() => { throw new Error('it does not end'); }, 900_000).unref();
const { METERBOOK_URL: url, METERBOOK_CODE: code, METERBOOK_NOW: now } = process.env;
const seed = Number(process.env.METERBOOK_CAMPAIGN_SEED ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);
let turn = seed;
const chance = most => {
    turn = (turn * 1_103_515_245 + 12_345) % 2_147_483_648;
    return turn % most;
};
const KILLS = 8;
const proxy = await Proxy.start(url);
const phone = new Phone({ url: proxy.url, now });

await phone.on(`/app/#activate=${code}`);
await phone.page.waitForSelector('form');
await phone.page.click('button.main');
await phone.page.waitForSelector('a.card');
await phone.page.waitForFunction(() => navigator.serviceWorker?.controller);
await phone.empties();
const figures = Object.fromEntries(await Promise.all(['H1', 'H2', 'H3', 'H4'].map(async number => [number, (await phone.fitting(number)).index])));

/** Entries, each as the taps it takes; a tap is done within the page, so that nothing waits for it. */
const ENTRIES = {
    read: number => ({ route: ['read', number], taps: [...figures[number]].map(digit => `.keys button:not(.wide):not(.small)|${digit}`).concat('.keys .wide|') }),
    visit: number => ({ route: ['visit', number], taps: ['input[value=unsafe]|', '.dock .main|'] }),
    notice: number => ({ route: ['report', number, '/notice'], taps: ['input[value=safety]|', '.dock .main|'] }),
};
const kinds = Object.keys(ENTRIES);

async function enter(kind, number) {
    const { route, taps } = ENTRIES[kind](number);
    await phone.at(...route);
    return phone.page.evaluate(async list => {
        for (const tap of list) {
            const [where, text] = tap.split('|');
            [...document.querySelectorAll(where)].find(one => !text || one.textContent === text).click();
            // The screen is drawn between two taps of a finger.
            await new Promise(requestAnimationFrame);
        }
    }, taps);
}

/** Every number once and none left out; no draft under the id of a record. */
async function isWhole() {
    const [records, drafts] = [await phone.all('records'), await phone.all('drafts')];
    const seqs = records.map(row => row.seq).sort((one, two) => one - two);
    same(seqs, seqs.map((_, at) => at + 1));
    const ids = new Set(records.map(row => row.id));
    ok(drafts.every(draft => !ids.has(draft.id)), 'a draft beside its record');
    return records.length;
}

let records = 0;
let kept = 0;
for (let kill = 0; kill < KILLS; kill += 1) {
    proxy.cut = chance(2) === 0;
    const entering = enter(kinds[chance(kinds.length)], `H${1 + chance(4)}`).catch(() => {});
    await Promise.race([entering, phone.page.waitForTimeout(chance(250))]);
    await phone.page.waitForTimeout(chance(20));
    await phone.kill();
    await entering;
    await phone.on();
    await phone.page.waitForSelector('.strip');
    const after = await isWhole();
    ok(after === records || after === records + 1, `${after} records after ${records}`);
    kept += after - records;
    records = after;
}
console.log(`${kept} of ${KILLS} entries were records when the battery went`);

// What is still a draft is finished: it is there with all that was typed, and is one record.
for (const { key, what, stop } of await phone.all('drafts')) {
    await phone.go(what ? `report/${stop}/${what}` : key.replace('-', '/'));
    if (key.startsWith('read')) {
        await phone.page.waitForSelector('.keys');
        await phone.page.click('.keys .small:not([aria-label])');
        const number = await phone.page.evaluate(async id => (await import('/app/progress.js')).findStop(id).stop.service_point_number, stop);
        await phone.keys(`${figures[number]}>`);
    } else {
        await phone.page.check(what ? 'input[value=safety]' : 'input[value=unsafe]', { force: true });
        await phone.page.click('.dock .main');
    }
    records += 1;
    await phone.holds(records);
}
same(await phone.all('drafts'), []);
same(await isWhole(), records);
proxy.cut = false;
await phone.empties();

const held = (await phone.all('records')).map(({ id, seq, body, outcome }) => ({ id, seq, body, outcome }));
await phone.off();
proxy.stop();
console.log(`HELD ${JSON.stringify({ held, photos: [] })}`);
console.log('as expected');
process.exit();
