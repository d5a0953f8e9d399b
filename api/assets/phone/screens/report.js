// What is told beside the reading: the meter differs, a hazard, a notice handed over, a slip signed.
import { html } from '/assets/lib/html.js';
import { both, t } from '/assets/lib/texts.js';
import { change, openDraft, save } from '../draft.js';
import { Choices, Screen, link } from '../frame.js';
import { placeOf } from '../place.js';
import { findStop } from '../progress.js';
import { set, state, tell } from '../state.js';
import { Camera, Note } from './camera.js';
import { Scan } from './scan.js';
import { Signature, keepSignature } from './signature.js';

const NOTICES = ['payment', 'dunning', 'suspension', 'appointment', 'safety', 'other'];
const SLIPS = ['signed', 'signed_by_other', 'refused'];
const SEVERITIES = ['minor', 'major', 'critical'];

const listed = name => (state.catalogue?.lists.find(list => list.name === name)?.codes ?? []).map(row => ({ code: row.code, text: both(row) }));
const named = (prefix, codes) => codes.map(code => ({ code, text: t(`${prefix}.${code}`) }));

const KINDS = {
    found: { options: () => listed('found'), members: draft => ({
        kind: 'found', found_code: draft.code, seen_number: draft.code === 'wrong_number' ? draft.seen_number?.trim() : undefined,
        inlet_side: draft.code === 'inlet_side' ? draft.inlet_side : undefined, ...(draft.code === 'moved' ? draft.place : {}),
    }) },
    hazard: { options: () => listed('hazard'), members: draft => ({ kind: 'hazard', hazard_code: draft.code, severity: draft.severity }) },
    notice: { options: () => named('notice', NOTICES), members: draft => ({ kind: 'notice', notice_code: draft.code }) },
    slip: { options: () => named('slip', SLIPS), members: draft => ({ kind: 'slip_signed', slip_code: draft.code }) },
};

export async function enterReport(route) {
    const [id, what] = route.args;
    const found = findStop(id);
    if (!found || !KINDS[what]) return;
    const { stop, round } = found;
    await openDraft(`${what}-${stop.id}`, () => ({ what, stop: stop.id, round: round.id, point: stop.service_point_id }));
}

function faultOf(draft) {
    if (!draft.code) return 'code';
    if (draft.what === 'hazard' && !draft.severity) return 'severity';
    if (draft.what === 'found' && draft.code === 'wrong_number' && !draft.seen_number?.trim()) return 'seen_number';
    if (draft.what === 'found' && draft.code === 'inlet_side' && !draft.inlet_side) return 'side';
    if (draft.what === 'found' && draft.code === 'moved' && !draft.place) return 'place';
    if (draft.code === 'other' && !draft.note.trim()) return 'words';
    if (draft.what === 'slip' && draft.code !== 'refused' && !draft.strokes?.length && draft.photos.length === 0) return 'signature';
    return undefined;
}

async function submit() {
    const fault = faultOf(state.draft);
    if (fault) return change({ fault });
    if (state.draft.what === 'slip') await keepSignature();
    return save(KINDS[state.draft.what].members(state.draft));
}

function locate() {
    if (!navigator.geolocation) return tell(t('found.no_place'), true);
    set({ locating: true });
    return navigator.geolocation.getCurrentPosition(found => {
        change({ place: placeOf(found.coords), fault: undefined });
        set({ locating: false });
    }, () => {
        set({ locating: false });
        tell(t('found.no_place'), true);
    }, { enableHighAccuracy: true, timeout: 20_000, maximumAge: 60_000 });
}

function FoundMore({ draft }) {
    if (draft.code === 'wrong_number') {
        return html`<div class="stack"><${Scan} text=${t('find.scan')} onCode=${code => change({ seen_number: code.trim().slice(0, 64), fault: undefined })} /></div>
            <label><span>${t('found.seen_number')}</span><input value=${draft.seen_number ?? ''} maxlength="64" onInput=${event => change({ seen_number: event.target.value, fault: undefined })} /></label>`;
    }
    if (draft.code === 'inlet_side') {
        return html`<${Choices} legend=${t('found.side')} name="side" options=${named('side', ['left', 'right'])} value=${draft.inlet_side} onChange=${side => change({ inlet_side: side, fault: undefined })} />`;
    }
    if (draft.code !== 'moved') return '';
    return html`<div class="stack"><button type="button" onClick=${locate} disabled=${state.screen.locating}>${t(draft.place ? 'found.place_again' : 'found.place')}</button>
        ${draft.place ? html`<p class="good-ink">${(draft.place.lat_micro / 1e6).toFixed(5)}, ${(draft.place.lng_micro / 1e6).toFixed(5)}</p>` : ''}</div>`;
}

export function Report() {
    const { draft } = state;
    const found = draft && findStop(draft.stop);
    if (!found || !draft.what) return html`<${Screen} title=${t('report.title')} back=${link('today')}><p>${t('round.gone_help')}</p><//>`;
    return html`<${Screen} title=${t(`stop.${draft.what}`)} back=${link('stop', draft.stop)}>
        <p class="where">${found.stop.address}</p>
        <${Choices} legend=${t('report.what')} name="code" value=${draft.code} onChange=${code => change({ code, fault: undefined })} options=${KINDS[draft.what].options()} />
        ${draft.what === 'found' ? html`<${FoundMore} draft=${draft} />` : ''}
        ${draft.what === 'hazard' ? html`<${Choices} legend=${t('hazard.severity')} name="severity" value=${draft.severity} onChange=${severity => change({ severity, fault: undefined })}
            options=${named('severity', SEVERITIES)} />` : ''}
        ${draft.what === 'slip' ? html`<${Signature} />` : ''}
        <${Camera} />
        <${Note} />
        ${draft.fault ? html`<p class="bad-ink" role="alert">${t(`fault.${draft.fault}`)}</p>` : ''}
        <div class="dock"><button class="main" type="button" onClick=${submit}>${t('save')}</button></div>
    <//>`;
}
