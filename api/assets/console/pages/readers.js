// Readers as the planner sees them: where and when a day begins, what one can carry, keys and skills.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer, path } from '../answers.js';
import { count, weekday } from '../format.js';
import { Dialog, closeDialog, openDialog } from '../frame/dialog.js';
import { Field, Page } from '../frame/parts.js';
import { ROWS, Table, after } from '../frame/table.js';
import { may } from '../rights.js';
import { href } from '../route.js';

const DATUMS = ['wgs84', 'gcj02', 'bd09'];
export const DAYS = [1, 2, 3, 4, 5, 6, 7];
/** 5 October 2026 is a Monday. */
export const dayName = number => weekday(`2026-10-${String(4 + number).padStart(2, '0')}`);
export const clock = minute => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
export const minutes = text => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
const degrees = micro => (micro === undefined || micro === null ? '' : micro / 1e6);

function Edit({ of }) {
    const save = async form => {
        const hasHome = form.lat !== '' && form.lng !== '';
        const request = {
            version: of.version, from_minute: minutes(form.from), until_minute: minutes(form.until), workdays: DAYS.filter(day => form[`day_${day}`] === 'on'), capacity: Number(form.capacity),
            skills: form.skills.split(/[,，;；\s]+/).filter(Boolean), ...(hasHome ? { lat_micro: Math.round(Number(form.lat) * 1e6), lng_micro: Math.round(Number(form.lng) * 1e6), datum: form.datum } : {}),
        };
        if (await act('PUT', `/v1/readers/${of.reader_id}/profile`, request, { renews: ['/v1/readers'] })) closeDialog();
    };
    return html`<${Dialog} title=${t('reader.edit', { name: of.name })} action=${t('reader.save')} onSubmit=${save} wide>
        <div class="pair three"><${Field} label=${t('reader.from')}><input type="time" name="from" value=${clock(of.from_minute)} required />
            </${Field}><${Field} label=${t('reader.until')}><input type="time" name="until" value=${clock(of.until_minute)} required /></${Field}>
            <${Field} label=${t('reader.capacity')}><input type="number" name="capacity" min="1" step="1" value=${of.capacity} required /></${Field}>
                </div>
        <fieldset class="days"><legend>${t('reader.workdays')}</legend>${DAYS.map(day => html`<label key=${day} class="tick">
            <input type="checkbox" name=${`day_${day}`} checked=${of.workdays.includes(day)} /> ${dayName(day)}</label>`)}</fieldset>
        <div class="pair three"><${Field} label=${t('reader.lat')} help=${t('reader.home_help')}>
            <input type="number" name="lat" step="0.000001" min="-90" max="90" value=${degrees(of.lat_micro)} /></${Field}><${Field}
            label=${t('reader.lng')}><input type="number" name="lng" step="0.000001" min="-180" max="180" value=${degrees(of.lng_micro)} /></${Field}>
            <${Field} label=${t('reader.datum')}><select name="datum">${DATUMS.map(code => html`<option key=${code}
                value=${code} selected=${code === of.datum}>${t(`datum.${code}`)}</option>`)}</select></${Field}></div>
        <${Field} label=${t('reader.skills')} help=${t('reader.skills_help')}><input name="skills" value=${of.skills.join(', ')} /></${Field}>
    </${Dialog}>`;
}

const columns = () => [
    { name: 'name', title: t('reader'), cell: of => html`<a href=${href('rounds', [], { reader: of.reader_id })}>${of.name}</a>` },
    { name: 'hours', width: 130, title: t('reader.hours'), cell: of => `${clock(of.from_minute)}–${clock(of.until_minute)}` },
    { name: 'days', width: 240, title: t('reader.workdays'), cell: of => (of.workdays.length === 7 ? t('reader.every_day') : of.workdays.map(dayName).join(' ')) },
    { name: 'capacity', width: 110, kind: 'figure', title: t('reader.capacity'), cell: of => count(of.capacity) },
    { name: 'skills', width: 200, title: t('reader.skills'), cell: of => of.skills.join(', ') || '—' },
    { name: 'home', width: 240, title: t('reader.home'), cell: of => (of.lat_micro === undefined || of.lat_micro === null
        ? html`<span class="quiet">${t('reader.middle')}</span>` : `${degrees(of.lat_micro)}, ${degrees(of.lng_micro)} ${t(`datum.${of.datum}`)}`) },
    may('create_plan') && { name: 'act', width: 90, title: '', cell: of => html`<button type="button" class="bare" onClick=${() => openDialog(Edit,
        { of })}>${t('reader.change')}</button>` },
];

export function Readers() {
    const list = answer(path('/v1/readers', { after: after(), limit: ROWS }), { slot: 'readers' });
    return html`<${Page} title=${t('page.readers')} about=${t('readers.about')} wide><${Table} of=${list}
        columns=${columns()} id=${of => of.reader_id} caption=${t('page.readers')} /></${Page}>`;
}
