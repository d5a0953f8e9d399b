// Photos of a draft, and the signature, which is one too.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { isFull } from '../database.js';
import { change } from '../draft.js';
import { drop, take } from '../photos.js';
import { draw, state, tell } from '../state.js';

/** A record may name so many. */
const MOST = 6;

async function add(file, input) {
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
        ${photos.length ? html`<div class="thumbs">${photos.map((photo, at) => html`<figure key=${photo.sha256}><img src=${photo.thumb} alt=${t('photo.nth', { n: at + 1 })} />
            <button type="button" onClick=${() => remove(photo.sha256)}>${t('photo.remove')}</button></figure>`)}</div>` : ''}
    </div>`;
}

export const Note = ({ label = t('note') }) => html`<label><span>${label}</span>
    <textarea rows="2" maxlength="1000" value=${state.draft.note} onInput=${event => change({ note: event.target.value })}></textarea></label>`;

let stroke;

function draw_(event, canvas) {
    const box = canvas.getBoundingClientRect();
    const at = { x: (event.clientX - box.left) * (canvas.width / box.width), y: (event.clientY - box.top) * (canvas.height / box.height) };
    if (event.type === 'pointerdown') {
        canvas.setPointerCapture(event.pointerId);
        stroke = at;
    } else if (event.type === 'pointerup' || event.type === 'pointercancel') {
        stroke = undefined;
    } else if (stroke) {
        const pen = canvas.getContext('2d');
        pen.lineWidth = 4;
        pen.lineCap = 'round';
        pen.strokeStyle = '#000';
        pen.beginPath();
        pen.moveTo(stroke.x, stroke.y);
        pen.lineTo(at.x, at.y);
        pen.stroke();
        stroke = at;
        state.screen.signed = true;
    }
}

const canvasOf = () => /** @type {HTMLCanvasElement} */ (document.querySelector('canvas.signature'));

/** A white sheet to sign on. What is drawn becomes a photo of the record. */
export function Signature() {
    const follow = event => draw_(event, event.currentTarget);
    return html`<div class="stack"><p id="sign-help">${t('slip.sign_here')}</p>
        <canvas class="signature" width="1000" height="540" aria-describedby="sign-help" role="img" aria-label=${t('slip.signature')}
            onPointerDown=${follow} onPointerMove=${follow} onPointerUp=${follow} onPointerCancel=${follow}></canvas>
        <button type="button" onClick=${() => {
            const canvas = canvasOf();
            canvas.getContext('2d').clearRect(0, 0, canvas.width, canvas.height);
            state.screen.signed = false;
            draw();
        }}>${t('slip.wipe')}</button></div>`;
}

/** Keeps the signature with the draft, black on white. */
export async function keepSignature() {
    if (!state.screen.signed) return;
    const from = canvasOf();
    const sheet = document.createElement('canvas');
    sheet.width = from.width;
    sheet.height = from.height;
    const pen = sheet.getContext('2d');
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, sheet.width, sheet.height);
    pen.drawImage(from, 0, 0);
    await add(await new Promise(done => sheet.toBlob(done, 'image/png')));
}
