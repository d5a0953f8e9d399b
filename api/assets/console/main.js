// The console: texts are loaded, the address becomes a page, and every change draws it anew.
import { html, render } from '/assets/lib/html.js';
import { ask } from '/assets/lib/link.js';
import { loadTexts, t } from '/assets/lib/texts.js';
import { forgetAnswers } from './answers.js';
import { useZone } from './format.js';
import { openDialog } from './frame/dialog.js';
import { Nothing, Page } from './frame/parts.js';
import { Help, Notice, Shell } from './frame/shell.js';
import { watchTouches } from './idle.js';
import { listen } from './keys.js';
import { followChanges } from './live.js';
import { PAGES } from './pages/pages.js';
import { SignIn } from './pages/sign_in.js';
import { isDesk } from './rights.js';
import { routeOf } from './route.js';
import { loadSession } from './session.js';
import { loadSettings } from './settings.js';
import { draw, onDraw, state } from './state.js';

const Unknown = () => html`<${Page} title=${t('unknown.title')}><${Nothing}>${t('unknown.help')}</${Nothing}></${Page}>`;
const same = (one, two) => one.name === two.name && String(one.args) === String(two.args);
let seatedAs;

function navigate() {
    const route = routeOf(location.hash);
    const isOther = !same(route, state.route);
    state.route = route;
    if (isOther) {
        state.page = {};
        state.dialog = undefined;
        if (!state.notice?.alarm) state.notice = undefined;
    }
    draw();
    if (!isOther) return;
    scrollTo(0, 0);
    setTimeout(() => /** @type {HTMLElement | null} */ (document.querySelector('h1'))?.focus({ preventScroll: true }));
}

function Whole() {
    const account = state.session?.account;
    if (!account || !isDesk(account.role)) return html`<${SignIn} />`;
    const View = PAGES[state.route.name] ?? Unknown;
    return html`<${Shell}><${View} key=${`${state.route.name}/${state.route.args}`} route=${state.route} /></${Shell}>`;
}

function show() {
    const account = state.session?.account.id;
    if (account !== seatedAs) {
        seatedAs = account;
        forgetAnswers();
        state.page = {};
        state.dialog = undefined;
    }
    state.keys = {};
    followChanges();
    const Question = state.dialog?.view;
    const root = document.getElementById('app');
    render(html`<${Whole} /><${Notice} />${Question ? html`<${Question} ...${state.dialog?.props} />` : ''}`, root);
    const heading = document.querySelector('h1')?.textContent;
    document.title = heading ? `${heading} · ${t('app')}` : t('app');
}

loadSettings();
loadSession();
state.route = routeOf(location.hash);
onDraw(show);
// Out of reach the page says so itself; the days it shows are then those of the usual zone.
const zone = ask('GET', '/v1/meta').then(({ body }) => useZone(body.zone)).catch(() => {});
await Promise.all([loadTexts(undefined, '/console/texts'), zone]);
addEventListener('hashchange', navigate);
listen(() => openDialog(Help));
watchTouches();
state.phase = 'ready';
show();
