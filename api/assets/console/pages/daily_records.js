// The records behind a figure of the daily report, each leading to its point and its meter.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { answer, path } from '../answers.js';
import { hour, moment, volume } from '../format.js';
import { Card, Mark } from '../frame/parts.js';
import { ROWS, Table, after } from '../frame/table.js';
import { readerName } from '../names.js';
import { filtered, href } from '../route.js';
import { named } from '../words.js';

/** A figure in words: attempts for a reason are named by it. */
export const figureName = figure => (figure.startsWith('attempts_') && figure !== 'attempts_proven'
    ? t(`attempt.${figure.slice('attempts_'.length)}`) : t(`figure.${figure}`));

const columns = () => [
    { name: 'at', width: 80, title: t('record.at'), cell: row => html`<span title=${moment(row.received_at)}>${hour(row.observed_at)}</span>` },
    { name: 'reader', width: 110, title: t('reader'), cell: row => readerName(row.reader_id) ?? row.reader_id },
    { name: 'point', width: 130, title: t('point'), cell: row => html`<a class="number" href=${href('points',
        [row.service_point_id])}>${row.service_point_number}</a>` },
    { name: 'meter', width: 140, title: t('meter'), cell: row => (row.meter_id ? html`<a class="number" href=${href('meters',
        [row.meter_id])}>${row.meter_number}</a>` : '—') },
    { name: 'kind', width: 170, title: t('record.kind'), cell: row => html`${named('record', row.kind)} <span class="quiet">${named(row.kind === 'attempt' ? 'attempt' : 'reading', row.code)}</span>` },
    { name: 'index', width: 100, kind: 'figure', title: t('chart.index'), cell: row => volume(row.index) },
    { name: 'volume', width: 90, kind: 'figure', title: 'm³', cell: row => volume(row.volume) },
    { name: 'flags', title: t('reading.flags'), cell: row => row.flags.map(flag => html`<${Mark} key=${flag}>${named('rule', flag)}</${Mark}>`) },
];

export function Records({ day, figure, reader }) {
    const list = answer(path('/v1/reports/daily/records', { day, figure, reader, after: after(), limit: ROWS }), { slot: 'daily-records' });
    const whose = reader ? readerName(Number(reader)) ?? reader : t('daily.office');
    return html`<div class="no-print"><${Card} title=${`${whose}: ${figureName(figure)}`} id="records"
        tools=${html`<a class="button" href=${filtered({ figure: '', reader: '' })}>${t('daily.close')}</a>`}><${Table} of=${list} columns=${columns()}
        id=${row => row.position} caption=${figureName(figure)} kind="dense" /></${Card}></div>`;
}
