// Photos of a draft.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { isFull } from '../database.js';
import { change } from '../draft.js';
import { drop, take } from '../photos.js';
import { state, tell } from '../state.js';

/** A record may name so many. */
const MOST = 6;

export async function add(file, input) {
    if (!file) return;
    try {
        const photo = await take(file);
        const { photos } = state.draft;
        if (!photos.some(known => known.sha256 === photo.sha256)) change({ photos: [...photos, photo] });
    } catch (fault) {
        tell(isFull(fault) ? t('warn.full') : t('photo.bad'), true);
    }
    if (input) input.value = '';
}

async function remove(name) {
    change({ photos: state.draft.photos.filter(photo => photo.sha256 !== name) });
    await drop(name);
}

export function Camera({ needed }) {
    const { photos } = state.draft;
    return html`<div class="stack">
        ${photos.length < MOST ? html`<label class="camera"><input type="file" accept="image/*" capture="environment" aria-label=${t('photo.take')} onChange=${event => add(event.target.files[0], event.target)} />
            <span class="button">${t('photo.take')}${needed && photos.length === 0 ? ` · ${t('photo.needed')}` : ''}</span></label>` : ''}
        ${photos.length ? html`<div class="thumbs">${photos.map((photo, at) => html`<figure key=${photo.sha256}>${
            photo.thumb ? html`<img src=${photo.thumb} alt=${t('photo.nth', { n: at + 1 })} />` : html`<span class="unseen">${t('photo.nth', { n: at + 1 })}</span>`}
            <button type="button" onClick=${() => remove(photo.sha256)}>${t('photo.remove')}</button></figure>`)}</div>` : ''}
    </div>`;
}

export const Note = ({ label = t('note') }) => html`<label><span>${label}</span>
    <textarea rows="2" maxlength="1000" value=${state.draft.note} onInput=${event => change({ note: event.target.value })}></textarea></label>`;

