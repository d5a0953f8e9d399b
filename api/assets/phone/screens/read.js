// The big keypad: an index as on its dial, or three figures; blind.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { isComplete, press } from '../dial.js';
import { change, discard, openDraft, save } from '../draft.js';
import { amounts, emptyFigures, figuresOf, follow, formFault } from '../entry.js';
import { Choices, Screen, Toggle, go, link } from '../frame.js';
import { findStop } from '../progress.js';
import { state } from '../state.js';
import { Camera, Note } from './camera.js';
import { Number_, following } from './stops.js';

const REASONS = ['gas_in_use', 'vacancy', 'other_meter'];
const CORRECTION_REASONS = ['misread', 'mistyped', 'swapped', 'other'];

/** Opens the draft of a reading of this stop, or of the correction of a record. */
export async function enterRead(route) {
    const corrected = route.name === 'correct' ? state.records.get(route.args[0]) : undefined;
    const found = findStop(corrected ? corrected.stop : route.args[0]);
    if (!found?.stop.meter) return;
    const { stop, round } = found;
    await openDraft(corrected ? `correct-${corrected.id}` : `read-${stop.id}`, () => ({
        stop: stop.id, round: round.id, point: stop.service_point_id, corrects: corrected?.id, figures: emptyFigures(stop.meter, state.settings.rightToLeft), active: 'index',
    }));
}

const meterOf = draft => findStop(draft.stop)?.stop.meter;

/** A key of the pad or of a keyboard. */
export function type(key) {
    const { draft } = state;
    if (!draft?.figures || draft.step === 'decide' || isUnreasoned(draft)) return;
    const figure = press(draft.figures[draft.active], key);
    change({ figures: { ...draft.figures, [draft.active]: figure }, fault: undefined });
}

/** The wide key: the next figure, or done. */
export async function done() {
    const { draft } = state;
    const meter = draft && meterOf(draft);
    if (!meter || draft.step === 'decide' || isUnreasoned(draft)) return;
    const names = figuresOf(meter);
    const open = names.find(name => !isComplete(draft.figures[name]));
    // A figure the display does not show is passed over.
    const after = names[names.indexOf(draft.active) + 1];
    if (isComplete(draft.figures[draft.active]) && open && open !== draft.active && after) return change({ active: open });
    const fault = formFault(meter, draft.figures, { displayFault: draft.display_fault, photos: draft.photos.length });
    if (fault) return change({ fault, active: draft.display_fault && after ? after : open ?? draft.active });
    const typed = amounts(draft.figures);
    // The band already stands on the reading that is to be corrected.
    if (draft.corrects) return finish(typed, false);
    const next = follow(draft.first, meter, typed);
    if (next.step === 'save') return finish(typed, next.confirmed);
    if (next.step === 'decide') return change({ step: 'decide', places: next.places, proof: next.proof, typed });
    change({ first: typed, step: 'again', places: next.told ? next.places : [], figures: emptyFigures(meter, state.settings.rightToLeft), active: 'index' });
}

const again = meter => change({ step: 'again', figures: emptyFigures(meter, state.settings.rightToLeft), active: 'index' });

/** A correction begins with its reason: beside the pad there is no room for both. */
const isUnreasoned = draft => Boolean(draft.corrects && !draft.reasoned);

function giveReason() {
    const { reason_code, reason } = state.draft;
    if (!reason_code) return change({ fault: 'reason' });
    if (reason_code === 'other' && !reason?.trim()) return change({ fault: 'reason_words' });
    return change({ reasoned: true, fault: undefined });
}

function Reason({ draft }) {
    return html`<${Choices} legend=${t('correct.why')} name="reason" value=${draft.reason_code} onChange=${code => change({ reason_code: code, fault: undefined })}
            options=${CORRECTION_REASONS.map(code => ({ code, text: t(`correct.${code}`) }))} />
        <label><span>${t('correct.words')}</span><input value=${draft.reason ?? ''} maxlength="1000" onInput=${event => change({ reason: event.target.value })} /></label>
        ${draft.fault ? html`<p class="bad-ink" role="alert">${t(`fault.${draft.fault}`)}</p>` : ''}
        <div class="dock"><button class="main" type="button" onClick=${giveReason}>${t('correct.go_on')}</button></div>`;
}

