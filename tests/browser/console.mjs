// The console as an analyst and a dispatcher use it: signing in, triage by keyboard, a meter, coverage from the whole to the point, a
// plan, a phone; and every page in both languages and lights, with axe's word on it.
import { chromium } from 'playwright-core';
import { deepStrictEqual as same, ok } from 'node:assert';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { misbehave } from './unruly.mjs';

setTimeout(() => { throw new Error('the console does not end'); }, 900_000).unref();
const { METERBOOK_URL: url, METERBOOK_MONTH: month, METERBOOK_SHOTS: folder, METERBOOK_ANALYST: analyst, METERBOOK_DISPATCHER: dispatcher } = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];
/** When a step that has not come is given up: a watchdog, not a measure. */
const MOST_MS = 90_000;
mkdirSync(folder, { recursive: true });
const faults = [];
const profile = mkdtempSync(join(tmpdir(), 'meterbook-console-'));
process.once('exit', () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.METERBOOK_CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS, viewport: { width: 1440, height: 900 }, locale: 'zh-CN',
});
const page = context.pages()[0];
page.setDefaultTimeout(MOST_MS);
page.on('pageerror', fault => faults.push(String(fault)));
page.on('console', message => {
    if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(message.text())) faults.push(message.text());
});
page.on('response', answer => {
    if (answer.status() >= 400 && !answer.url().includes('/v1/auth/')) faults.push(`${answer.status()} ${answer.url()}`);
});

const settled = () => page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.bones, .bone, .fading'));

async function open(route) {
    await page.evaluate(async to => {
        if (location.hash !== to) {
            const gone = new Promise(done => addEventListener('hashchange', done, { once: true }));
            location.hash = to;
            await gone;
        }
        // The page is drawn once between the two frames.
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    }, `#/${route}`);
    await settled();
}

async function signIn(login, password) {
    await page.waitForSelector('[name=login]');
    await page.fill('[name=login]', login);
    await page.fill('[name=password]', password);
    await page.click('button.main');
    await page.waitForSelector('.shell');
    await settled();
}

/** Axe's word, and keys that have no text. */
async function judge(name, options = {}) {
    const found = await page.evaluate(async ([source, given]) => {
        if (!globalThis.axe) (0, eval)(source);
        const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'], ...given });
        return violations.map(one => `${one.id}: ${one.nodes.map(node => node.target.join(' ')).slice(0, 3).join(', ')}`);
    }, [axe, options]);
    faults.push(...found.map(one => `${name}: ${one}`));
    const text = await page.evaluate(() => document.body.innerText);
    for (const key of text.match(/\b[a-z]+(?:_[a-z]+)*\.[a-z]+(?:[_.][a-z]+)*\b/g) ?? []) faults.push(`${name}: a key without a text: ${key}`);
}

/** A page in both languages and lights: pictures, and axe in full once a language, colours in every light. */
async function look(name, route) {
    const turn = async (language, light) => {
        await page.evaluate(([one, two]) => {
            localStorage.setItem('meterbook-language', one);
            localStorage.setItem('meterbook-light', two);
        }, [language, light]);
        await page.goto('about:blank');
        await page.goto(`${url}/console/#/${route}`);
        await settled();
        await page.evaluate(() => Promise.all(document.getAnimations()
            .filter(one => one.effect?.getTiming().iterations !== Infinity).map(one => one.finished.catch(() => {}))));
    };
    for (const language of ['zh', 'en']) {
        for (const light of ['light', 'dark']) {
            await turn(language, light);
            await page.screenshot({ path: join(folder, `${name}-${language}-${light}.png`) });
            await judge(`${name} ${language} ${light}`, light === 'light' ? {} : { runOnly: ['color-contrast'] });
        }
    }
    await turn('zh', 'light');
}

// A wrong password is told; a right one opens the first page, soon.
await page.goto(`${url}/console/`);
await page.waitForSelector('form');
await judge('sign-in');
await page.screenshot({ path: join(folder, 'sign-in-zh-light.png') });
await page.fill('[name=login]', 'analyst');
await page.fill('[name=password]', 'not the password at all');
await page.click('button.main');
await page.waitForFunction(() => document.querySelector('.fault')?.textContent.length > 3);
await signIn('analyst', analyst);
const began = Date.now();
await page.reload();
await settled();
const first = Date.now() - began;
console.log(`the first page took ${first} ms`);

