// What stands around every page: where one can go, who one is, in which language and light.
import { html } from '/assets/lib/html.js';
import { currentLanguage, t } from '/assets/lib/texts.js';
import { PLACES } from '../keys.js';
import { may } from '../rights.js';
import { go, href } from '../route.js';
import { signOut } from '../session.js';
import { chooseLanguage, light, nextLight } from '../settings.js';
import { state } from '../state.js';
import { Icon } from './icons.js';
import { Dialog, openDialog } from './dialog.js';

/** Pages by group: name and the operation one must be allowed. @type {[string, string[][]][]} */
const GROUPS = [
    ['today', [['overview', 'get_coverage'], ['points', 'get_coverage']]],
    ['analyse', [['cases', 'list_cases'], ['suspects', 'list_anomaly_lists'], ['coverage', 'get_coverage'], ['rules', 'list_rules'], ['integrity', 'get_integrity']]],
    ['dispatch', [['unseen', 'get_coverage'], ['plans', 'create_plan'], ['rounds', 'create_round'], ['calendar', 'get_coverage'],
        ['readers', 'create_plan'], ['devices', 'list_devices']]],
    ['settle', [['quarantine', 'list_quarantine'], ['gaps', 'get_coverage'], ['decide', 'decide_found_change']]],
    ['report', [['daily', 'get_month_report'], ['month', 'get_month_report'], ['appraisals', 'list_appraisals']]],
];
/** Pages that stand below another in the menu. */
const BELOW = { meters: 'points', next: 'unseen', lab: 'rules', case: 'cases' };

const letterOf = name => Object.entries(PLACES).find(([, place]) => place === name)?.[0];

function Menu() {
    const at = BELOW[state.route.name] ?? state.route.name;
    return html`<nav class="menu" aria-label=${t('menu')}>
        <a class="brand" href=${href('overview')}><img src="/console/icon.svg" alt="" width="28" height="28" /><b>${t('app')}</b></a>
        ${GROUPS.map(([group, pages]) => {
            const open = pages.filter(([, operation]) => may(operation));
            return open.length === 0 ? '' : html`<div key=${group}><h2>${t(`group.${group}`)}</h2>${open.map(([name]) => html`
                <a key=${name} href=${href(name)} aria-current=${name === at ? 'page' : undefined}>
                    <${Icon} name=${name === 'integrity' ? 'search' : name} /><span>${t(`page.${name}`)}</span></a>`)}</div>`;
        })}
    </nav>`;
}

function Bar() {
    const { account } = state.session ?? { account: { name: '', role: '' } };
    const search = event => {
        event.preventDefault();
        const words = String(new FormData(event.target).get('search')).trim();
        if (words) go('points', [], { search: words });
    };
    return html`<header class="topbar">
        <form role="search" onSubmit=${search}><label class="unseen-text" for="search-all">${t('search')}</label><${Icon} name="search" />
            <input id="search-all" type="search" name="search" placeholder=${t('search.hint')} autocomplete="off" /><kbd aria-hidden="true">/</kbd>
                </form>
        <span class="space"></span>
        <button type="button" class="bare" onClick=${() => openDialog(Help)}><kbd>?</kbd><span class="wide-only">${t('keys')}</span></button>
        <button type="button" class="bare" onClick=${nextLight} title=${t('light')}><${Icon} name="light" /><span>${t(`light.${light()}`)}</span>
            </button>
        <${Language} />
        <a class="who" href=${href('account')}><b>${account.name}</b><small>${t(`role.${account.role}`)}</small></a>
        <button type="button" class="bare" onClick=${signOut}>${t('sign_out')}</button>
    </header>`;
}

export const Language = () => {
    const other = currentLanguage() === 'zh' ? 'en' : 'zh';
    return html`<button type="button" class="bare" lang=${other === 'zh' ? 'zh-CN' : 'en'}
        onClick=${() => chooseLanguage(other)}>${other === 'zh' ? '中文' : 'English'}</button>`;
};

const COMMON_KEYS = [['/', 'key.search'], ['?', 'key.help'], ['n', 'key.next_page'], ['b', 'key.page_before'], ['j k', 'key.rows'],
    ['Enter', 'key.open']];
const CASE_KEYS = [['c', 'key.confirm'], ['d', 'key.dismiss'], ['w', 'key.work'], ['r', 'key.resolve'], ['a', 'key.assign'], ['x', 'key.mark'],
    ['m', 'key.meter']];
const Keys = ({ rows }) => html`<dl class="keys">${rows.map(([key, text]) => html`<div key=${key}>
    <dt>${key.split(' ').map(one => html`<kbd key=${one}>${one}</kbd>`)}</dt><dd>${t(text)}</dd></div>`)}</dl>`;

/** Every key there is. */
export const Help = () => html`<${Dialog} title=${t('keys')} wide>
    <div class="columns"><div><h3>${t('keys.all')}</h3><${Keys} rows=${COMMON_KEYS} /><h3>${t('keys.cases')}</h3><${Keys} rows=${CASE_KEYS} /></div>
    <div><h3>${t('keys.go')}</h3><dl class="keys">${Object.values(PLACES).map(name => html`<div key=${name}><dt><kbd>g</kbd>
        <kbd>${letterOf(name)}</kbd></dt><dd>${t(`page.${name}`)}</dd></div>`)}</dl></div></div>
</${Dialog}>`;

export const Shell = ({ children }) => html`<a class="skip" href="#main" onClick=${event => {
    event.preventDefault();
    document.getElementById('main')?.focus();
}}>${t('skip')}</a>
    <div class="shell"><${Menu} /><div class="right"><${Bar} /><main id="main" tabindex="-1">${children}</main></div></div>`;

export const Notice = () => {
    const { notice } = state;
    return html`<div class="notices" aria-live=${notice?.alarm ? 'assertive' : 'polite'} role=${notice?.alarm ? 'alert' : 'status'}>
        ${notice && !(notice.alarm && state.dialog) ? html`<p class=${notice.alarm ? 'alarm' : ''}>${notice.text}</p>` : ''}</div>`;
};
