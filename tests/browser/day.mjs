// A whole round out of reach: the network is cut, the browser is killed in mid-entry and while it saves, answers are lost on the way home.
// At the end it prints what the phone holds; the test beside this file holds the store against it.
import { deepStrictEqual as same, ok } from 'node:assert';
import { Phone } from './phone.mjs';
import { Proxy } from './proxy.mjs';

setTimeout(() => { throw new Error('the day does not end'); }, 900_000).unref();
const proxy = await Proxy.start(process.env.METERBOOK_URL);
const phone = new Phone({ url: proxy.url, now: process.env.METERBOOK_NOW });

const saved = () => phone.page.waitForSelector('.notice');
const draftCells = () => phone.page.evaluate(() => [...document.querySelectorAll('.dial button')].map(cell => cell.textContent.trim()).join(''));

// In the office: the link brings the code; it is gone from the address at once, and no server has seen it.
await phone.on(`/app/#activate=${process.env.METERBOOK_CODE}`);
await phone.page.waitForSelector('form');
same(await phone.page.evaluate(() => location.hash), '#/activate');
await phone.page.click('button.main');
await phone.page.waitForSelector('a.card');
await phone.page.waitForFunction(() => navigator.serviceWorker?.controller);
ok(!proxy.seen.some(line => line.includes(process.env.METERBOOK_CODE)), 'a code never stands in a request line');
same(await phone.page.locator('a.card').count(), 2);

// Names are hidden until a stop is opened.
ok(!(await phone.page.evaluate(() => document.body.textContent)).includes('王1'));
await phone.go('find');
await phone.page.fill('input[type=search]', '锦绣路1');
await phone.page.waitForSelector('.stops li');
ok(!(await phone.page.textContent('.stops')).includes('王1'));

// In the cellar: no network at all, and the app opens all the same.
proxy.cut = true;
await phone.context.setOffline(true);
await phone.page.reload();
await phone.page.waitForSelector('.keys, .stops, .strip');
const homes = { h1: await phone.fitting('H1'), h2: await phone.fitting('H2'), h3: await phone.fitting('H3'), h4: await phone.fitting('H4') };

// Killed in mid-entry: the digits are there again, in their places.
await phone.at('read', 'H1');
await phone.keys(homes.h1.index.slice(0, 3));
await phone.until(async () => (await (await import('/app/database.js')).all('drafts'))[0]?.figures.index.at === 3);
await phone.kill();
await phone.on();
await phone.context.setOffline(true);
await phone.page.reload();
await phone.at('read', 'H1');
await phone.page.waitForFunction(() => document.querySelector('.dial button')?.textContent.trim() !== '');
same(await draftCells(), homes.h1.index.slice(0, 3));
await phone.keys(homes.h1.index.slice(3) + '>');
await phone.holds(1);
same((await phone.all('drafts')).length, 0);

// Killed while it saves: afterwards the reading is there once, or the draft is, never both and never neither.
await phone.at('read', 'H2');
await phone.keys(homes.h2.index);
await phone.page.evaluate(() => document.querySelector('.keys .wide').click());
await phone.kill();
await phone.on();
await phone.context.setOffline(true);
const after = [(await phone.all('records')).length, (await phone.all('drafts')).length];
ok((after[0] === 2 && after[1] === 0) || (after[0] === 1 && after[1] === 1), `records and drafts: ${after}`);
if (after[0] === 1) {
    await phone.at('read', 'H2');
    await phone.page.waitForFunction(() => document.querySelector('.dial button')?.textContent.trim() !== '');
    // The last digits may not have reached the disk; what did is a beginning of what was typed.
    const kept = await draftCells();
    ok(homes.h2.index.startsWith(kept), kept);
    await phone.keys(`${homes.h2.index.slice(kept.length)}>`);
    await phone.holds(2);
}

// Twice pressed is once saved.
await phone.at('read', 'H4');
await phone.keys(homes.h4.index);
await phone.page.evaluate(() => {
    const done = document.querySelector('.keys .wide');
    done.click();
    done.click();
});
await phone.holds(3);

// The same again is the same; the same id with other figures, as two windows with one draft may have it, is a reading of its own.
const kept = await phone.page.evaluate(async () => {
    const [{ store }, { all }] = await Promise.all([import('/app/outbox.js'), import('/app/database.js')]);
    const { id, item, round, stop, account } = (await all('records')).find(row => row.seq === 3);
    const stored = async index => (await store({ id, item: { ...item, index }, round, stop, photos: [] }, account)).id === id;
    return [await stored(item.index), await stored(item.index + 1000)];
});
same(kept, [true, false]);
await phone.holds(4);

