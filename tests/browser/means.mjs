// What a phone has beside its network: a camera that reads codes, a place, photos too large for one request, a finger that signs; and what
// was promised to customers. The page is killed in between as ever.
import { deepStrictEqual as same, ok } from 'node:assert';
import { createHash, randomBytes } from 'node:crypto';
import { Phone } from './phone.mjs';
import { Proxy } from './proxy.mjs';

setTimeout(() => { throw new Error('it does not end'); }, 900_000).unref();
const { METERBOOK_URL: url, METERBOOK_CODE: code, METERBOOK_ADMIN: dispatcher, METERBOOK_NOW: now } = process.env;
const PIECE = 256 * 1024;
const proxy = await Proxy.start(url);

/** Debian's Chromium has a camera (a false one) and no reader of codes: the reader is played, the camera is not. */
const reader = () => {
    globalThis.inSight = undefined;
    globalThis.BarcodeDetector = class {
        static getSupportedFormats = async () => ['qr_code', 'code_128'];

        async detect(video) {
            if (video.videoWidth === 0) throw new Error('no picture yet');
            globalThis.camera = video.srcObject;
            const code = globalThis.inSight;
            globalThis.inSight = undefined;
            return code ? [{ rawValue: code }] : [];
        }
    };
};
const phone = new Phone({ url: proxy.url, now, flags: ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'], before: reader });
const state = work => phone.page.evaluate(`import('/app/state.js').then(({ state }) => (${work})(state))`);
const field = () => phone.page.inputValue('input[name=code]');
const allowPlace = async (latitude, longitude) => {
    await phone.context.grantPermissions(['geolocation'], { origin: proxy.url });
    await phone.context.setGeolocation({ latitude, longitude, accuracy: 12 });
};
const last = async () => (await phone.all('records')).sort((one, two) => two.seq - one.seq)[0];
const scan = async seen => {
    await phone.page.click('form button[type=button]');
    await phone.page.waitForFunction(() => document.querySelector('video')?.videoWidth > 0);
    await phone.page.evaluate(value => { globalThis.inSight = value; }, seen);
    await phone.page.waitForFunction(() => !document.querySelector('video'));
};

// The dispatcher's QR code. That of another server is refused by name; after a code the camera is off.
await phone.on();
await phone.page.waitForSelector('form');
await scan('https://other.example/app#activate=ABCD-EFGH-JKLM');
ok((await phone.page.textContent('#fault')).includes('https://other.example'));
same(await field(), '');
await scan(`${proxy.url}/app#activate=${code}`);
same([await field(), await phone.page.textContent('#fault')], [code, '']);
same(await phone.page.evaluate(() => globalThis.camera.getTracks().map(track => track.readyState)), ['ended']);
await phone.page.click('button.main');
await phone.page.waitForSelector('a.card');
ok(!proxy.seen.some(line => line.includes(code)), 'a code never stands in a request line');
await phone.empties();
// And a meter's bar code leads to its stop.
await phone.go('find');
await phone.page.waitForSelector('input[type=search]');
await phone.page.click('main .stack button');
await phone.page.waitForFunction(() => document.querySelector('video')?.videoWidth > 0);
await phone.page.evaluate(() => { globalThis.inSight = '00377'; });
await phone.page.waitForSelector('dl');
ok((await phone.page.textContent('main')).includes('锦绣路3号'));

// A place is noted once it is allowed and found; without one, and with it switched off, a record is kept just the same.
const refused = async number => {
    await phone.at('visit', number);
    await phone.page.check('input[value=refused]', { force: true });
    const records = (await phone.all('records')).length;
    await phone.page.click('button.main');
    await phone.holds(records + 1);
    const { lat_micro, lng_micro, datum, place_accuracy_m } = (await last()).item;
    return [lat_micro, lng_micro, datum, place_accuracy_m];
};
const nowhere = [undefined, undefined, undefined, undefined];
same(await refused('H1'), nowhere);
await allowPlace(31.230416, 121.473701);
await phone.go('today');
await phone.page.waitForSelector('a.card');
await phone.at('stop', 'H1');
await phone.until(async () => (await import('/app/state.js')).state.place === 'found');
same(await refused('H1'), [31_230_416, 121_473_701, 'wgs84', 12]);
await phone.page.evaluate(async () => (await import('/app/settings.js')).keepSettings({ place: false }));
same(await refused('H2'), nowhere);

// Signed, and the battery goes: the signature is on the sheet again, and goes with the slip.
const inked = () => phone.page.evaluate(() => {
    const canvas = document.querySelector('canvas.signature');
    return canvas?.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.filter((value, at) => at % 4 === 3 && value > 0).length ?? 0;
});
await phone.at('report', 'S1', '/slip');
await phone.page.waitForSelector('canvas.signature');
await phone.page.check('input[value=signed]', { force: true });
await phone.page.locator('canvas.signature').scrollIntoViewIfNeeded();
const box = await phone.page.locator('canvas.signature').boundingBox();
await phone.page.mouse.move(box.x + 40, box.y + 40);
await phone.page.mouse.down();
for (const [x, y] of [[80, 90], [140, 50], [200, 100]]) await phone.page.mouse.move(box.x + x, box.y + y);
await phone.page.mouse.up();
const ink = await inked();
ok(ink > 500, `${ink}`);
await phone.until(async () => (await (await import('/app/database.js')).all('drafts')).some(draft => draft.strokes?.length === 1));
await phone.kill();
await phone.on();
await phone.at('report', 'S1', '/slip');
await phone.page.waitForSelector('canvas.signature');
same(await inked(), ink);
await phone.page.click('button.main');
await phone.holds(4);
same((await last()).item.evidence.length, 1);
await phone.empties();

// A photo the browser can't draw and one request can't carry: HEIC, in pieces. An answer is lost and the battery goes: what has arrived is not
// sent again.
const heic = Buffer.concat([Buffer.from('000000186674797068656963000000006d69663168656963', 'hex'), randomBytes(5 * PIECE - 100)]);
await phone.at('report', 'H3', '/hazard');
await phone.page.waitForSelector('fieldset');
await phone.page.locator('input[name=code]').first().check({ force: true });
await phone.page.check('input[value=minor]', { force: true });
await phone.photograph({ name: 'p.heic', mimeType: 'image/heic', buffer: heic });
proxy.lose(/PATCH \/v1\/photos/);
await phone.page.click('button.main');
await phone.holds(5);
await phone.page.evaluate(async () => (await import('/app/sync.js')).sync(true));
for (const end = Date.now() + 40_000; proxy.losses.some(loss => loss.times > 0);) {
    ok(Date.now() < end, 'no piece was sent');
    await phone.page.waitForTimeout(20);
}
await phone.kill();
await phone.on();
await phone.empties();
same(proxy.pieces.map(([from]) => from), [0, 1, 2, 3, 4].map(n => n * PIECE));
same(proxy.pieces.reduce((sum, [, bytes]) => sum + bytes, 0), heic.length);
// The browser itself repeats a request whose connection ends under it.
ok(proxy.seen.filter(line => line.startsWith('PATCH')).length <= 6);

// A photo that one request did not bring through goes in pieces the next time.
proxy.pieces.length = 0;
const noise = await phone.page.evaluate(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1200, height: 900 });
    const picture = new ImageData(1200, 900);
    for (let at = 0; at < picture.data.length; at += 65_536) crypto.getRandomValues(picture.data.subarray(at, at + 65_536));
    canvas.getContext('2d').putImageData(picture, 0, 0);
    return canvas.toDataURL('image/jpeg', 0.9).split(',')[1];
});
await phone.at('report', 'H4', '/notice');
await phone.page.waitForSelector('fieldset');
await phone.page.check('input[value=safety]', { force: true });
await phone.photograph({ name: 'n.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(noise, 'base64') });
proxy.swallowed = /PUT \/v1\/photos/;
await phone.page.click('button.main');
await phone.holds(6);
await phone.empties();
ok(proxy.pieces.length >= 2 && proxy.pieces.length <= 4, `${proxy.pieces}`);
proxy.swallowed = undefined;

// What the server takes for no photo is said and kept, and holds up neither the day nor the other photos.
const alike = Buffer.concat([Buffer.from('0000001866747970', 'hex'), Buffer.from('xxxx0000aheicaaa'), randomBytes(100)]);
await phone.at('report', 'H4', '/hazard');
await phone.page.waitForSelector('fieldset');
await phone.page.locator('input[name=code]').first().check({ force: true });
await phone.page.check('input[value=minor]', { force: true });
await phone.photograph({ name: 'x.heic', mimeType: 'image/heic', buffer: alike });
await phone.photograph();
await phone.page.click('button.main');
await phone.holds(7);
await phone.empties();
await phone.go('waiting');
await phone.page.waitForSelector('.card.bad');
same((await phone.all('photos')).filter(photo => photo.state === 'refused').map(photo => photo.sha256), [createHash('sha256').update(alike).digest('hex')]);

const photos = (await phone.all('photos')).filter(photo => photo.state !== 'refused').map(({ sha256, state, bytes }) => ({ sha256, state, bytes }));
ok(photos.some(photo => photo.sha256 === createHash('sha256').update(heic).digest('hex') && photo.bytes === heic.length));

// What is promised for today is on the first screen, in the list and at the stop; what is taken back is gone.
const { point, stopId } = await state("s => [...s.rounds.values()].flatMap(r => r.stops).filter(x => x.service_point_number === 'H4').map(x => ({ point: x.service_point_id, stopId: x.id }))[0]");
const office = async (path, body) => {
    const answer = await fetch(`${url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${dispatcher}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
    ok(answer.ok, `${path}: ${answer.status}`);
    return answer.json();
};
const soon = ms => new Date(Date.parse(now) + ms).toISOString();
const promise = await office('/v1/appointments', { service_point_id: point, from_at: soon(60_000), until_at: soon(3_660_000) });
await phone.go('today');
await phone.empties();
await phone.page.waitForSelector('.promised a');
ok((await phone.page.textContent('.promised')).includes('锦绣路4号'));
await phone.page.click('.promised a');
await phone.page.waitForFunction(id => location.hash === `#/stop/${id}`, stopId);
await phone.page.waitForSelector('.card.warn b:text-is("约定")');
await office(`/v1/appointments/${promise.id}/withdraw`, {});
await phone.empties();
await phone.page.waitForFunction(() => ![...document.querySelectorAll('.card b')].some(one => one.textContent === '约定'));

const held = (await phone.all('records')).map(({ id, seq, body, outcome }) => ({ id, seq, body, outcome }));
await phone.off();
proxy.stop();
console.log(`HELD ${JSON.stringify({ held, photos })}`);
console.log('as expected');
process.exit();
