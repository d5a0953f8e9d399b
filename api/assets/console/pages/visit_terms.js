// What a visit at a point takes: minutes, opening hours, keys and skills. The planner keeps to them.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer } from '../answers.js';
import { Dialog, closeDialog, openDialog } from '../frame/dialog.js';
import { Facts, Field, Once } from '../frame/parts.js';
import { may } from '../rights.js';
import { DAYS, clock, dayName, minutes } from './readers.js';

function Edit({ terms }) {
    const place = `/v1/service-points/${terms.service_point_id}/visit-terms`;
    const hours = day => terms.opening.find(one => one.weekday === day);
    const save = async form => {
        const opening = DAYS.filter(day => form[`from_${day}`] && form[`until_${day}`]).map(day => ({ weekday: day, from_minute: minutes(form[`from_${day}`]), until_minute: minutes(form[`until_${day}`]) }));
        // A second span of a day is not shown here, and stays as it is.
        const others = terms.opening.filter(one => one !== hours(one.weekday) && opening.some(mine => mine.weekday === one.weekday));
        const request = { version: terms.version, minutes: form.minutes ? Number(form.minutes) : undefined, opening: [...opening, ...others], skills: form.skills.split(/[,，;；\s]+/).filter(Boolean) };
        if (await act('PUT', place, request, { renews: [place] })) closeDialog();
    };
    return html`<${Dialog} title=${t('terms.edit')} action=${t('reader.save')} onSubmit=${save} wide>
        <div class="pair"><${Field} label=${t('terms.minutes')} help=${t('terms.minutes_help')}><input type="number" name="minutes" min="1" step="1"
            value=${terms.minutes ?? ''} /></${Field}>
            <${Field} label=${t('reader.skills')} help=${t('reader.skills_help')}><input name="skills" value=${terms.skills.join(', ')} /></${Field}>
                </div>
        <fieldset><legend>${t('terms.opening')}</legend>${DAYS.map(day => html`<div key=${day} class="hours"><b>${dayName(day)}</b>
            <input type="time" name=${`from_${day}`} aria-label=${`${dayName(day)} ${t('from')}`}
                value=${hours(day) ? clock(hours(day).from_minute) : ''} /><span>–</span>
            <input type="time" name=${`until_${day}`} aria-label=${`${dayName(day)} ${t('until')}`}
                value=${hours(day) ? clock(hours(day).until_minute) : ''} /></div>`)}<small class="quiet">${t('terms.opening_help')}</small>
                </fieldset>
    </${Dialog}>`;
}

export function Terms({ point }) {
    const terms = answer(`/v1/service-points/${point}/visit-terms`);
    return html`<${Once} of=${terms} lines=${2}>${body => html`<${Facts} rows=${[
        [t('terms.minutes'), body.minutes ?? t('terms.usual')], [t('reader.skills'), body.skills.join(', ') || '—'],
        [t('terms.opening'), body.opening.length === 0 ? t('terms.always') : body.opening.map(one => html`<span class="line" key=${`${one.weekday}${one.from_minute}`}>${dayName(one.weekday)} ${clock(one.from_minute)}–${clock(one.until_minute)}</span>`)],
    ]} />${may('create_appointment') ? html`<button type="button" onClick=${() => openDialog(Edit,
        { terms: body })}>${t('terms.edit')}</button>` : ''}`}</${Once}>`;
}
