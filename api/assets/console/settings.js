// What a person prefers at this desk: language and light. Kept on this machine; nothing of it is secret.
import { languageOf, useLanguage } from '/assets/lib/texts.js';
import { forgetAnswers } from './answers.js';
import { draw } from './state.js';

const LIGHTS = ['auto', 'light', 'dark'];

export const light = () => document.documentElement.dataset.light ?? 'auto';

export function loadSettings() {
    useLanguage(localStorage.getItem('meterbook-language') ?? languageOf(navigator.language));
}

export function chooseLanguage(language) {
    localStorage.setItem('meterbook-language', language);
    useLanguage(language);
    // The server's sentences come in the language asked for.
    forgetAnswers();
    draw();
}

export function nextLight() {
    const next = LIGHTS[(LIGHTS.indexOf(light()) + 1) % LIGHTS.length];
    localStorage.setItem('meterbook-light', next);
    document.documentElement.dataset.light = next;
    draw();
}