// More gas than the meter can pass: blind again, then where to look, then only with a photo and a reason.
await phone.at('read', 'H3');
await phone.keys(`${homes.h3.beyond}>`);
await phone.page.waitForSelector('.message');
same(await draftCells(), '', 'the second entry is blind');
same(await phone.page.locator('.message li').count(), 0, 'and without a hint');
await phone.keys(`${homes.h3.beyond}>`);
await phone.page.waitForSelector('.card li');
await phone.page.click('button:text-is("表上就是这样，保存")');
await phone.page.waitForSelector('[role=alert]');
await phone.photograph();
await phone.page.check('input[value=gas_in_use]', { force: true });
await phone.page.click('button:text-is("表上就是这样，保存")');
await phone.holds(5);

// Nobody home, with proof.
await phone.at('visit', 'H2');
await phone.page.check('input[value=nobody_home]', { force: true });
await phone.page.click('button.main');
await phone.page.waitForSelector('[role=alert]');
await phone.photograph();
await phone.page.click('button.main');
await phone.holds(6);

// A shop: cumulative and balance in each other's places are noticed at the door; then right.
const shop = await phone.fitting('S1');
await phone.at('read', 'S1');
await phone.keys(`${shop.index}>${shop.balance}>${shop.cumulative}>`);
await phone.page.waitForSelector('.message');
await phone.keys(`${shop.index}>${shop.cumulative}>${shop.balance}>`);
await phone.holds(7);

// A slip of the own finger, corrected with a reason; a hazard; a meter with another number.
const [first] = (await phone.all('records')).sort((one, two) => one.seq - two.seq);
await phone.go(`correct/${first.id}`);
await phone.page.waitForSelector('fieldset');
await phone.page.click('.dock .main');
await phone.page.waitForSelector('[role=alert]');
await phone.page.check('input[value=mistyped]', { force: true });
await phone.page.click('.dock .main');
await phone.page.waitForSelector('.keys');
await phone.keys(`${String(Number(homes.h1.index) + 1).padStart(5, '0')}>`);
await phone.holds(8);
await phone.at('report', 'S2', '/hazard');
await phone.page.locator('input[name=code]').first().check({ force: true });
await phone.page.check('input[value=major]', { force: true });
await phone.page.click('button.main');
await phone.holds(9);
await phone.at('report', 'S2', '/found');
await phone.page.check('input[value=wrong_number]', { force: true });
await phone.page.fill('main label input:not([type])', '00288');
await phone.page.click('button.main');
await phone.holds(10);

// The end of the day is refused while anything waits.
await phone.go('day');
await phone.page.waitForSelector('.card.bad');
same(await phone.page.locator('button.main').isDisabled(), true);
same(await phone.page.textContent('.strip b[data-count=owed]'), '10');

// In the street again: the token has run out, and the answers to the first refresh, two pushes and a photo are lost.
await phone.page.evaluate(async () => {
    const { keep } = await import('/app/database.js');
    const { state } = await import('/app/state.js');
    state.session = { ...state.session, access: 'spent' };
    await keep('session', state.session);
});
proxy.lose(/POST \/v1\/auth\/refresh/);
proxy.lose(/POST \/v1\/sync\/records/, 2);
proxy.lose(/PUT \/v1\/photos/);
proxy.cut = false;
await phone.context.setOffline(false);
await phone.empties();
ok(proxy.losses.every(loss => loss.times === 0), 'all the answers that were to be lost were lost');
await phone.page.waitForSelector('.card.good');
await phone.page.click('button.main');
await phone.page.waitForSelector('.card.good b');

// First load, then nothing: a reload asks the network for data alone.
proxy.seen.length = 0;
await phone.page.reload();
await phone.page.waitForSelector('.strip');
await phone.until(async () => (await import('/app/state.js')).state.sync.okAt !== undefined);
const shell = proxy.seen.filter(line => !line.includes('/v1/') && !line.endsWith('/app/worker.js'));
same(shell, []);

const held = (await phone.all('records')).map(({ id, seq, body, outcome }) => ({ id, seq, body, outcome }));
const photos = (await phone.all('photos')).map(({ sha256, state, bytes }) => ({ sha256, state, bytes }));
await phone.off();
proxy.stop();
console.log(`HELD ${JSON.stringify({ held, photos })}`);
console.log('as expected');