async function finish(typed, confirmed) {
    const { draft } = state;
    const { corrects, reason_code, reason } = draft;
    const flags = Object.fromEntries(['vacancy', 'gas_in_use', 'display_fault'].filter(name => draft[name]).map(name => [name, true]));
    const members = corrects ? { kind: 'correction', corrects, reason_code, reason: reason?.trim() || undefined } : { kind: 'reading' };
    const figures = { ...members, ...typed, ...flags, seen_number: draft.seen_number?.trim() || undefined, confirmed: confirmed || undefined };
    await save(figures, corrects ? undefined : following);
}

function keepAsRead() {
    const { draft } = state;
    if (draft.proof && draft.photos.length === 0) return change({ fault: 'photo_needed' });
    if (draft.proof && !draft.why) return change({ fault: 'why' });
    if (draft.proof && draft.why === 'other_meter' && !draft.seen_number?.trim()) return change({ fault: 'seen_number' });
    return finish(draft.typed, true);
}

function Dial({ figure, active, wheels, onAt }) {
    return html`<div class="dial" role="group" aria-label=${t('read.index')}>
        ${figure.cells.map((cell, at) => html`${at === figure.black ? html`<span class="point" aria-hidden="true">.</span>` : ''}<button type="button" key=${at}
            class=${`${at >= figure.black ? 'red' : ''} ${active && figure.at === at ? 'at' : ''} ${wheels.includes(at + 1) ? 'look' : ''}`}
            aria-label=${t(at >= figure.black ? 'read.red_wheel' : 'read.wheel', { n: at + 1, digit: cell || t('read.empty') })} onClick=${() => onAt(at)}>${cell || '\u00a0'}</button>`)}
    </div>`;
}

/** What is typed into must be seen above the pad, however long the hint is. */
const inSight = field => field?.scrollIntoView({ block: 'nearest' });

function Fields({ draft, meter }) {
    const wheels = (draft.places ?? []).filter(place => place.figure === 'index').flatMap(place => place.wheels);
    const dial = html`<${Dial} figure=${draft.figures.index} active=${draft.active === 'index'} wheels=${wheels}
        onAt=${at => change({ active: 'index', figures: { ...draft.figures, index: press(draft.figures.index, { at }) } })} />`;
    if (!meter.three_figures) return dial;
    return html`<div class="fields">${figuresOf(meter).map(name => html`<div class="field" key=${name} ref=${draft.active === name ? inSight : undefined}>
        <button type="button" aria-pressed=${String(draft.active === name)} onClick=${() => change({ active: name })}>${t(`read.${name}`)}</button>
        ${name === 'index' ? dial : html`<button type="button" class=${`plain ${draft.active === name ? 'at' : ''}`} onClick=${() => change({ active: name })}
            aria-label=${`${t(`read.${name}`)} ${draft.figures[name].text || t('read.empty')}`}>${draft.figures[name].text || '\u00a0'}</button>`}
    </div>`)}</div>`;
}

/** Where to look: never what to type. */
function Places({ places }) {
    return html`<ul>${places.map(place => html`<li key=${place.figure}>${t(`look.${place.figure}.${place.why}`)}${
        place.wheels.length ? html` <b>${t('look.wheels', { n: place.wheels.join(t('look.and')) })}</b>` : ''}</li>`)}</ul>`;
}

function Message({ draft }) {
    const fault = draft.fault ? html`<p class="bad-ink" role="alert">${t(`fault.${draft.fault}`)}</p>` : '';
    if (draft.step !== 'again') return fault;
    return html`<div class="message" role="status"><b>${t('read.again')}</b>${draft.places?.length ? html`<${Places} places=${draft.places} />` : ''}</div>${fault}`;
}

function Keys({ draft, meter }) {
    const names = figuresOf(meter);
    const plain = draft.figures[draft.active].kind !== 'dial';
    const after = names[names.indexOf(draft.active) + 1];
    const last = plain ? html`<button type="button" class="small" onClick=${() => type('.')} aria-label=${t('key.point')}><span class="sign">.</span></button>`
        : html`<button type="button" class="small" onClick=${() => type('clear')}>${t('key.clear')}</button>`;
    return html`<div class="keys">
        ${'123456789'.split('').map(digit => html`<button type="button" key=${digit} onClick=${() => type(digit)}>${digit}</button>`)}
        <button type="button" class="small" onClick=${() => type('back')} aria-label=${t('key.back')}><span class="sign">⌫</span></button>
        <button type="button" onClick=${() => type('0')}>0</button>${last}
        <button type="button" class="wide main" onClick=${done}>${after && !names.every(name => isComplete(draft.figures[name])) ? t('key.next', { figure: t(`read.${after}`) }) : t('key.done')}</button>
    </div>`;
}

