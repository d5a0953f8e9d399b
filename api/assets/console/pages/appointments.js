// Promising a customer a time (R-1): the planner keeps it, or says that it can't.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer, path } from '../answers.js';
import { hour, instantOf, moment } from '../format.js';
import { Confirm, Dialog, closeDialog, openDialog } from '../frame/dialog.js';
import { Field } from '../frame/parts.js';
import { may } from '../rights.js';
import { tell } from '../state.js';
import { today } from '../today.js';

const RENEWS = ['/v1/appointments'];

function PromiseTime({ point, number }) {
    const keep = async form => {
        const request = { service_point_id: point, from_at: instantOf(`${form.day}T${form.from}`), until_at: instantOf(`${form.day}T${form.until}`) };
        if (!(await act('POST', '/v1/appointments', request, { renews: RENEWS }))) return;
        closeDialog();
        tell(t('appointment.made', { number }));
    };
    return html`<${Dialog} title=${t('appointment.title', { number })} action=${t('appointment.make')} onSubmit=${keep}>
        <${Field} label=${t('day')}><input type="date" name="day" min=${today()} required autofocus /></${Field}>
        <div class="pair"><${Field} label=${t('from')}><input type="time" name="from" value="09:00" required /></${Field}><${Field}
            label=${t('until')}><input type="time" name="until" value="11:00" required /></${Field}></div>
        <p class="quiet">${t('appointment.help')}</p></${Dialog}>`;
}

export const promise = (point, number) => openDialog(PromiseTime, { point, number });

const withdraw = one => openDialog(Confirm,
    { title: t('appointment.withdraw'), about: `${one.service_point_number} · ${moment(one.from_at)}–${hour(one.until_at)}`, action: t('appointment.withdraw'), danger: true, onConfirm: () => act('POST', `/v1/appointments/${one.id}/withdraw`, undefined,
    { renews: RENEWS }) });

/** Those of a point. */
export function Promises({ point }) {
    const list = answer(path('/v1/appointments', { service_point: point, limit: 100 })).body?.items.filter(one => !one.withdrawn_at) ?? [];
    return html`<ul class="stack">${list.map(one => html`<li key=${one.id}>
        <span>${moment(one.from_at)}–${hour(one.until_at)}</span>${may('create_appointment') ? html` <button type="button" class="bare"
        onClick=${() => withdraw(one)}>${t('appointment.withdraw')}</button>` : ''}</li>`)}
        ${list.length === 0 ? html`<li class="quiet">${t('appointment.none')}</li>` : ''}</ul>`;
}
