// The customer's signature. Its strokes are kept with the draft like every key, and become a photo of the record when it is saved.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { change } from '../draft.js';
import { state } from '../state.js';
import { add } from './camera.js';

const [WIDTH, HEIGHT] = [1000, 540];

/** Draws a stroke, `[x, y, x, y …]`, piece by piece as it came from the finger. */
function trace(pen, points) {
    pen.lineWidth = 4;
    pen.lineCap = 'round';
    pen.strokeStyle = '#000';
    for (let at = 0; at + 3 < points.length; at += 2) {
        pen.beginPath();
        pen.moveTo(points[at], points[at + 1]);
        pen.lineTo(points[at + 2], points[at + 3]);
        pen.stroke();
    }
}

/** The stroke under the finger. */
let stroke;

function follow(event) {
    const canvas = event.currentTarget;
    const box = canvas.getBoundingClientRect();
    const at = [(event.clientX - box.left) * (WIDTH / box.width), (event.clientY - box.top) * (HEIGHT / box.height)].map(Math.round);
    if (event.type === 'pointerdown') {
        canvas.setPointerCapture(event.pointerId);
        stroke = at;
    } else if (event.type === 'pointermove' && stroke) {
        trace(canvas.getContext('2d'), [...stroke.slice(-2), ...at]);
        stroke.push(...at);
    } else if (stroke && event.type !== 'pointermove') {
        const { strokes = [] } = state.draft;
        // A tap draws nothing.
        if (stroke.length > 2) change({ strokes: [...strokes, stroke], fault: undefined });
        stroke = undefined;
    }
}

const canvasOf = () => /** @type {HTMLCanvasElement} */ (document.querySelector('canvas.signature'));

/** What was signed before the page was killed is on the sheet again. */
const restore = canvas => canvas && (state.draft?.strokes ?? []).forEach(points => trace(canvas.getContext('2d'), points));

function wipe() {
    canvasOf().getContext('2d').clearRect(0, 0, WIDTH, HEIGHT);
    change({ strokes: [] });
}

/** A white sheet to sign on. */
export function Signature() {
    return html`<div class="stack"><p id="sign-help">${t('slip.sign_here')}</p>
        <canvas class="signature" ref=${restore} width=${WIDTH} height=${HEIGHT} aria-describedby="sign-help" role="img" aria-label=${t('slip.signature')}
            onPointerDown=${follow} onPointerMove=${follow} onPointerUp=${follow} onPointerCancel=${follow}></canvas>
        <button type="button" onClick=${wipe}>${t('slip.wipe')}</button></div>`;
}

/** Keeps the signature as a photo of the draft, black on white. */
export async function keepSignature() {
    const { strokes = [] } = state.draft;
    if (strokes.length === 0) return;
    const sheet = document.createElement('canvas');
    Object.assign(sheet, { width: WIDTH, height: HEIGHT });
    const pen = sheet.getContext('2d');
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    strokes.forEach(points => trace(pen, points));
    await add(await new Promise(done => sheet.toBlob(done, 'image/png')));
}
