// Phones: activation codes, when each was heard of, what is missing, and ending a lost one.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer, path } from '../answers.js';
import { Code } from '../charts/qr.js';
import { count, day, moment } from '../format.js';
import { Confirm, Dialog, openDialog } from '../frame/dialog.js';
import { Field, Mark, Page } from '../frame/parts.js';
import { ROWS, Table, after, pageKeys } from '../frame/table.js';
import { readerName, readers } from '../names.js';
import { href } from '../route.js';
import { draw, now, state } from '../state.js';

const SILENT_DAYS = 3;

/** The code, large; and as a picture for the phone's camera. It is shown once and kept nowhere here. */
function Shown({ made, reader }) {
    const link = `${location.origin}/app/#activate=${made.code}`;
    return html`<${Dialog} title=${t('code.title', { reader })}><div class="code"><${Code} text=${link} label=${t('code.picture')} /><div>
        <p class="secret large">${made.code}</p><p>${t('code.help', { until: moment(made.expires_at) })}</p><p class="quiet">${t('code.once')}</p>
        </div></div></${Dialog}>`;
}

async function mint(reader, device) {
    const made = await act('POST', '/v1/devices/activation-codes', { account_id: reader, device_id: device }, { renews: ['/v1/devices'] });
    if (!made) return;
    state.dialog = { ...state.dialog, view: Shown, props: { made, reader: readerName(reader) } };
    draw();
}

const New = () => html`<${Dialog} title=${t('code.new')} action=${t('code.make')} onSubmit=${form => mint(Number(form.reader))}><${Field}
    label=${t('reader')}><select name="reader" required autofocus><option value="">${t('choose')}</option>
    ${readers().map(reader => html`<option key=${reader.id} value=${reader.id}>${reader.name}</option>`)}</select></${Field}>
        <p class="quiet">${t('code.new_help')}</p></${Dialog}>`;
const goOn = device => openDialog(Confirm, { title: t('code.go_on'), about: t('code.go_on_about',
    { label: device.label, reader: readerName(device.account_id) }), action: t('code.make'), onConfirm: () => mint(device.account_id, device.id) });
const revoke = device => openDialog(Confirm, { title: t('device.revoke'), about: t('device.revoke_about',
    { label: device.label, reader: readerName(device.account_id) }), action: t('device.revoke'), danger: true, onConfirm: () => act('POST', `/v1/devices/${device.id}/revoke`, undefined,
    { renews: ['/v1/devices', '/v1/gaps'] }) });

function standing(device) {
    if (device.revoked_at) return ['', t('device.revoked')];
    if (!device.last_seen_at) return ['amber', t('device.never')];
    return now() - Date.parse(device.last_seen_at) > SILENT_DAYS * 86_400_000 ? ['amber', t('device.silent')] : ['green', t('device.well')];
}

const columns = () => [
    { name: 'id', width: 60, kind: 'figure', title: '#', cell: device => device.id },
    { name: 'label', title: t('device.label'), cell: device => html`${device.label} <span class="quiet">${device.platform}</span>` },
    { name: 'reader', width: 130, title: t('reader'), cell: device => readerName(device.account_id) },
    { name: 'state', width: 120, title: t('device.state'), cell: device => {
        const [kind, text] = standing(device);
        return html`<${Mark} kind=${kind}>${text}</${Mark}>`;
    } },
    { name: 'seen', width: 152, title: t('device.last_seen'), cell: device => moment(device.last_seen_at) },
    { name: 'made', width: 110, title: t('device.since'), cell: device => day(device.created_at) },
    { name: 'seq', width: 110, kind: 'figure', title: t('device.records'), cell: device => count(device.highest_contiguous_seq) },
    { name: 'missing', width: 100, kind: 'figure', title: t('coverage.missing'), cell: device => (device.missing_seqs.length
        ? html`<a class="bad number" href=${href('gaps', [device.id])}>${count(device.missing_seqs.length)}</a>` : '0') },
    { name: 'act', width: 190, title: '', cell: device => (device.revoked_at ? '' : html`<button type="button" class="bare"
        onClick=${() => goOn(device)}>${t('code.go_on_short')}</button><button type="button" class="bare bad"
        onClick=${() => revoke(device)}>${t('device.revoke')}</button>`) },
];

export function Devices() {
    const list = answer(path('/v1/devices', { after: after(), limit: ROWS }), { slot: 'devices', every: 20_000 });
    state.keys = pageKeys(list.body?.next_after);
    return html`<${Page} title=${t('page.devices')} about=${t('devices.about')} wide tools=${html`<button type="button" class="main"
        onClick=${() => openDialog(New)}>${t('code.new')}</button>`}>
        <${Table} of=${list} columns=${columns()} caption=${t('page.devices')} nothing=${t('devices.none')} /></${Page}>`;
}
