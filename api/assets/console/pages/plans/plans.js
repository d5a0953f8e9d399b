// Plans: asking for one, following the search, and those there are.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer, path } from '../../answers.js';
import { count, kilometres, lastDay, moment, plusDays, plusMonths } from '../../format.js';
import { Dialog, closeDialog, openDialog } from '../../frame/dialog.js';
import { Choose, Field, Mark, Page } from '../../frame/parts.js';
import { Table, after } from '../../frame/table.js';
import { CLASSES, readerOptions, routeOptions } from '../../names.js';
import { may } from '../../rights.js';
import { go, href } from '../../route.js';
import { draw, state } from '../../state.js';
import { thisMonth, today } from '../../today.js';
import { Plan } from './plan.js';

const STATES = ['queued', 'running', 'done', 'published', 'cancelled', 'failed'];
const WEIGHTS = ['distance', 'balance', 'continuity', 'change'];

/** Commercial points have their days (R-6); the others begin today. */
function daysOf(of) {
    if (of !== 'commercial') return [today(), plusDays(today(), 4)];
    const month = today() > `${thisMonth()}-23` ? plusMonths(thisMonth(), 1) : thisMonth();
    return [`${month}-22`, `${month}-23`];
}
const chosen = (form, name) => [...form.querySelector(`[name=${name}]`).selectedOptions].map(option => Number(option.value));

function Create({ basis, of = 'commercial' }) {
    const [from, last] = basis ? [basis.from_day, lastDay(basis.until_day)] : daysOf(of);
    const make = async form => {
        const node = document.querySelector('dialog form');
        const weights = Object.fromEntries(WEIGHTS.filter(name => form[name]).map(name => [name, Number(form[name])]));
        const [routes, readers] = [basis ? [] : chosen(node, 'routes'), chosen(node, 'readers')];
        const request = {
            class: of, from_day: form.from ?? from, until_day: plusDays(form.last ?? last, 1), basis_id: basis?.id, seed: form.seed ? Number(form.seed) : undefined,
            route_ids: routes.length ? routes : undefined, reader_ids: readers.length ? readers : undefined, weights: Object.keys(weights).length ? weights : undefined,
        };
        const plan = await act('POST', '/v1/plans', request, { renews: ['/v1/plans'] });
        if (!plan) return;
        closeDialog();
        go('plans', [plan.id]);
    };
    const many = (name, label, options) => html`<${Field} label=${label} help=${t('plan.all_unless')}>
        <select name=${name} multiple size="5">${options.map(([id, text]) => html`<option key=${id} value=${id}>${text}</option>`)}</select>
        </${Field}>`;
    return html`<${Dialog} title=${basis ? t('plan.again') : t('plan.create')} action=${t('plan.ask')} onSubmit=${make} wide>
        ${basis ? html`<p class="help">${t('plan.again_help', { id: basis.id })}</p>` : html`<${Field} label=${t('class')}><select
            onChange=${event => {
            state.dialog.props = { of: event.target.value };
            draw();
        }}>${CLASSES.map(code => html`<option key=${code} value=${code} selected=${code === of}>${t(`class.${code}`)}</option>`)}</select></${Field}>
        <div class="pair" key=${of}><${Field} label=${t('first_day')}><input type="date" name="from" value=${from} required /></${Field}><${Field}
            label=${t('last_day')}><input type="date" name="last" value=${last} required /></${Field}></div>`}
        <div class="pair">${basis ? '' : many('routes', t('routes'), routeOptions())}${many('readers', t('readers'), readerOptions())}</div>
        <details><summary>${t('plan.weights')}</summary><p class="quiet">${t('plan.weights_help')}</p>
            <div class="pair four">${WEIGHTS.map(name => html`<${Field} key=${name} label=${t(`weight.${name}`)}>
            <input type="number" name=${name} min="0" step="1" /></${Field}>`)}</div>
            <${Field} label=${t('plan.seed')}><input type="number" name="seed" min="0" step="1" /></${Field}></details>
    </${Dialog}>`;
}
export const planAgain = basis => openDialog(Create, { basis, of: basis.class });

export const Standing = ({ plan }) => html`<${Mark} kind=${{ published: 'green', done: 'amber', failed: 'red' }[plan.state] ?? ''}>${t(`plan_state.${plan.state}`)}</${Mark}>`;

const columns = () => [
    { name: 'id', width: 60, kind: 'figure', title: '#', cell: plan => html`<a href=${href('plans', [plan.id])}>${plan.id}</a>` },
    { name: 'class', width: 120, title: t('class'), cell: plan => html`<a href=${href('plans', [plan.id])}>${t(`class.${plan.class}`)}</a>` },
    { name: 'days', width: 200, title: t('round.days'), cell: plan => `${plan.from_day} – ${lastDay(plan.until_day)}` },
    { name: 'state', width: 110, title: t('case.state'), cell: plan => html`<${Standing} plan=${plan} />` },
    { name: 'stops', width: 110, kind: 'figure', title: t('plan.stops'), cell: plan => count(plan.report?.planned) },
    { name: 'left', width: 110, kind: 'figure', title: t('plan.left_out'), cell: plan => count(plan.left_out) },
    { name: 'way', width: 110, kind: 'figure', title: t('plan.way'), cell: plan => `${kilometres(plan.metres)} km` },
    { name: 'basis', width: 90, title: t('plan.basis'), cell: plan => (plan.basis_id ? html`<a href=${href('plans',
        [plan.basis_id])}>#${plan.basis_id}</a>` : '—') },
    { name: 'made', title: t('plan.made'), cell: plan => moment(plan.created_at) },
];

function List({ query }) {
    const list = answer(path('/v1/plans', { state: query.state, before: after(), limit: 50 }), { slot: 'plans', every: 10_000 });
    return html`<${Page} title=${t('page.plans')} about=${t('plans.about')} wide tools=${may('create_plan') ? html`<button type="button" class="main"
        onClick=${() => openDialog(Create)}>${t('plan.create')}</button>` : ''}>
        <div class="filters"><${Choose} name="state" label=${t('case.state')} value=${query.state} any=${t('all')}
            options=${STATES.map(code => [code, t(`plan_state.${code}`)])} /></div>
        <${Table} of=${list} columns=${columns()} caption=${t('page.plans')} next=${list.body?.next_before} open=${plan => go('plans', [plan.id])}
            nothing=${t('plans.none')} />
    </${Page}>`;
}

export const Plans = ({ route }) => (route.args[0] ? html`<${Plan} id=${Number(route.args[0])} query=${route.query} />`
    : html`<${List} query=${route.query} />`);
