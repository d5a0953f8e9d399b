// Codes before the camera: a dispatcher's QR code, a meter's bar code. Browsers that read codes (Android) show what the camera sees, or read
// a photo where they may not; others (iOS) leave typing and pasting.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { Toggle } from '../frame.js';
import { set, state, tell } from '../state.js';

/** Frames in a row that can't be read: the reader is there and does not work, as on phones without the maker's services. */
const MOST_UNREAD = 150;

/** What codes the browser reads; none on many a phone that has the interface. */
let formats = [];
export async function askFormats() {
    formats = (await globalThis.BarcodeDetector?.getSupportedFormats().catch(() => [])) ?? [];
}

/** What looks now; `undefined`: nothing. */
let looking;

const stop = stream => stream?.getTracks().forEach(track => track.stop());

const leave = (more = {}) => set({ scan: undefined, torch: undefined, lit: undefined, ...more });

async function open(video) {
    const mine = { stream: undefined };
    looking = mine;
    try {
        mine.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
        if (looking !== mine) return stop(mine.stream);
        video.srcObject = mine.stream;
        await video.play();
        const [track] = mine.stream.getVideoTracks();
        set({ torch: track.getCapabilities?.().torch ? track : undefined });
        const detector = new globalThis.BarcodeDetector();
        for (let unread = 0; looking === mine;) {
            const [code] = await detector.detect(video).then(codes => {
                unread = 0;
                return codes;
            }, () => {
                unread += 1;
                return [];
            });
            if (unread > MOST_UNREAD) throw new Error('codes are not read');
            if (code && looking === mine) {
                const { onCode } = state.screen.scan;
                leave();
                return onCode(code.rawValue);
            }
            await new Promise(next => requestAnimationFrame(next));
        }
    } catch {
        // Not allowed, or there is no camera: a photo may still be.
        if (looking === mine) leave({ byPhoto: true });
    }
    return stop(mine.stream);
}

function close() {
    stop(looking?.stream);
    looking = undefined;
}

/** The phone's lamp: cellars are dark. */
async function light(on) {
    await state.screen.torch.applyConstraints({ advanced: [{ torch: on }] }).catch(() => {});
    set({ lit: on });
}

/** The camera runs as long as its picture is on the screen. */
const attach = video => (video ? open(video) : close());

async function readPhoto(file, onCode) {
    if (!file) return;
    const image = await createImageBitmap(file).catch(() => undefined);
    const [code] = image ? await new globalThis.BarcodeDetector().detect(image).catch(() => []) : [];
    if (code) onCode(code.rawValue);
    else tell(t('scan.nothing'));
}

/** A button that shows what the camera sees until a code is in it. Nothing where the browser can't read codes. */
export function Scan({ text, onCode }) {
    if (formats.length === 0) return '';
    const { scan, byPhoto, torch } = state.screen;
    if (byPhoto) {
        return html`<label class="camera"><input type="file" accept="image/*" capture="environment" aria-label=${t('scan.photo')} onChange=${event => readPhoto(event.target.files[0], onCode)} />
            <span class="button">${t('scan.photo')}</span></label>`;
    }
    if (!scan) return html`<button type="button" onClick=${() => set({ scan: { onCode } })}>${text}</button>`;
    return html`<div class="stack"><video class="scan" ref=${attach} muted playsinline aria-label=${t('scan.picture')}></video>
        <p role="status">${t('scan.hold')}</p>
        ${torch ? html`<${Toggle} text=${t('scan.light')} on=${state.screen.lit} onChange=${light} />` : ''}
        <button type="button" onClick=${() => leave()}>${t('scan.stop')}</button></div>`;
}
