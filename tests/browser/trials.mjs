// What goes wrong with phones: a release arrives over a full outbox, the phone is full, its clock is a day off, it is revoked.
import { deepStrictEqual as same, ok } from 'node:assert';
import { readFileSync } from 'node:fs';
import { Phone } from './phone.mjs';
import { Proxy } from './proxy.mjs';

setTimeout(() => { throw new Error('the trials do not end'); }, 900_000).unref();
const DAY = 86_400_000;
const proxy = await Proxy.start(process.env.METERBOOK_URL);
const { METERBOOK_CODE: code, METERBOOK_SECOND_CODE: secondCode, METERBOOK_ADMIN: admin, METERBOOK_NOW: now } = process.env;
const phone = new Phone({ url: proxy.url, now, wrongBy: -DAY });
const state = work => phone.page.evaluate(`import('/app/state.js').then(({ state }) => (${work})(state))`);

await phone.on(`/app/#activate=${code}`);
await phone.page.click('button.main');
await phone.page.waitForSelector('a.card');
await phone.page.waitForFunction(() => navigator.serviceWorker?.controller);
await phone.empties();

// A clock a day slow is said, and the reading is dated right all the same: the test holds the store against the server's time.
await phone.page.waitForFunction(() => document.body.textContent.includes('1440'));
const inBand = await state("s => Object.fromEntries([...s.rounds.values()].flatMap(r => r.stops).map(x => [x.service_point_number, String(Math.floor(((x.meter.band_low ?? 1e6) + (x.meter.band_high ?? 1e6)) / 2000)).padStart(5, '0')]))");
await phone.at('read', 'H1');
await phone.keys(`${inBand.H1}>`);
await phone.holds(1);
await phone.empties();

// Out of reach with a full outbox, when a new release is found: it takes over, and nothing of the outbox is touched.
const before = await phone.page.evaluate(async () => (await caches.keys()).join());
proxy.swallowed = /\/v1\/sync/;
await phone.at('read', 'H2');
await phone.keys(`${inBand.H2}>`);
await phone.holds(2);
await phone.at('visit', 'H3');
await phone.page.check('input[value=unsafe]', { force: true });
await phone.page.click('button.main');
await phone.holds(3);
// In mid-entry the new release waits; the reader says when.
await phone.at('read', 'H4');
await phone.keys(inBand.H4.slice(0, 2));
await phone.until(async () => (await (await import('/app/database.js')).all('drafts')).some(draft => draft.figures?.index.at === 2));
// The proxy must have seen the style sheet it makes the next release of.
await fetch(`${proxy.url}/app/style.css`);
proxy.release = '\n/* the next release */\n';
await fetch(`${proxy.url}/app/style.css`);
await phone.page.evaluate(async () => (await navigator.serviceWorker.getRegistration('/app/')).update());
await phone.until(async () => (await import('/app/state.js')).state.update !== undefined);
same(await phone.page.evaluate(() => document.querySelector('.dial button').textContent.trim()), inBand.H4[0]);
const reloaded = phone.page.waitForEvent('load');
await phone.page.evaluate(async () => (await import('/app/state.js')).state.update());
await reloaded;
await phone.page.waitForFunction(() => document.querySelector('.dial button')?.textContent.trim());
ok((await phone.page.evaluate(async () => (await fetch('/app/style.css')).text())).includes('the next release'), 'the new release is in use');
ok((await phone.page.evaluate(async () => (await caches.keys()).join())) !== before, 'and the old one is gone');
same((await phone.all('records')).filter(row => row.owed).length, 2);
await phone.keys(`${inBand.H4.slice(2)}>`);
await phone.holds(4);