// Triage by keyboard alone: the second case is confirmed, and the list goes on to the next.
await open('cases?state=open&sort=stake');
const before = await page.locator('tbody tr').count();
ok(before > 3, `${before} cases`);
await page.keyboard.press('j');
await page.waitForFunction(() => document.querySelectorAll('tbody tr')[1]?.getAttribute('aria-current') === 'true');
const triaged = await page.locator('tr[aria-current=true] a.reason').textContent();
await page.waitForSelector('.file .actions');
await page.keyboard.press('c');
await page.waitForSelector('dialog textarea');
await judge('the dialog of a decision');
await page.keyboard.type('照片与读数相符');
await page.keyboard.press('Control+Enter');
await page.waitForSelector('dialog', { state: 'detached' });
await page.waitForFunction(wanted => ![...document.querySelectorAll('a.reason')].some(one => one.textContent === wanted), triaged);
await settled();
same(await page.locator('tr[aria-current=true]').count(), 1);
// Several at once, and the address is the filter.
await page.locator('tbody input[type=checkbox]').nth(0).check();
await page.locator('tbody input[type=checkbox]').nth(1).check();
await page.click('.bulk button:nth-of-type(2)');
await page.waitForSelector('dialog textarea');
await page.fill('dialog textarea', '与往年同期一致');
await page.click('dialog button[type=submit]');
await page.waitForSelector('dialog', { state: 'detached' });
await open('cases?state=confirmed,dismissed&sort=id');
await page.waitForFunction(() => document.querySelectorAll('tbody tr').length >= 3);

// The meter behind a case: its chart, its table, its cases.
await open('cases?state=all&kind=failed&sort=stake');
await page.keyboard.press('m');
await page.waitForSelector('figure.chart svg rect.use');
ok(await page.locator('figure.chart rect.band').count() > 3, 'a band is drawn');
ok(await page.locator('.sums li').count() >= 1, 'the three figures are reckoned');
same(page.url().includes('#/meters/'), true);
const meter = new URL(page.url()).hash.slice(2);
await page.waitForSelector('ul.stack a');

// Coverage, from the whole down to the points.
await open(`coverage?month=${month}`);
await page.click('tbody a:text-is("工商业")');
await page.waitForFunction(() => location.hash.includes('group=area'));
await settled();
await page.click('tbody td a');
await page.waitForFunction(() => location.hash.includes('group=route'));
await settled();
await page.click('tbody td a');
await page.waitForFunction(() => location.hash.includes('#/next'));
await settled();
ok(await page.locator('tbody tr').count() > 0, 'a route has points to read');

// A number leads to what it counts.
await open(`coverage?month=${month}`);
await page.click('tbody tr:first-child a.number');
await page.waitForFunction(() => location.hash.includes('bucket=seen'));
await settled();
ok(await page.locator('tbody tr').count() > 0, 'what is seen is listed');
await judge('the points behind a figure');

await open(`daily?day=${month}-22`);
await page.click('tbody tr:has(a.number) a.number');
await page.waitForFunction(() => location.hash.includes('figure=visits'));
await settled();
ok(await page.locator('#records ~ * tbody tr, section:has(#records) tbody tr').count() > 0, 'the visits of a day are listed');
await judge('the records behind a figure');

