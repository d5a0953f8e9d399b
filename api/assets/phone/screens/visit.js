// A visit without a reading (DOMAIN 1), with proof; and the correction of its code.
import { html } from '/assets/lib/html.js';
import { both, t } from '/assets/lib/texts.js';
import { change, openDraft, save } from '../draft.js';
import { Choices, Screen, link } from '../frame.js';
import { findStop } from '../progress.js';
import { state } from '../state.js';
import { Camera, Note } from './camera.js';
import { following } from './stops.js';

/** Where a camera would be a danger or an insult, proof is not asked for. */
const WITHOUT_PROOF = ['unsafe', 'refused'];

export async function enterVisit(route) {
    const corrected = route.name === 'recode' ? state.records.get(route.args[0]) : undefined;
    const found = findStop(corrected ? corrected.stop : route.args[0]);
    if (!found) return;
    const { stop, round } = found;
    await openDraft(corrected ? `recode-${corrected.id}` : `visit-${stop.id}`, () => ({ stop: stop.id, round: round.id, point: stop.service_point_id, corrects: corrected?.id }));
}

async function submit(withoutProof) {
    const { draft } = state;
    if (!draft.attempt_code) return change({ fault: 'code' });
    const wantsProof = !draft.corrects && !WITHOUT_PROOF.includes(draft.attempt_code) && draft.photos.length === 0;
    if (wantsProof && !withoutProof) return change({ fault: 'proof' });
    if (draft.attempt_code === 'other' && !draft.note.trim()) return change({ fault: 'words' });
    const { attempt_code, corrects } = draft;
    if (corrects) return save({ kind: 'correction', corrects, reason_code: 'wrong_code', attempt_code });
    return save({ kind: 'attempt', attempt_code }, following);
}

export function Visit() {
    const { draft } = state;
    const found = draft && findStop(draft.stop);
    if (!found) return html`<${Screen} title=${t('visit.title')} back=${link('today')}><p>${t('round.gone_help')}</p><//>`;
    const codes = state.catalogue?.lists.find(list => list.name === 'attempt')?.codes ?? [];
    return html`<${Screen} title=${draft.corrects ? t('correct.title') : t('visit.title')} back=${link('stop', draft.stop)}>
        <p class="where">${found.stop.address}</p>
        <${Choices} legend=${t('visit.why')} name="attempt" value=${draft.attempt_code} onChange=${code => change({ attempt_code: code, fault: undefined })}
            options=${codes.map(row => ({ code: row.code, text: both(row) }))} />
        <${Camera} needed=${draft.attempt_code && !WITHOUT_PROOF.includes(draft.attempt_code)} />
        <${Note} />
        ${draft.fault ? html`<p class="bad-ink" role="alert">${t(`fault.${draft.fault}`)}</p>` : ''}
        <div class="dock">
            ${draft.fault === 'proof' ? html`<button type="button" onClick=${() => submit(true)}>${t('visit.without_proof')}</button>` : ''}
            <button class="main" type="button" onClick=${() => submit(false)}>${t('save')}</button></div>
    <//>`;
}