// The phone is full, for the browser itself: it is said, nothing is half kept, no number is used up, the entry is still there; with room it goes on.
await phone.at('visit', 'S2');
await phone.page.check('input[value=refused]', { force: true });
await phone.until(async () => (await (await import('/app/database.js')).all('drafts')).length === 1);
const disk = await phone.context.newCDPSession(phone.page);
const room = quotaSize => disk.send('Storage.overrideQuotaForOrigin', { origin: proxy.url, quotaSize });
await room(1);
// A browser asks how much room there is only from time to time.
await phone.until(async () => (await import('/app/database.js')).keep('probe', 1).then(() => false, fault => fault.name === 'QuotaExceededError'));
await phone.page.click('button.main');
await phone.page.waitForSelector('[role=alert] .notice');
same(await phone.page.locator('[role=alert] .notice').count(), 1);
same([(await phone.all('records')).length, (await phone.all('drafts')).length], [4, 1]);
await room(undefined);
await phone.page.click('button.main');
await phone.holds(5);
same((await phone.all('records')).map(row => row.seq).sort(), [1, 2, 3, 4, 5]);

// Revoked with a full outbox: names and addresses go, what was noted stays, until it is saved or sent under a new code.
const device = await state('s => s.session.device');
const revoked = await fetch(`${process.env.METERBOOK_URL}/v1/devices/${device}/revoke`, { method: 'POST', headers: { authorization: `Bearer ${admin}` } });
ok(revoked.ok, `${revoked.status}`);
proxy.swallowed = undefined;
await phone.page.evaluate(async () => (await import('/app/sync.js')).sync(true));
await phone.page.waitForSelector('.card.bad');
same([(await phone.all('rounds')).length, (await phone.all('records')).filter(row => row.owed).length], [0, 4]);
ok(!(await phone.page.evaluate(() => document.body.textContent)).includes('锦绣路'));
same(await phone.page.locator('button.bad').isDisabled(), true, 'no wiping while something waits');
const download = phone.page.waitForEvent('download');
await phone.page.click('.stack button:not(.bad)');
const file = JSON.parse(readFileSync(await (await download).path(), 'utf8'));
same(file.items.map(item => item.device_seq).sort(), [2, 3, 4, 5]);
same(await phone.page.locator('button.bad').isDisabled(), false);
await phone.go(`activate`);
await phone.page.fill('input[name=code]', ` ${proxy.url}/app#activate=${secondCode} `);
await phone.page.click('button.main');
await phone.page.waitForSelector('a.card');
await phone.empties();

// A server restored from an older backup does not know this sign-in and is of another epoch. Under a code made for this very phone it goes on:
// the same device, the next number, and what it sent before is offered.
const here = await state('s => s.session');
await phone.page.evaluate(async () => {
    const [{ keep, kept }, { state: app }, { sync }] = await Promise.all([import('/app/database.js'), import('/app/state.js'), import('/app/sync.js')]);
    app.session = { ...app.session, access: 'forgotten', refresh: 'forgotten' };
    await keep('session', app.session);
    await keep('pulled', { ...(await kept('pulled')), epoch: 'before' });
    await sync(true);
});
await phone.page.waitForSelector('.card.bad');
const minted = await fetch(`${process.env.METERBOOK_URL}/v1/devices/activation-codes`, {
    method: 'POST', headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' }, body: JSON.stringify({ account_id: here.account.id, device_id: here.device }),
});
ok(minted.ok, `${minted.status}`);
proxy.seen.length = 0;
await phone.go('activate');
await phone.page.fill('input[name=code]', (await minted.json()).code);
await phone.page.click('button.main');
await phone.page.waitForSelector('a.card');
await phone.empties();
same(await state('s => s.session.device'), here.device);
ok(proxy.seen.some(line => line === 'POST /v1/sync/offer'), 'what was sent is offered');
await phone.at('visit', 'S1');
await phone.page.check('input[value=unsafe]', { force: true });
await phone.page.click('button.main');
await phone.holds(6);
same((await phone.all('records')).map(row => row.seq).sort(), [1, 2, 3, 4, 5, 6]);
await phone.empties();

const held = (await phone.all('records')).map(({ id, seq, body, outcome }) => ({ id, seq, body, outcome }));
await phone.off();
proxy.stop();
console.log(`HELD ${JSON.stringify({ held, photos: [] })}`);
console.log('as expected');
process.exit();