// A place on the month's lists is somewhere to look; a person makes a case of it.
await open(`suspects?month=${month}&list=slow`);
await page.click('tbody button');
await page.waitForFunction(() => /#\/case\/\d+/.test(location.hash));
await open(`suspects?month=${month}&list=slow`);
// What was there stays until its successor has come: then the place leads to its case.
await page.waitForSelector('tbody tr:first-child a[href^="#/case/"]');

// Every page an analyst has.
const ofAnalyst = [
    ['overview', 'overview'], ['cases', 'cases?state=all&sort=stake'], ['meter', meter], ['suspects', `suspects?month=${month}`], ['coverage', `coverage?month=${month}&group=area`], ['points', 'points'], ['point', 'points/1'],
    ['rules', 'rules'], ['lab', 'lab'], ['integrity', `integrity?from=${month}-01&until=${month}-28`], ['daily', `daily?day=${month}-23`], ['month', `month?month=${month}&list=not-read`], ['appraisals', `appraisals?month=${month}`],
];
for (const [name, route] of ofAnalyst) await look(name, route);

// A dispatcher: a code for a phone, a plan, a promise.
await page.click('.topbar > button:last-child');
await signIn('dispatcher', dispatcher);
await open('devices');
await page.click('.head button.main');
await page.selectOption('dialog select', { index: 1 });
await page.click('dialog button[type=submit]');
await page.waitForSelector('dialog .secret');
ok(await page.locator('dialog svg.qr path').count() === 1, 'the code can be scanned');
await judge('the activation code');
await page.keyboard.press('Escape');
await page.waitForSelector('dialog', { state: 'detached' });
await open('plans');
await page.click('.head button.main');
await page.click('dialog button[type=submit]');
await page.waitForFunction(() => /#\/plans\/\d+/.test(location.hash));
await page.waitForSelector('table.board', { timeout: 180_000 });
await settled();
const plan = new URL(page.url()).hash.slice(2);
ok(await page.locator('.field-of-day a').count() > 0, 'the board has days');
await page.locator('.list tbody input[type=checkbox]').first().check();
ok(await page.locator('.way .marked').count() === 1, 'what is marked is seen on the map');
await open('unseen?class=residential_indoor');
await page.click('tbody button');
await page.fill('dialog [name=day]', await page.getAttribute('dialog [name=day]', 'min'));
await page.click('dialog button[type=submit]');
await page.waitForSelector('dialog', { state: 'detached' });

// What a phone did wrong is settled: rejected by key, mended and released, explained, taken up.
// The list of phones grows meanwhile before its own clock says so: the desk is told.
await open('devices');
const phones = await page.locator('tbody tr:not(.bone)').count();
const point = await misbehave(url, dispatcher);
await page.waitForFunction(known => document.querySelectorAll('tbody tr:not(.bone)').length > known, phones);
const rows = () => page.locator('tbody tr:not(.bone)').count();
const fewer = count => page.waitForFunction(most => document.querySelectorAll('tbody tr:not(.bone)').length < most, count);
async function send(reason) {
    await page.fill('dialog textarea', reason);
    await page.click('dialog button[type=submit]');
    await page.waitForSelector('dialog', { state: 'detached' });
}
await open('quarantine');
const aside = await rows();
ok(aside >= 2, `${aside} items set aside`);
await look('quarantine', 'quarantine');
await page.keyboard.press('d');
await page.waitForSelector('dialog textarea');
await page.keyboard.type('读数写反了，已请抄表员重抄');
await page.keyboard.press('Control+Enter');
await page.waitForSelector('dialog', { state: 'detached' });
await fewer(aside);
await settled();
await page.click('tbody tr:has-text("任务内") a');
await page.waitForFunction(() => document.querySelector('tr[aria-current=true]')?.textContent.includes('任务内'));
await page.keyboard.press('r');
await page.fill('dialog [name=service_point_id]', String(point));
await judge('mending an item');
await send('点错了用气点');
await fewer(aside - 1);
await look('gaps', 'gaps');
const gaps = await rows();
await page.click('tbody td button');
same(await page.inputValue('dialog [name=seqs]'), '3–4');
await send('手机进水，两条记录已丢失');
await fewer(gaps);
await look('hazards', 'decide?list=hazards');
const hazards = await rows();
await page.click('tbody td button');
await send('已通知抢修');
await fewer(hazards);
await open('rounds');
await page.click('tbody td a');
await page.waitForFunction(() => /#\/rounds\/\d+/.test(location.hash));
await page.waitForSelector('.way circle');
const round = new URL(page.url()).hash.slice(2);
const ofDispatcher = [['round', round], ['plan', plan], ['plans', 'plans'], ['rounds', 'rounds'], ['calendar', 'calendar'], ['devices', 'devices'], ['unseen', 'unseen?class=residential_indoor'], ['readers', 'readers'], ['found', 'decide?list=found'], ['account', 'account']];
for (const [name, route] of ofDispatcher) await look(name, route);

await context.close();
same(faults, []);
console.log(`the first page: ${first} ms`);
console.log('as expected');
