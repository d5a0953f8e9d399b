// One plan: the board of readers × days beside what was, one day's stops on a map and in order, and making it real.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act, answer, known, path } from '../../answers.js';
import { count, duration, kilometres, lastDay, percent } from '../../format.js';
import { Dialog, closeDialog, openDialog } from '../../frame/dialog.js';
import { Card, Facts, Mark, Once, Page } from '../../frame/parts.js';
import { readerName } from '../../names.js';
import { may } from '../../rights.js';
import { filter, href } from '../../route.js';
import { state, tell } from '../../state.js';
import { currentLanguage } from '/assets/lib/texts.js';
import { Board } from './board.js';
import { DayOfReader } from './day.js';
import { Standing, planAgain } from './plans.js';

const isSearching = plan => plan.state === 'queued' || plan.state === 'running';
export const RENEWS = ['/v1/plans', '/v1/rounds'];

/** What publishing would do, asked of the server before it is done. */
function Publish({ plan, would }) {
    const publish = async () => {
        const done = await act('POST', `/v1/plans/${plan.id}/publish`, { version: plan.version }, { renews: RENEWS });
        if (!done) return;
        closeDialog();
        tell(t('plan.published', { made: done.rounds_made, changed: done.rounds_changed, conflicts: done.conflicts.length }));
    };
    return html`<${Dialog} title=${t('plan.publish')} action=${t('plan.publish')} onSubmit=${publish} wide><p>${t('plan.would')}</p>
        <${Facts} rows=${[[t('plan.rounds_made'), count(would.rounds_made)], [t('plan.rounds_changed'), count(would.rounds_changed)],
            [t('plan.stops_added'), count(would.stops_added)], [t('plan.stops_removed'), count(would.stops_removed)]]} />
        ${would.conflicts.length ? html`<h3>${t('plan.conflicts', { n: would.conflicts.length })}</h3>
            <ul class="stack scroll">${would.conflicts.map(one => html`<li key=${one.service_point_id}><a href=${href('points',
            [one.service_point_id])}>#${one.service_point_id}</a> ${currentLanguage() === 'en' ? one.en : one.zh}</li>`)}</ul>` : ''}</${Dialog}>`;
}

async function askPublish(plan) {
    const would = await act('POST', `/v1/plans/${plan.id}/publish`, { version: plan.version, dry_run: true });
    if (would) openDialog(Publish, { plan, would });
}

const Search = ({ plan }) => html`<${Card} title=${t('plan.searching')} id="search"><progress max=${Math.max(1, plan.steps_total)}
    value=${plan.steps_done} aria-label=${t('plan.searching')}></progress>
    <${Facts} rows=${[[t('plan.steps'), `${count(plan.steps_done)} / ${count(plan.steps_total)}`], [t('plan.left_out'), count(plan.left_out)],
        [t('plan.way'), `${kilometres(plan.metres)} km`]]} />
    ${may('create_plan') ? html`<button type="button" onClick=${() => act('POST', `/v1/plans/${plan.id}/cancel`, undefined,
        { renews: RENEWS })}>${t('plan.cancel')}</button>` : ''}</${Card}>`;

