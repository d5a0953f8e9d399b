// How this phone's reader likes it. Kept on the phone.
import { useLanguage } from '/assets/lib/texts.js';
import { keep, kept } from './database.js';
import { draw, state } from './state.js';

export function applySettings() {
    const { theme, large, language } = state.settings;
    document.documentElement.dataset.theme = theme;
    document.documentElement.dataset.large = String(large);
    // Chinese unless the reader or his phone says English.
    useLanguage(language ?? (/^en/i.test(navigator.language) ? 'en' : 'zh'));
}

export async function loadSettings() {
    Object.assign(state.settings, await kept('settings'));
    applySettings();
}

export async function keepSettings(changes) {
    Object.assign(state.settings, changes);
    applySettings();
    draw();
    await keep('settings', { ...state.settings });
}
