// Photos of a draft.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { isFull } from '../database.js';
import { attach, change, heldUp } from '../draft.js';
import { drop, take } from '../photos.js';
import { set, state, tell } from '../state.js';

/** A record may name so many. */
const MOST = 6;

/** Makes a photo small and adds it to the draft it was taken for, which may not be on the screen any more by then. */
export async function add(file, input) {
    if (!file) return;
    const { key } = state.draft;
    set({ taking: (state.screen.taking ?? 0) + 1 });
    try {
        await heldUp(take(file).then(photo => attach(key, photo)));
    } catch (fault) {
        tell(isFull(fault) ? t('warn.full') : t('photo.bad'), true);
    }
    if (state.screen.taking) set({ taking: state.screen.taking - 1 });
    if (input) input.value = '';
}

async function remove(name) {
    change({ photos: state.draft.photos.filter(photo => photo.sha256 !== name) });
    await drop(name);
}

export function Camera({ needed }) {
    const { photos } = state.draft;
    const words = state.screen.taking ? t('photo.busy') : `${t('photo.take')}${needed && photos.length === 0 ? ` · ${t('photo.needed')}` : ''}`;
    return html`<div class="stack">
        ${photos.length < MOST ? html`<label class="camera"><input type="file" accept="image/*" capture="environment" aria-label=${t('photo.take')} onChange=${event => add(event.target.files[0], event.target)} />
            <span class="button" role="status">${words}</span></label>` : ''}
        ${photos.length ? html`<div class="thumbs">${photos.map((photo, at) => html`<figure key=${photo.sha256}>${
            photo.thumb ? html`<img src=${photo.thumb} alt=${t('photo.nth', { n: at + 1 })} />` : html`<span class="unseen">${t('photo.nth', { n: at + 1 })}</span>`}
            <button type="button" onClick=${() => remove(photo.sha256)}>${t('photo.remove')}</button></figure>`)}</div>` : ''}
    </div>`;
}

export const Note = ({ label = t('note') }) => html`<label><span>${label}</span>
    <textarea rows="2" maxlength="1000" value=${state.draft.note} onInput=${event => change({ note: event.target.value })}></textarea></label>`;