function Report({ plan }) {
    const { report } = plan;
    if (!report) return '';
    const saved = report.nearest_metres ? Math.round((10_000 * (report.nearest_metres - report.metres)) / report.nearest_metres) : undefined;
    const unassigned = report.unassigned.reduce((sum, one) => sum + one.stops, 0);
    return html`<${Card} title=${t('plan.why')} id="why"><${Facts} rows=${[
        [t('plan.given'), count(report.given)], [t('plan.planned'), count(report.planned)],
        [t('plan.unassigned'), unassigned ? html`<a class="number bad" href=${href('plans', [plan.id], { left: 1 })}>${count(unassigned)}</a>` : '0'],
        [t('plan.way'), `${kilometres(report.metres)} km`],
            [t('plan.nearest'), `${kilometres(report.nearest_metres)} km${saved === undefined ? '' : ` (${saved >= 0 ? '−' : '+'}${percent(Math.abs(saved))})`}`],
        [t('plan.work'), duration(report.work_minutes)], [t('plan.busiest'), duration(report.busiest_minutes)],
            [t('plan.idlest'), duration(report.idlest_minutes)],
        [t('plan.same_reader'), `${count(report.same_reader)} / ${count(report.known_last)}`], plan.basis_id && [t('plan.moves'), html`<a class="number" href=${href('plans',
            [plan.id], { moved: 1 })}>${count(report.moves)}</a>`],
        report.guessed_places > 0 && [t('plan.guessed'), count(report.guessed_places)], report.later > 0 && [t('plan.later'), count(report.later)],
    ]} />${report.unassigned.length ? html`<ul class="stack">${report.unassigned.map(one => html`<li key=${one.reason}>
        <${Mark} kind="red">${count(one.stops)}</${Mark}> ${t(`left_out.${one.reason}`)}</li>`)}</ul>` : ''}</${Card}>`;
}

export function Plan({ id, query }) {
    const place = `/v1/plans/${id}`;
    const one = answer(place, { every: isSearching(known(place) ?? { state: 'queued' }) ? 1500 : 0 });
    const plan = one.body;
    const searching = plan && isSearching(plan);
    const rounds = plan && !searching && plan.state !== 'failed' && plan.state !== 'cancelled' ? answer(`/v1/plans/${id}/rounds`) : undefined;
    const mayChange = plan?.state === 'done' && may('create_plan');
    const isList = query.left || query.moved;
    const at = !isList && query.reader && query.day ? { reader: Number(query.reader), day: query.day } : isList ? undefined : rounds?.body?.items[0] && { reader: rounds.body.items[0].reader_id, day: rounds.body.items[0].day };
    const stopsPath = plan && rounds ? path(`/v1/plans/${id}/stops`, isList ? { unassigned: query.left ? true : undefined, moved: query.moved ? true : undefined, limit: 500 } : { reader: at?.reader, day: at?.day, limit: 500 }) : undefined;
    const stops = stopsPath && (isList || at) ? answer(stopsPath, { slot: `stops${id}` }) : undefined;
    state.keys = { Escape: () => filter({ reader: '', day: '', left: '', moved: '' }) };
    return html`<${Page} title=${t('plan.title', { id })} about=${plan
        ? html`${t(`class.${plan.class}`)} · ${plan.from_day} – ${lastDay(plan.until_day)} <${Standing} plan=${plan} />` : ' '} wide
        tools=${plan && may('create_plan') ? html`${plan.state === 'done' ? html`<button type="button" class="main"
            onClick=${() => askPublish(plan)}>${t('plan.publish')}</button>` : ''}${plan.state === 'published'
            ? html`<button type="button" class="main"
            onClick=${() => planAgain(plan)}>${t('plan.again')}</button>` : ''}<a class="button" href=${href('plans')}>${t('page.plans')}</a>` : ''}>
        <${Once} of=${one} lines=${6}>${body => (isSearching(body) ? html`<${Search} plan=${body} />` : body.failure
            ? html`<p class="help bad">${body.failure}</p>` : '')}</${Once}>
        ${rounds ? html`<${Card} title=${t('plan.board')} id="board"><${Once}
            of=${rounds} lines=${8}>${body => html`<${Board} plan=${plan} rounds=${body.items} at=${at} mayChange=${mayChange} stops=${stops?.body?.items ?? []} />`}</${Once}>
            </${Card}>` : ''}
        ${stops ? html`<${DayOfReader} plan=${plan} stops=${stops} mayChange=${mayChange} rounds=${rounds?.body?.items ?? []}
            title=${query.left ? t('plan.unassigned') : query.moved ? t('plan.moves') : `${readerName(at.reader)} · ${at.day}`} isOrdered=${!isList} />` : ''}
        ${plan ? html`<${Report} plan=${plan} />` : ''}
    </${Page}>`;
}
