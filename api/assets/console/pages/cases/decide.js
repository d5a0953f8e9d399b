// Moving cases on: every move has a reason, is kept with its author, and nothing is ever taken back (DOMAIN 1).
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer } from '../../answers.js';
import { Dialog, Reason, closeDialog, openDialog } from '../../frame/dialog.js';
import { Field } from '../../frame/parts.js';
import { instantOf } from '../../format.js';
import { desks } from '../../names.js';
import { draw, state, tell } from '../../state.js';

/** Where a person may move a case from each state. */
export const MOVES = { open: ['confirmed', 'dismissed'], confirmed: ['in_work', 'resolved', 'dismissed'], in_work: ['resolved'], dismissed: [], resolved: [] };
const RENEWS = ['/v1/cases', '/v1/rules'];
/** The last reason by state: triage says the same often. */
const lastReasons = new Map();

async function move(cases, request) {
    if (cases.length === 1) return act('POST', `/v1/cases/${cases[0].id}/${request.decide ? 'decide' : 'assign'}`, request.decide ?? request.assign,
        { renews: RENEWS });
    const done = await act('POST', '/v1/cases/bulk', { ids: cases.map(one => one.id), ...request }, { renews: RENEWS });
    if (!done) return undefined;
    const refused = done.items.filter(item => item.outcome === 'refused');
    if (refused.length) tell(t('bulk.refused',
        { done: done.done, refused: refused.length, why: [...new Set(refused.map(item => item.detail))].join('; ') }), true);
    return done;
}

function DecideCases({ cases, to, onDone }) {
    const outcomes = answer('/v1/case-outcomes').body?.items.filter(one => one.is_by_person) ?? [];
    const { outcome = '' } = state.dialog.props;
    const hasError = outcomes.find(one => one.code === outcome)?.has_error;
    const decide = async form => {
        lastReasons.set(to, form.reason);
        const request = { state: to, reason: form.reason, outcome: form.outcome || undefined, error_bp: hasError ? Math.round(Number(form.error) * 100) : undefined };
        if (!(await move(cases, { decide: request }))) return;
        closeDialog();
        if (!state.notice?.alarm) tell(t('case.moved', { n: cases.length, state: t(`state.${to}`) }));
        onDone?.();
    };
    return html`<${Dialog} title=${t(`decide.${to}`)} action=${t(`decide.${to}`)} danger=${to === 'dismissed'} onSubmit=${decide}>
        <p>${cases.length === 1 ? html`<b>${cases[0].meter_number}</b> · ${t(`kind.${cases[0].kind}`)}` : t('bulk.about', { n: cases.length })}</p>
        ${to === 'resolved' ? html`<${Field} label=${t('case.outcome')}><select name="outcome" required onChange=${event => {
            state.dialog.props = { ...state.dialog.props, outcome: event.target.value };
            draw();
        }}><option value="">${t('choose')}</option>${outcomes.map(one => html`<option key=${one.code}
            value=${one.code}>${one.text}</option>`)}</select></${Field}>` : ''}
        ${hasError ? html`<${Field} label=${t('case.error')} help=${t('case.error_help')}>
            <input name="error" type="number" step="0.01" min="-100" max="1000" required /></${Field}>` : ''}
        <${Reason} value=${lastReasons.get(to) ?? ''} />
    </${Dialog}>`;
}

function AssignCases({ cases, onDone }) {
    const assign = async form => {
        const request = { reason: form.reason, assignee_id: form.assignee === '' ? undefined : Number(form.assignee), due_at: form.due ? instantOf(`${form.due}T18:00`) : undefined };
        if (!(await move(cases, { assign: request }))) return;
        closeDialog();
        onDone?.();
    };
    const me = state.session.account;
    return html`<${Dialog} title=${t('decide.assign')} action=${t('decide.assign')} onSubmit=${assign}>
        <${Field} label=${t('case.assignee')}><select name="assignee"><option value=${me.id}>${me.name} · ${t('case.me')}</option>
            ${desks().filter(desk => desk.id !== me.id).map(desk => html`<option key=${desk.id} value=${desk.id}>${desk.name}</option>`)}
            <option value="0">${t('case.nobody')}</option><option value="">${t('case.as_it_was')}</option></select></${Field}>
        <${Field} label=${t('case.due')}><input type="date" name="due" /></${Field}>
        <${Reason} />
    </${Dialog}>`;
}

/** Asks why and moves those cases that may go there. */
export function decide(cases, to, onDone) {
    const able = cases.filter(one => MOVES[one.state].includes(to));
    if (able.length === 0) return void (cases.length && tell(t('case.cannot', { from: t(`state.${cases[0].state}`), to: t(`state.${to}`) })));
    openDialog(DecideCases, { cases: able, to, onDone });
}
export const assign = (cases, onDone) => cases.length && openDialog(AssignCases, { cases, onDone });
