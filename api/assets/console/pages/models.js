// The models the month's lists are ranked by: learnt from the company's own history, switched on by a person from a coming day.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer, known } from '../answers.js';
import { count, moment, monthName, plusDays } from '../format.js';
import { Dialog, Reason, closeDialog, openDialog } from '../frame/dialog.js';
import { Field, Mark } from '../frame/parts.js';
import { Table } from '../frame/table.js';
import { may } from '../rights.js';
import { today } from '../today.js';
import { named } from '../words.js';

const PLACE = '/v1/anomaly-models?limit=100';
const RENEWS = { renews: ['/v1/anomaly-models'] };

function SwitchOn({ model }) {
    const switchOn = async form => {
        const request = { valid_from: form.from, source: form.reason, ...(model ? { model_id: model.id } : {}) };
        if (await act('POST', '/v1/anomaly-model-terms', request, RENEWS)) closeDialog();
    };
    const title = t('model.switch_on', { model: model?.version ?? t('model.shipped') });
    return html`<${Dialog} title=${title} action=${t('lab.adopt')} onSubmit=${switchOn}><p>${t('model.switch_about')}</p><${Field}
        label=${t('lab.from')}><input type="date" name="from" min=${plusDays(today(), 1)} value=${plusDays(today(), 1)} required /></${Field}>
        <${Reason} label=${t('lab.source')} /></${Dialog}>`;
}

const SwitchButton = ({ model }) => (may('switch_anomaly_model') ? html`<button type="button" class="bare"
    onClick=${() => openDialog(SwitchOn, { model })}>${t('lab.adopt')}</button>` : '');

const columns = terms => [
    { name: 'id', width: 60, kind: 'figure', title: '#', cell: model => model.id },
    { name: 'version', title: t('model.version'), cell: model => html`<code>${model.version ?? '—'}</code><span class="line quiet">${t('model.taught',
        { meters: count(model.meters), lessons: count(model.lessons), month: monthName(model.until_month) })}</span>` },
    { name: 'state', width: 190, title: t('case.state'), cell: model => html`<${Mark} kind=${{ done: 'green', failed: 'red' }[model.state] ?? 'amber'}>${t(`model_state.${model.state}`)}</${Mark}>${model.fault
        ? html`<span class="line quiet">${named('model_fault', model.fault)}</span>` : ''}` },
    { name: 'asked', width: 160, title: t('model.asked'), cell: model => moment(model.asked_at) },
    { name: 'holds', width: 150, title: t('model.holds'), cell: model => {
        const own = terms.filter(term => term.model_id === model.id);
        return own.length ? own.map(term => term.valid_from).join(', ') : '—';
    } },
    { name: 'switch', width: 110, title: '', cell: model => (model.state === 'done' ? html`<${SwitchButton} model=${model} />` : '') },
];

const training = () => known(PLACE)?.items.some(model => model.state === 'training');

/** What can be done about them. */
export function ModelTools() {
    const train = () => act('POST', '/v1/anomaly-models', {}, RENEWS);
    return html`${known(PLACE)?.terms.length ? html`<${SwitchButton} />` : ''}${may('train_anomaly_model')
        ? html`<button type="button" disabled=${training()} onClick=${train}>${t('model.train')}</button>` : ''}`;
}

export function Models() {
    const models = answer(PLACE, { every: training() ? 2000 : 0 });
    return html`<p class="help">${t('model.about')}</p><${Table} of=${models} columns=${columns(models.body?.terms ?? [])}
        caption=${t('model.list')} kind="dense" next=${null} nothing=${t('model.none')} />`;
}
