// What this phone noted: one record with what became of it, all that waits, and the end of the day.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { Screen, link, moment, syncWords } from '../frame.js';
import { exportOwed } from '../outbox.js';
import { findStop, progressOfAll } from '../progress.js';
import { set, state } from '../state.js';
import { sync } from '../sync.js';
import { RecordRow, outcomeWords, said } from './stop.js';
import { Counts, Warnings } from './today.js';

const corrections = id => [...state.records.values()].filter(record => record.item.corrects === id);

export function OneRecord({ args: [id] }) {
    const record = state.records.get(id);
    if (!record) return html`<${Screen} title=${t('record.title')} back=${link('today')}><p>${t('round.gone_help')}</p><//>`;
    const found = findStop(record.stop);
    const meter = found?.stop.meter;
    const { item } = record;
    const isCode = Boolean(item.attempt_code);
    const mayCorrect = found && ['reading', 'attempt', 'correction'].includes(record.kind) && corrections(id).length === 0 && record.outcome !== 'rejected' && record.outcome !== 'conflict';
    const rows = [
        [t('record.number'), `#${record.seq}`], [t('record.at'), moment(record.made_at)], [t('record.said'), said(record, meter)],
        [t('record.outcome'), outcomeWords(record)], [t('record.code'), record.detail ?? record.code], [t('record.flags'), flagWords(record)],
        [t('note'), item.note], [t('photos'), item.evidence?.length], [t('correct.why'), item.reason_code && t(`correct.${item.reason_code}`)],
    ];
    return html`<${Screen} title=${t(`kind.${record.kind}`)} back=${found ? link('stop', record.stop) : link('waiting')}>
        <p class="where">${found?.stop.address ?? ''}</p>
        <dl>${rows.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
        ${mayCorrect ? html`<div class="stack"><a class="button" href=${link(isCode ? 'recode' : 'correct', id)}>${t('correct.title')}</a></div>` : ''}
        ${corrections(id).map(one => html`<${RecordRow} key=${one.id} record=${one} meter=${meter} />`)}
    <//>`;
}

/** What was noticed, in the reader's words where the catalogue has them: what to do, without the evidence. */
function flagWords(record) {
    const rules = state.catalogue?.rules ?? [];
    const zh = document.documentElement.lang.startsWith('zh');
    const words = (record.flags ?? []).map(flag => rules.find(rule => rule.code === flag)).filter(Boolean).map(rule => (zh ? rule.help_zh : rule.help_en));
    return words.length ? words.join(' ') : undefined;
}

/** Gives a text as a file. */
export function download(name, text) {
    const anchor = document.createElement('a');
    anchor.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    anchor.download = name;
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(anchor.href), 60_000);
}

export async function exportFile() {
    download(`meterbook-${new Date().toISOString().slice(0, 16).replace(':', '')}.json`, await exportOwed());
    set({ exported: true });
}

export function Waiting() {
    const { owed, photos, strangers, refused: spoiled } = state.counts;
    const rows = [...state.records.values()].sort((one, two) => two.seq - one.seq);
    const waiting = rows.filter(record => record.owed);
    const refused = rows.filter(record => record.outcome === 'rejected' || record.outcome === 'conflict');
    return html`<${Screen} title=${t('waiting.title')} back=${link('today')}>
        <${Warnings} />
        <p class=${owed + photos ? 'card warn' : 'card good'}>${t('waiting.counts', { owed, photos })}<br /><span class="quiet">${syncWords()}</span></p>
        ${strangers ? html`<p class="card warn">${t('waiting.strangers', { n: strangers })}</p>` : ''}
        ${spoiled ? html`<p class="card bad">${t('waiting.photos_refused', { n: spoiled })}</p>` : ''}
        <div class="row"><button class="main" onClick=${() => sync(true)} disabled=${state.sync.busy}>${t('sync.now')}</button>
            ${owed + photos + strangers + spoiled ? html`<button onClick=${exportFile}>${t('waiting.export')}</button>` : ''}</div>
        ${refused.length ? html`<h2>${t('waiting.refused')}</h2>` : ''}
        ${refused.map(record => html`<${RecordRow} key=${record.id} record=${record} meter=${findStop(record.stop)?.stop.meter} />`)}
        <h2>${t('waiting.owed')}</h2>
        ${waiting.length === 0 ? html`<p>${t('waiting.nothing')}</p>` : ''}
        ${waiting.slice(0, 200).map(record => html`<${RecordRow} key=${record.id} record=${record} meter=${findStop(record.stop)?.stop.meter} />`)}
    <//>`;
}

export function Day() {
    const { owed, photos } = state.counts;
    const counts = progressOfAll();
    const waits = owed + photos;
    const { finished } = state.screen;
    const today = [...state.records.values()].filter(record => new Date(record.made_at).toDateString() === new Date().toDateString());
    return html`<${Screen} title=${t('day.title')} back=${link('today')}>
        <${Warnings} />
        <${Counts} counts=${counts} />
        <p>${t('day.noted', { n: today.length })}</p>
        <p class=${waits ? 'card bad' : 'card good'} role="status">${waits ? t('day.waits', { owed, photos }) : t('day.safe')}<br /><span class="quiet">${syncWords()}</span></p>
        <div class="stack">
            ${waits ? html`<button onClick=${() => sync(true)} disabled=${state.sync.busy}>${t('sync.now')}</button>` : ''}
            <button class="main" disabled=${waits > 0} onClick=${() => set({ finished: true })}>${t('day.finish')}</button>
        </div>
        ${finished && !waits ? html`<p class="card good" role="status"><b>${t('day.finished')}</b></p>` : ''}
    <//>`;
}
