// The session is over: revoked, or forgotten by a restored server. Names and addresses are gone already; what was noted is not, until it
// has been sent under a new code or saved as a file.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { write } from '../database.js';
import { Screen } from '../frame.js';
import { state } from '../state.js';
import { exportFile } from './records.js';

async function wipe() {
    await write(['kept', 'rounds', 'records', 'photos', 'drafts'], stores => Object.values(stores).forEach(store => store.clear()));
    location.hash = '';
    location.reload();
}

export function Ended() {
    const { owed, photos, strangers, refused } = state.counts;
    const waits = owed + photos + strangers + refused;
    const { exported } = state.screen;
    return html`<${Screen} title=${t('ended.title')} plain>
        <p class="card bad" role="alert">${t('ended.help')}</p>
        <p class=${waits ? 'card warn' : 'card good'}>${waits ? t('ended.waits', { owed: owed + strangers, photos: photos + refused }) : t('ended.safe')}</p>
        <div class="stack">
            <a class="button main" href="#/activate">${t('ended.activate')}</a>
            ${waits ? html`<button onClick=${exportFile}>${t('waiting.export')}</button>` : ''}
            <button class="bad" disabled=${waits > 0 && !exported} onClick=${wipe}>${t('ended.wipe')}</button>
        </div>
        ${waits && !exported ? html`<p>${t('ended.wipe_later')}</p>` : ''}
    <//>`;
}

/** WeChat's browser throws its storage away when it likes: readings would be lost. */
export const WeChat = () => html`<${Screen} title="抄表册 Meterbook" plain><p class="card bad" role="alert">${t('wechat')}</p><p class="where">${location.origin}/app/</p><//>`;

export const NoStorage = ({ why }) => html`<${Screen} title="抄表册 Meterbook" plain><p class="card bad" role="alert">${t('no_storage')}</p><p class="quiet">${why}</p><//>`;
