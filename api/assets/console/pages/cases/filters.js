// Which cases: the filters stand in the address, so that a link, a bookmark or a saved view is a filter.
import { html } from '/assets/lib/html.js';
import { currentLanguage, t } from '/assets/lib/texts.js';
import { answer, download, path } from '../../answers.js';
import { Choose } from '../../frame/parts.js';
import { ROWS, after } from '../../frame/table.js';
import { areaOptions, desks, readerOptions, routeOptions } from '../../names.js';
import { filter, href } from '../../route.js';
import { draw, state } from '../../state.js';
import { named } from '../../words.js';

const KINDS = ['failed', 'slow', 'fast', 'zero', 'reading', 'register', 'purchase', 'use'];
const STATES = ['live', 'open', 'confirmed', 'in_work', 'dismissed', 'resolved'];
const MEMBERS = ['state', 'kind', 'rule', 'meter', 'area', 'route', 'reader', 'assignee', 'stake_from', 'older_than_days', 'overdue', 'sort'];

/** The filter as the server takes it; those to be worked, the most at stake first, unless told. */
export function wanted() {
    const { query } = state.route;
    const given = Object.fromEntries(MEMBERS.map(name => [name, query[name]]));
    return { ...given, state: query.state === 'all' ? undefined : query.state ?? 'live', sort: query.sort ?? 'stake', overdue: query.overdue === 'true' ? true : undefined };
}
export const listPath = () => path('/v1/cases', { ...wanted(), after: after(), limit: ROWS });

const PLACE = 'meterbook-case-views';
const views = () => {
    try {
        return JSON.parse(localStorage.getItem(PLACE) ?? '[]');
    } catch {
        return [];
    }
};
const keepViews = list => {
    localStorage.setItem(PLACE, JSON.stringify(list));
    draw();
};

function saveView(event) {
    event.preventDefault();
    const name = String(new FormData(event.target).get('name')).trim();
    if (!name) return;
    const { at, after: place, ...query } = state.route.query;
    keepViews([...views().filter(view => view.name !== name), { name, query }]);
    event.target.reset();
    event.target.closest('details').open = false;
}

/** Filters with a name, on this machine; the link itself can be given to anybody. */
const Views = () => html`<div class="views">
    ${views().map(view => html`<span key=${view.name} class="chip"><a href=${href('cases', [], view.query)}>${view.name}</a>
        <button type="button" aria-label=${t('view.forget', { name: view.name })}
            onClick=${() => keepViews(views().filter(one => one.name !== view.name))}>×</button></span>`)}
    <details class="drop"><summary>${t('view.save')}</summary><form onSubmit=${saveView}>
        <label>${t('view.name')} <input name="name" maxlength="40" required /></label><button type="submit">${t('view.keep')}</button></form>
        </details>
</div>`;

const file = format => download(path('/v1/cases/export', { ...wanted(), format, lang: currentLanguage() }), `cases.${format}`);

export function Filters() {
    const { query } = state.route;
    const rules = answer('/v1/rules').body?.items ?? [];
    const ofKind = rules.filter(rule => rule.severity !== 'note' && (!query.kind || rule.kind === query.kind));
    return html`<div class="filters" role="group" aria-label=${t('filters')}>
        <${Choose} name="state" label=${t('case.state')} value=${query.state ?? 'live'} options=${[...STATES.map(code => [code, t(`state.${code}`)]),
            ['all', t('all')]]} />
        <${Choose} name="kind" label=${t('case.kind')} value=${query.kind} any=${t('all')} options=${KINDS.map(code => [code, t(`kind.${code}`)])} />
        <${Choose} name="rule" label=${t('case.rule')} value=${query.rule} any=${t('all')}
            options=${ofKind.map(rule => [rule.code, named('rule', rule.code)])} />
        <${Choose} name="area" label=${t('area')} value=${query.area} any=${t('all')} options=${areaOptions()} />
        <${Choose} name="route" label=${t('route')} value=${query.route} any=${t('all')} options=${routeOptions()} />
        <${Choose} name="reader" label=${t('reader')} value=${query.reader} any=${t('all')} options=${readerOptions()} />
        <${Choose} name="assignee" label=${t('case.assignee')} value=${query.assignee} any=${t('all')} options=${[[0, t('case.nobody')],
            [state.session.account.id, t('case.me')], ...desks().filter(desk => desk.id !== state.session.account.id).map(desk => [desk.id, desk.name])]} />
        <label class="choose"><span>${t('case.stake_from')}</span><input type="number" min="0" step="1"
            value=${query.stake_from ? Number(query.stake_from) / 1000 : ''}
            onChange=${event => filter({ stake_from: event.target.value ? Math.round(event.target.value * 1000) : '' })} /></label>
        <label class="tick"><input type="checkbox" checked=${query.overdue === 'true'}
            onChange=${event => filter({ overdue: event.target.checked ? 'true' : '' })} /> ${t('case.overdue')}</label>
        <${Choose} name="sort" label=${t('sort')} value=${query.sort ?? 'stake'}
            options=${['stake', 'age', 'id'].map(code => [code, t(`sort.${code}`)])} />
        <span class="tools"><a class="button bare" href=${href('cases')}>${t('filters.none')}</a><button type="button"
            onClick=${() => file('xlsx')}>XLSX</button><button type="button" onClick=${() => file('csv')}>CSV</button></span>
        <${Views} /></div>`;
}
