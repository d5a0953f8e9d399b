// A phone for the tests: Debian's Chromium with a profile of its own, driven by playwright-core. It can be killed as a battery kills it.
import { chromium } from 'playwright-core';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FLAGS = [
    '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--disable-dev-shm-usage', '--hide-scrollbars', '--remote-debugging-port=0', '--window-size=360,740',
];

/** In a page: its clock is this far from the machine's. */
const shiftClock = shift => {
    const Real = Date;
    globalThis.Date = class extends Real {
        constructor(...given) {
            if (given.length === 0) super(Real.now() + shift);
            else super(...given);
        }

        static now() {
            return Real.now() + shift;
        }
    };
};

export class Phone {
    /** `now` is the server's time; `wrongBy` is by how many ms the phone's clock is off; `flags` are more of the browser's; `before` runs in
     * each page before the app. */
    constructor({ url, now, language = 'zh-CN', wrongBy = 0, flags = [], before = () => {} }) {
        Object.assign(this, { url, language, flags, before });
        this.shift = Date.parse(now) - Date.now() + wrongBy;
        this.profile = mkdtempSync(join(tmpdir(), 'meterbook-phone-'));
        this.faults = [];
    }

    /** Switches it on and opens the app. */
    async on(path = '/app/') {
        this.process = spawn(process.env.METERBOOK_CHROMIUM ?? '/usr/bin/chromium', [...FLAGS, ...this.flags, `--lang=${this.language}`, `--accept-lang=${this.language}`, `--user-data-dir=${this.profile}`], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
        process.once('exit', () => this.stop());
        const endpoint = await new Promise((done, failed) => {
            let said = '';
            this.process.stderr.on('data', chunk => {
                said += chunk;
                const found = /DevTools listening on (ws:\S+)/.exec(said);
                if (found) done(found[1]);
            });
            this.process.on('exit', () => failed(new Error(`the browser does not start: ${said}`)));
        });
        this.browser = await chromium.connectOverCDP(endpoint);
        [this.context] = this.browser.contexts();
        await this.context.addInitScript(shiftClock, this.shift);
        await this.context.addInitScript(this.before);
        this.page = this.context.pages()[0] ?? (await this.context.newPage());
        await this.page.setViewportSize({ width: 360, height: 740 });
        this.page.setDefaultTimeout(40_000);
        this.page.on('pageerror', fault => this.faults.push(String(fault)));
        this.page.on('console', message => {
            // A refused policy is a hole in the page; a failed request is what these tests are about.
            if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(message.text())) this.faults.push(message.text());
        });
        await this.page.goto(this.url + path);
        return this;
    }

    /** Every process of the browser. */
    stop() {
        try {
            process.kill(-this.process.pid, 'SIGKILL');
        } catch {
            // It is off already.
        }
    }

    /** Pulls the battery. */
    async kill() {
        const ended = new Promise(done => this.process.once('exit', done));
        this.stop();
        await ended;
        await this.browser.close().catch(() => {});
    }

    async off() {
        await this.kill();
        rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
        if (this.faults.length) throw new Error(`the page complained: ${this.faults.join('\n')}`);
    }

    /** Goes to a screen, and waits until it is there whole: an entry is taken up again from the disk. */
    async go(route) {
        await this.page.evaluate(async to => {
            if (location.hash === to) return;
            const gone = new Promise(done => addEventListener('hashchange', done, { once: true }));
            location.hash = to;
            await gone;
        }, `#/${route}`);
        await this.page.waitForSelector('#app[aria-busy=false]');
    }

    /** Goes to a screen of a stop, named by its customer number, once the phone has read from its disk that it holds it. */
    async at(screen, number, more = '') {
        const find = async wanted => {
            const { state } = await import('/app/state.js');
            return [...state.rounds.values()].flatMap(round => round.stops).find(stop => stop.service_point_number === wanted)?.id;
        };
        await this.until(find, number);
        const id = await this.page.evaluate(find, number);
        await this.go(`${screen}/${id}${more}`);
        if (screen === 'read') await this.page.waitForSelector('.keys');
        return id;
    }

    /** Figures that fit a customer's meter: within the band, and related as the last ones were; and one beyond what it can pass. */
    async fitting(number) {
        const meter = await this.page.evaluate(async wanted => {
            const { state } = await import('/app/state.js');
            return [...state.rounds.values()].flatMap(round => round.stops).find(stop => stop.service_point_number === wanted).meter;
        }, number);
        const m3 = Math.floor((meter.band_low + meter.band_high) / 2000);
        const digits = value => String(value).padStart(meter.digits_integer, '0');
        if (!meter.three_figures) return { index: digits(m3), beyond: digits(Math.floor((meter.band_high + meter.possible_above) / 1000) + 10) };
        const cumulative = m3 - meter.index_ahead / 1000;
        return { index: digits(m3), cumulative: String(cumulative), balance: String(meter.account_sum / 1e6 - cumulative) };
    }

    /** Types on the pad. */
    async keys(digits) {
        for (const key of digits) {
            if (key === '>') await this.page.click('.keys .wide');
            else await this.page.click(`.keys button:text-is("${key}")`);
        }
    }

    /** Gives a photo to the camera. */
    async photograph(given) {
        const photo = given ?? { name: 'p.jpg', mimeType: 'image/jpeg', buffer: await this.page.screenshot({ type: 'jpeg', quality: 60 }) };
        const before = await this.page.locator('.thumbs figure').count();
        await this.page.setInputFiles('.camera input', photo);
        await this.page.waitForFunction(count => document.querySelectorAll('.thumbs figure').length > count, before);
    }

    /** Waits until an asynchronous question is answered with yes; `waitForFunction` takes the promise itself for one. */
    async until(question, given) {
        for (const end = Date.now() + 60_000; ;) {
            if (await this.page.evaluate(question, given).catch(() => false)) return;
            if (Date.now() > end) throw new Error(`not within 60 s: ${question}`);
            await this.page.waitForTimeout(40);
        }
    }

    /** Waits until so many records are on the phone's disk, and the app has gone on to the stop it shows after the last. */
    async holds(records) {
        await this.until(async wanted => (await (await import('/app/database.js')).all('records')).length === wanted, records);
        await this.page.waitForURL(/#\/stop\//);
        await this.page.waitForSelector('#app[aria-busy=false]');
    }

    /** Asks for a sync until nothing is owed. */
    async empties() {
        for (let tries = 0; ; tries += 1) {
            const left = await this.page.evaluate(async () => {
                const [{ sync }, { state }] = await Promise.all([import('/app/sync.js'), import('/app/state.js')]);
                await sync(true);
                return state.counts.owed + state.counts.photos;
            });
            if (left === 0) return;
            if (tries > 40) throw new Error(`${left} are still owed`);
        }
    }

    /** Everything of one of the phone's stores. */
    all = store => this.page.evaluate(async name => {
        const rows = await (await import('/app/database.js')).all(name);
        return rows.map(row => ({ ...row, bytes: row.bytes?.byteLength }));
    }, store);
}
