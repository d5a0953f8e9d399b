// The phone app: what is kept is loaded, the route is shown, sync begins.
import { html, render } from '/assets/lib/html.js';
import { loadTexts, t } from '/assets/lib/texts.js';
import { Clocks } from './clock.js';
import * as database from './database.js';
import { codeIn } from './invitation.js';
import { brief, forgetOld } from './outbox.js';
import { watchPlace } from './place.js';
import { Activate } from './screens/activate.js';
import { Ended, NoStorage, WeChat } from './screens/ended.js';
import { Read, done, enterRead, type } from './screens/read.js';
import { Day, OneRecord, Waiting } from './screens/records.js';
import { Report, enterReport } from './screens/report.js';
import { Selftest, runSelftest } from './screens/selftest.js';
import { askFormats } from './screens/scan.js';
import { Settings } from './screens/settings.js';
import { Stop } from './screens/stop.js';
import { Find, Round } from './screens/stops.js';
import { Today } from './screens/today.js';
import { Visit, enterVisit } from './screens/visit.js';
import { load as loadSession } from './session.js';
import { loadSettings } from './settings.js';
import { draw, onDraw, onOthers, state } from './state.js';
import { recount, start, sync } from './sync.js';
import { watchShell } from './shell.js';

/** Screens by name; `enter` prepares one that needs it. */
const SCREENS = {
    today: { view: Today }, round: { view: Round }, find: { view: Find }, stop: { view: Stop },
    read: { view: Read, enter: enterRead }, correct: { view: Read, enter: enterRead },
    visit: { view: Visit, enter: enterVisit }, recode: { view: Visit, enter: enterVisit },
    report: { view: Report, enter: enterReport },
    record: { view: OneRecord }, waiting: { view: Waiting }, day: { view: Day },
};
/** Screens for anybody, signed in or not. */
const OPEN = { activate: { view: Activate }, settings: { view: Settings }, selftest: { view: Selftest, enter: runSelftest } };

/** Where a record is made, and the place it is made at is noted. */
const AT_A_STOP = ['stop', 'read', 'correct', 'visit', 'recode', 'report'];

/** An activation link's code; it leaves the address bar and the history at once. */
function takeCode() {
    const code = codeIn(location.hash);
    if (code === null) return;
    history.replaceState(null, '', '#/activate');
    state.screen = { code };
}

function routeOf(hash) {
    const [name, ...args] = hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
    if (OPEN[name]) return { name, args, ...OPEN[name] };
    if (!state.session) return { name: 'activate', args: [], ...OPEN.activate };
    if (state.session.ended) return { name: 'ended', args: [], view: Ended };
    return SCREENS[name] ? { name, args, ...SCREENS[name] } : { name: 'today', args: [], ...SCREENS.today };
}

const sameRoute = (one, two) => one.name === two.name && String(one.args) === String(two.args);

const root = () => document.getElementById('app');
let navigations = 0;

async function navigate() {
    const mine = (navigations += 1);
    const route = routeOf(location.hash);
    root().setAttribute('aria-busy', 'true');
    if (!sameRoute(route, state.route)) {
        // The code a link brought stays for the form it is meant for.
        state.screen = route.name === 'activate' && state.screen.code ? { code: state.screen.code } : {};
        state.draft = undefined;
        if (state.notice && Date.now() - state.notice.at > 1500) state.notice = undefined;
    }
    state.route = route;
    watchPlace(AT_A_STOP.includes(route.name));
    await route.enter?.(route);
    // Who has gone on meanwhile is not brought back.
    if (mine !== navigations) return;
    draw();
    scrollTo(0, 0);
    queueMicrotask(() => {
        document.querySelector('h1')?.focus({ preventScroll: true });
        root().setAttribute('aria-busy', 'false');
    });
}

function show() {
    if (state.phase === 'wechat') return render(html`<${WeChat} />`, root());
    if (state.phase === 'no_storage') return render(html`<${NoStorage} why=${state.why} />`, root());
    // A session that ends under somebody's hands changes the screen at once.
    const route = routeOf(location.hash);
    const { view, args, name } = sameRoute(route, state.route) ? state.route : route;
    const View = view;
    document.title = `${t('app')}`;
    return render(html`<${View} key=${`${name}-${args}`} args=${args} />`, root());
}

async function loadAll() {
    const [rounds, catalogue, records] = await Promise.all([database.all('rounds'), database.kept('catalogue'), database.all('records')]);
    state.rounds = new Map(rounds.map(round => [round.id, round]));
    state.catalogue = catalogue;
    state.records = new Map(records.map(row => [row.id, brief(row)]));
    await recount();
}

/** The browser may throw away what is not persistent; whether it promises not to is shown. */
async function askForStorage() {
    const { storage } = navigator;
    state.storage.persisted = (await storage?.persisted?.()) || (await storage?.persist?.()) || false;
    Object.assign(state.storage, await storage?.estimate?.());
    draw();
}

/** A keyboard works like the pad. */
function onKey(event) {
    if (!['read', 'correct'].includes(state.route.name) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (['INPUT', 'TEXTAREA', 'SELECT'].includes(event.target.tagName)) return;
    const key = { Backspace: 'back', Delete: 'clear', '.': '.', '-': '-' }[event.key] ?? (/^[0-9]$/.test(event.key) ? event.key : undefined);
    if (key) {
        type(key);
        event.preventDefault();
    } else if (event.key === 'Enter' && !['BUTTON', 'A', 'SUMMARY'].includes(event.target.tagName)) {
        done();
        event.preventDefault();
    }
}

async function main() {
    onDraw(show);
    state.clocks = new Clocks();
    await loadTexts();
    if (/MicroMessenger/i.test(navigator.userAgent)) {
        state.phase = 'wechat';
        return draw();
    }
    try {
        await database.open();
        await loadSettings();
        await loadSession();
        await loadAll();
    } catch (fault) {
        Object.assign(state, { phase: 'no_storage', why: String(fault?.message ?? fault) });
        return draw();
    }
    askFormats().then(draw);
    takeCode();
    state.phase = 'ready';
    addEventListener('hashchange', () => {
        takeCode();
        navigate();
    });
    addEventListener('keydown', onKey);
    addEventListener('beforeinstallprompt', event => {
        event.preventDefault();
        state.install = () => /** @type {any} */ (event).prompt();
        draw();
    });
    onOthers(async what => {
        if (what === 'session') await loadSession();
        await loadAll();
        draw();
    });
    await navigate();
    watchShell(() => Boolean(state.draft));
    askForStorage().catch(() => {});
    forgetOld().catch(() => {});
    start();
    return undefined;
}

main();

export { sync };
