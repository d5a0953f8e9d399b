// The rule lab: other settings of the checks tried on the whole stored history, against what people found out, before any is switched on.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer, known } from '../answers.js';
import { count, moment, plusDays } from '../format.js';
import { Dialog, Reason, closeDialog, openDialog } from '../frame/dialog.js';
import { Card, Facts, Field, Mark, Nothing, Once, Page } from '../frame/parts.js';
import { Table } from '../frame/table.js';
import { may } from '../rights.js';
import { go, href } from '../route.js';
import { state, set } from '../state.js';
import { today } from '../today.js';
import { named } from '../words.js';

/** The settings that are of the checks; the server names any other as one it does not try. */
const OF_CHECKS = new Set(['ceiling_bp', 'tolerance_bp', 'rollover_factor_bp', 'rollover_slack', 'misread_factor_bp', 'misread_slack', 'zero_below', 'zero_days', 'stopped_expected', 'used_periods', 'vacant_periods', 'vacant_window', 'life_natural_years', 'life_manufactured_years']);

function Adopt({ run }) {
    const adopt = async form => {
        if (await act('POST', `/v1/rule-lab/runs/${run.id}/adopt`, { valid_from: form.from, source: form.reason },
            { renews: ['/v1/rule-lab', '/v1/settings', '/v1/rules'] })) closeDialog();
    };
    return html`<${Dialog} title=${t('lab.adopt')} action=${t('lab.adopt')} onSubmit=${adopt}><p>${t('lab.adopt_about')}</p><${Field}
        label=${t('lab.from')}><input type="date" name="from" min=${plusDays(today(), 1)} value=${plusDays(today(), 1)} required /></${Field}>
        <${Reason} label=${t('lab.source')} /></${Dialog}>`;
}

const Counts = ({ of, kind }) => (of.total === 0 ? html`<span class="quiet">0</span>` : html`<b class=${kind}>${count(of.total)}</b>
    <span class="line quiet">${t('rules.of', { upheld: count(of.upheld), refuted: count(of.refuted) })}</span>`);
const results = () => [
    { name: 'rule', width: 220, title: t('case.rule'), cell: line => html`<a href=${href('rules',
        [], { rule: line.rule })}>${named('rule', line.rule)}</a>` },
    { name: 'kept', width: 160, title: t('lab.kept'), cell: line => html`<${Counts} of=${line.kept} />` },
    { name: 'won', width: 160, title: t('lab.won'), cell: line => html`<${Counts} of=${line.won} />` },
    { name: 'lost', width: 160, title: t('lab.lost'), cell: line => html`<${Counts} of=${line.lost} />` },
];

function Run({ id, settings }) {
    const place = `/v1/rule-lab/runs/${id}`;
    const run = answer(place, { every: (known(place)?.state ?? 'running') === 'running' ? 1500 : 0 });
    const nameOf = key => settings.find(one => one.key === key)?.name ?? key;
    return html`<${Card} title=${t('lab.run', { id })} id="run" tools=${run.body?.state === 'done' && !run.body.adopted_from && may('adopt_lab_run')
        ? html`<button type="button" class="main" onClick=${() => openDialog(Adopt, { run: run.body })}>${t('lab.adopt')}</button>` : ''}>
        <${Once} of=${run} lines=${5}>${body => html`<p class="line">
            <${Mark} kind=${{ done: 'green', failed: 'red' }[body.state] ?? 'amber'}>${t(`lab_state.${body.state}`)}</${Mark}> ${body.adopted_from
            ? html`<${Mark} kind="green">${t('lab.adopted', { day: body.adopted_from })}</${Mark}>` : ''}</p>
            <${Facts} rows=${[[t('lab.asked'), moment(body.asked_at)], [t('lab.meters'), count(body.meters)],
                [t('lab.readings'), count(body.readings)], ...Object.entries(body.changes).map(([key, value]) => [nameOf(key), html`${count(settings.find(one => one.key === key)?.value)} → <b>${count(value)}</b>`])]} />
            ${body.state === 'done' ? html`<${Table} of=${run} items=${body.rules} id=${line => line.rule} columns=${results()}
                caption=${t('lab.results')} next=${null} nothing=${t('lab.same')} />` : html`<p class="quiet">${t('lab.wait')}</p>`}`}</${Once}>
                </${Card}>`;
}

export function Lab({ route }) {
    const list = answer('/v1/settings');
    const all = list.body?.items.filter(one => OF_CHECKS.has(one.key)) ?? [];
    const changes = (state.page.changes ??= {});
    const run = async () => {
        const made = await act('POST', '/v1/rule-lab/runs', { changes }, { renews: ['/v1/rule-lab'] });
        if (made) go('lab', [], { run: made.id });
    };
    const change = (one, text) => {
        const next = { ...changes };
        if (text === '' || Number(text) === one.value) delete next[one.key];
        else next[one.key] = Number(text);
        set({ changes: next });
    };
    const columns = [
        { name: 'name', title: t('lab.setting'), cell: one => html`${one.name}<span class="line quiet">
            <code>${one.key}</code> · ${one.source}</span>` },
        { name: 'now', width: 150, kind: 'figure', title: t('lab.now'), cell: one => html`${count(one.value)} <small class="quiet">${one.unit_text}</small>` },
        { name: 'range', width: 150, kind: 'figure', title: t('lab.range'), cell: one => `${count(one.least)} – ${count(one.most)}` },
        { name: 'try', width: 150, title: t('lab.try'), cell: one => html`<input type="number" class=${one.key in changes ? 'changed' : ''} min=${one.least} max=${one.most} step="1"
            aria-label=${t('lab.try_one', { name: one.name })} value=${changes[one.key] ?? ''} placeholder=${one.value}
            onChange=${event => change(one, event.target.value)} />` },
    ];
    const n = Object.keys(changes).length;
    return html`<${Page} title=${t('page.lab')} about=${t('lab.about')} wide
        tools=${html`<a class="button" href=${href('rules')}>${t('page.rules')}</a>
        <button type="button" class="main" disabled=${n === 0 || !may('run_rule_lab')} onClick=${run}>${t('lab.go', { n })}</button>`}>
        ${route.query.run ? html`<${Run} id=${route.query.run} settings=${all} />` : ''}
        <${Card} title=${t('lab.settings')} id="settings">${list.body && all.length === 0 ? html`<${Nothing} />` : html`<${Table}
            of=${list} items=${list.body && all} id=${one => one.key} columns=${columns} caption=${t('lab.settings')} next=${null} />`}</${Card}>
    </${Page}>`;
}