function Decide({ draft, meter }) {
    const { why } = draft;
    const options = REASONS.map(code => ({ code, text: t(`why.${code}`) }));
    const choose = code => change({ why: code, vacancy: code === 'vacancy', gas_in_use: code === 'gas_in_use', fault: undefined });
    return html`<div class="card warn" role="status"><b>${t('decide.title')}</b><${Places} places=${draft.places} /></div>
        <div class="stack"><button class="main" type="button" onClick=${() => again(meter)}>${t('decide.again')}</button></div>
        ${draft.proof ? html`<p>${t('decide.proof')}</p>` : ''}
        <${Camera} needed=${draft.proof} />
        <${Choices} legend=${t('why.title')} name="why" options=${options} value=${why} onChange=${choose} />
        ${why === 'other_meter' ? html`<label><span>${t('found.seen_number')}</span><input value=${draft.seen_number ?? ''} maxlength="64" onInput=${event => change({ seen_number: event.target.value })} /></label>` : ''}
        <${Note} />
        ${draft.fault ? html`<p class="bad-ink" role="alert">${t(`fault.${draft.fault}`)}</p>` : ''}
        <div class="stack"><button type="button" onClick=${keepAsRead}>${t('decide.keep')}</button></div>`;
}

function More({ draft, meter }) {
    const minus = draft.active === 'balance';
    return html`<details><summary>${t('read.more')}${draft.photos.length ? ` · ${t('strip.photos', { n: draft.photos.length })}` : ''}</summary>
        <div class="stack">
            <${Toggle} text=${t('why.vacancy')} on=${draft.vacancy} onChange=${on => change({ vacancy: on, gas_in_use: on ? false : draft.gas_in_use })} />
            <${Toggle} text=${t('why.gas_in_use')} on=${draft.gas_in_use} onChange=${on => change({ gas_in_use: on, vacancy: on ? false : draft.vacancy })} />
            ${meter.three_figures ? html`<${Toggle} text=${t('read.display_fault')} on=${draft.display_fault} onChange=${on => change({ display_fault: on })} />` : ''}
            ${minus ? html`<button type="button" onClick=${() => type('-')}>${t('read.minus')}</button>` : ''}
        </div>
        ${draft.vacancy ? html`<p class="warn-ink">${t('read.vacancy_photo')}</p>` : ''}
        <${Camera} needed=${draft.vacancy || draft.display_fault} />
        <${Note} />
        <button type="button" class="bad" onClick=${async () => {
            const { stop } = draft;
            await discard();
            go('stop', stop);
        }}>${t('read.discard')}</button>
    </details>`;
}

export function Read() {
    const { draft } = state;
    const found = draft && findStop(draft.stop);
    if (!found?.stop.meter || !draft.figures) return html`<${Screen} title=${t('read.title')} back=${link('today')}><p>${t('round.gone_help')}</p><//>`;
    const { stop } = found;
    const { meter } = stop;
    return html`<${Screen} title=${draft.corrects ? t('correct.title') : stop.address ?? stop.service_point_number} back=${link('stop', stop.id)} tight>
        <p class="who"><span>${t('stop.meter')} <${Number_} number=${meter.number} /></span><span class="quiet">${meter.type_code}</span></p>
        ${draft.corrects && draft.reasoned ? html`<button type="button" onClick=${() => change({ reasoned: false })}>${t('correct.why')}: ${t(`correct.${draft.reason_code}`)}</button>` : ''}
        ${isUnreasoned(draft) ? html`<${Reason} draft=${draft} />` : draft.step === 'decide' ? html`<${Decide} draft=${draft} meter=${meter} />` : html`
            <${Message} draft=${draft} />
            <${Fields} draft=${draft} meter=${meter} />
            <${More} draft=${draft} meter=${meter} />
            <${Keys} draft=${draft} meter=${meter} />`}
    <//>`;
}
