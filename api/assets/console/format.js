// Figures as a person reads them. Volumes are whole 0.001 m³, rates 1/10,000, money fen; days and hours are the company's.
import { currentLanguage } from '/assets/lib/texts.js';

// Until the server has said which (`/v1/meta`); it is asked before anything is drawn.
let zone = '+08:00';
const NONE = '—';
const locale = () => (currentLanguage() === 'en' ? 'en-GB' : 'zh-CN');
const formats = new Map();

function dates(name, options) {
    const key = `${locale()} ${name}`;
    if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale(), { timeZone: 'UTC', ...options }));
    return formats.get(key);
}

/** The company's zone, `+08:00`, as the server says it. */
export function useZone(text) {
    if (/^[+-]\d\d:\d\d$/.test(text ?? '')) zone = text;
}
/** A moment whose hours in UTC are those of the company's clock: not every browser can be told a zone by its offset. */
function local(instant) {
    const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(zone) ?? ['', '+', '0', '0'];
    return new Date(new Date(instant).getTime() + (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000);
}

const isGiven = value => value !== undefined && value !== null && value !== '';

export const count = value => (isGiven(value) ? Number(value).toLocaleString('en-US') : NONE);

/** Cubic metres, with as many digits as there are. */
export function volume(litres) {
    if (!isGiven(litres)) return NONE;
    const sign = litres < 0 ? '−' : '';
    const size = Math.abs(litres);
    const rest = String(size % 1000).padStart(3, '0').replace(/0+$/, '');
    return `${sign}${Math.floor(size / 1000).toLocaleString('en-US')}${rest ? `.${rest}` : ''}`;
}

/** Cubic metres to one place, for charts and means. */
export const roughly = litres => (isGiven(litres) ? (litres / 1000).toLocaleString('en-US',
    { maximumFractionDigits: Math.abs(litres) < 10_000 ? 2 : 1 }) : NONE);

/** A rate: cut, never rounded, so that 99.99 % is never shown as met. */
export function percent(bp) {
    if (!isGiven(bp)) return NONE;
    const sign = bp < 0 ? '−' : '';
    const size = Math.abs(bp);
    return `${sign}${Math.floor(size / 100)}.${String(size % 100).padStart(2, '0')}%`;
}

export const money = fen => (isGiven(fen) ? (fen / 100).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 }) : NONE);
export const kilometres = metres => (isGiven(metres) ? (metres / 1000).toLocaleString('en-US', { maximumFractionDigits: 1 }) : NONE);

/** Minutes as hours and minutes. */
export const duration = minutes => (isGiven(minutes) ? `${Math.floor(minutes / 60)}:${String(Math.round(minutes % 60)).padStart(2, '0')}` : NONE);

/** A day of an instant, `2026-10-22`. */
export const dayOf = instant => local(instant).toISOString().slice(0, 10);
export const day = instant => (isGiven(instant) ? dayOf(instant) : NONE);
export const hour = instant => (isGiven(instant) ? dates('hour',
    { hour: '2-digit', minute: '2-digit', hour12: false }).format(local(instant)) : NONE);
export const moment = instant => (isGiven(instant) ? `${dayOf(instant)} ${hour(instant)}` : NONE);
export const weekday = iso => dates('weekday', { weekday: 'short' }).format(new Date(`${iso}T12:00:00Z`));
export const monthName = iso => dates('month', { year: 'numeric', month: 'long' }).format(new Date(`${iso}-15T12:00:00Z`));

/** Days are counted in UTC: they have no zone. */
export function plusDays(iso, days) {
    const at = new Date(`${iso}T00:00:00Z`);
    at.setUTCDate(at.getUTCDate() + days);
    return at.toISOString().slice(0, 10);
}
/** The last day of a span whose end is the first day after it. */
export const lastDay = until => plusDays(until, -1);
export function plusMonths(month, months) {
    const [year, number] = month.split('-').map(Number);
    const at = year * 12 + number - 1 + months;
    return `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}`;
}
/** A moment of the company's day from a form's `2026-10-22T09:00`. */
export const instantOf = at => new Date(`${at}:00${zone}`).toISOString();

/** The period of a class a month lies in. */
export function periodOf(month, of) {
    if (of !== 'residential_indoor') return month;
    const [year, number] = month.split('-').map(Number);
    return `${year}-Q${Math.ceil(number / 3)}`;
}
export function previousPeriod(period) {
    if (!period.includes('Q')) return plusMonths(period, -1);
    const [year, quarter] = period.split('-Q').map(Number);
    return quarter === 1 ? `${year - 1}-Q4` : `${year}-Q${quarter - 1}`;
}
