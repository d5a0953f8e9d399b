// The first screen: a dispatcher's code, typed or brought by a QR link. The code stands in the link's fragment, which no server sees.
import { html } from '/assets/lib/html.js';
import { NoAnswer } from '/assets/lib/link.js';
import { t } from '/assets/lib/texts.js';
import { Screen, go } from '../frame.js';
import { readInvitation } from '../invitation.js';
import { activate } from '../session.js';
import { isTabOnIos } from '../shell.js';
import { set, state, tell } from '../state.js';
import { sync } from '../sync.js';
import { Scan } from './scan.js';

/** A link brings its code; one of another server does not. */
function take(text) {
    const { code, elsewhere } = readInvitation(text, location.origin);
    if (code) return set({ code, fault: undefined });
    return set({ fault: elsewhere ? t('activate.elsewhere', { server: elsewhere }) : t('activate.not_a_code') });
}

async function submit(event) {
    event.preventDefault();
    const { code = '', label = '' } = state.screen;
    if (!code.trim()) return set({ fault: t('activate.no_code') });
    take(code);
    if (state.screen.fault) return undefined;
    set({ busy: true, fault: undefined });
    try {
        await activate(state.screen.code.trim(), label.trim());
        state.screen = {};
        go('today');
        tell(t('activate.done'));
        sync(true);
    } catch (fault) {
        set({ busy: false, fault: fault instanceof NoAnswer ? t('activate.no_answer') : fault.detail || fault.title || String(fault) });
    }
}

export function Activate() {
    const { code = '', label = '', busy, fault } = state.screen;
    const strangers = state.counts.strangers + state.counts.owed;
    return html`<${Screen} title=${t('activate.title')} plain>
        <form onSubmit=${submit}>
            ${isTabOnIos() ? html`<p class="card bad">${t('install.ios')}</p>` : ''}
            <p>${t('activate.help')}</p>
            ${strangers ? html`<p class="card warn">${t('activate.waiting', { n: strangers })}</p>` : ''}
            <div class="stack"><${Scan} text=${t('activate.scan')} onCode=${take} /></div>
            <label><span>${t('activate.code')}</span>
                <input name="code" value=${code} autocomplete="one-time-code" autocapitalize="characters" spellcheck=${false} aria-invalid=${String(Boolean(fault))}
                    aria-describedby="fault" onInput=${event => set({ code: event.target.value })} /></label>
            <label><span>${t('activate.label')}</span>
                <input name="label" value=${label} maxlength="100" autocomplete="off" onInput=${event => set({ label: event.target.value })} /></label>
            <p id="fault" class="bad-ink" role="alert">${fault ?? ''}</p>
            <div class="stack">
                <button class="main" disabled=${busy}>${busy ? t('activate.busy') : t('activate.go')}</button>
                <a class="button" href="#/settings">${t('settings.title')}</a>
                <a class="button" href="#/selftest">${t('selftest.title')}</a>
            </div>
        </form>
    <//>`;
}
