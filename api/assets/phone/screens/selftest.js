// What this browser can do, for whoever helps by telephone.
import { html } from '/assets/lib/html.js';
import { ask } from '/assets/lib/link.js';
import { t } from '/assets/lib/texts.js';
import { kept, keep } from '../database.js';
import { Screen } from '../frame.js';
import { isInstalled } from '../shell.js';
import { set, state } from '../state.js';

const permission = async name => {
    try {
        return (await navigator.permissions.query({ name })).state;
    } catch {
        return '?';
    }
};

const TESTS = {
    secure: async () => [globalThis.isSecureContext, location.origin],
    database: async () => {
        const value = String(Math.random());
        await keep('selftest', value);
        return [(await kept('selftest')) === value, ''];
    },
    persisted: async () => [Boolean(await navigator.storage?.persisted?.()), ''],
    space: async () => {
        const { usage, quota } = await navigator.storage.estimate();
        return [quota - usage > 50e6, `${(usage / 1e6).toFixed(1)} / ${(quota / 1e6).toFixed(0)} MB`];
    },
    worker: async () => [Boolean(navigator.serviceWorker?.controller), ''],
    installed: async () => [isInstalled(), ''],
    locks: async () => [Boolean(navigator.locks), ''],
    compression: async () => ['CompressionStream' in globalThis, ''],
    barcode: async () => {
        const formats = (await globalThis.BarcodeDetector?.getSupportedFormats()) ?? [];
        return [formats.length > 0, formats.includes('qr_code') ? 'QR' : ''];
    },
    camera: async () => {
        const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
        return [devices.some(device => device.kind === 'videoinput'), await permission('camera')];
    },
    place: async () => {
        const allowed = await permission('geolocation');
        return ['geolocation' in navigator && allowed !== 'denied', allowed];
    },
    server: async () => {
        const { body } = await ask('GET', '/v1/meta', { patience: 8000 });
        const seconds = Math.round((Date.parse(body.server_time) - Date.now()) / 1000);
        return [true, t('selftest.skew', { n: seconds })];
    },
};

/** Without these the app can't be trusted with a reading. */
const NEEDED = ['secure', 'database', 'worker'];

export async function runSelftest() {
    set({ results: {} });
    for (const [name, test] of Object.entries(TESTS)) {
        let outcome;
        try {
            outcome = await test();
        } catch (fault) {
            outcome = [false, String(fault?.message ?? fault)];
        }
        set({ results: { ...state.screen.results, [name]: outcome } });
    }
}

export function Selftest() {
    const { results = {} } = state.screen;
    const lines = Object.keys(TESTS).map(name => {
        const [good, words] = results[name] ?? [];
        const tone = good === undefined ? 'quiet' : good ? 'good-ink' : NEEDED.includes(name) ? 'bad-ink' : 'warn-ink';
        return html`<dt key=${name}>${t(`selftest.${name}`)}</dt><dd class=${tone}>${good === undefined ? '…' : good ? t('yes') : t('no')} ${words ?? ''}</dd>`;
    });
    return html`<${Screen} title=${t('selftest.title')} back="#/settings" plain>
        <p>${t('selftest.help')}</p><dl>${lines}</dl>
        <p class="quiet">${navigator.userAgent}</p>
        <div class="stack"><button onClick=${runSelftest}>${t('selftest.again')}</button></div>
    <//>`;
}
