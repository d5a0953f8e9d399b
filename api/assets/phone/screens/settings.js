// Language, light, size, direction of entry; and what the phone says of itself.
import { html } from '/assets/lib/html.js';
import { currentLanguage, t } from '/assets/lib/texts.js';
import { Choices, Screen, Toggle, link } from '../frame.js';
import { keepSettings } from '../settings.js';
import { state } from '../state.js';

const megabytes = bytes => (bytes === undefined ? '?' : (bytes / 1e6).toFixed(1));

export function Settings() {
    const { theme, large, rightToLeft, place } = state.settings;
    const { persisted, usage, quota } = state.storage;
    const home = state.session && !state.session.ended ? link('today') : '#/activate';
    return html`<${Screen} title=${t('settings.title')} back=${home} plain>
        <${Choices} legend="语言 Language" name="language" value=${currentLanguage()} onChange=${language => keepSettings({ language })}
            options=${[{ code: 'zh', text: '中文' }, { code: 'en', text: 'English' }]} />
        <${Choices} legend=${t('settings.theme')} name="theme" value=${theme} onChange=${code => keepSettings({ theme: code })}
            options=${['auto', 'light', 'dark', 'sun'].map(code => ({ code, text: t(`theme.${code}`) }))} />
        <div class="stack">
            <${Toggle} text=${t('settings.large')} on=${large} onChange=${on => keepSettings({ large: on })} />
            <${Toggle} text=${t('settings.right_to_left')} on=${rightToLeft} onChange=${on => keepSettings({ rightToLeft: on })} />
            <${Toggle} text=${t('settings.place')} on=${place} onChange=${on => keepSettings({ place: on })} />
        </div>
        <p class="quiet">${t(place && state.place === 'denied' ? 'settings.place_denied' : 'settings.place_help')}</p>
        <p class=${persisted ? 'card good' : 'card warn'}>${t(persisted ? 'storage.persisted' : 'storage.not_persisted')}<br />
            <span class="quiet">${t('storage.used', { used: megabytes(usage), of: megabytes(quota) })}</span></p>
        ${state.session ? html`<p class="quiet">${t('settings.who', { name: state.session.account.name, device: state.session.device })}</p>` : ''}
        <div class="stack">${state.install ? html`<button class="main" onClick=${state.install}>${t('settings.install')}</button>` : ''}<a class="button" href=${link('selftest')}>${t('selftest.title')}</a><a class="button" href=${link('waiting')}>${t('waiting.title')}</a>
            ${state.session ? html`<a class="button" href="#/activate">${t('settings.other')}</a>` : ''}</div>
    <//>`;
}
