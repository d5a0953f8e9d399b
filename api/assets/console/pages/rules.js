// The rules behind the verdicts: what each means, what to do, and how often it was right.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { answer } from '../answers.js';
import { count, percent } from '../format.js';
import { Choose, Count, Mark, Page } from '../frame/parts.js';
import { Table } from '../frame/table.js';
import { may } from '../rights.js';
import { href } from '../route.js';
import { named } from '../words.js';

const listed = (rule, state) => href('cases', [], { state, rule: rule.code });

const columns = chosen => [
    { name: 'rule', width: 200, title: t('case.rule'), cell: rule => html`<a href=${href('rules',
        [], { rule: rule.code === chosen ? '' : rule.code })} aria-expanded=${String(rule.code === chosen)}>${named('rule', rule.code)}</a>
        <span class="line quiet"><code>${rule.code}</code></span>` },
    { name: 'kind', width: 110, title: t('case.kind'), cell: rule => html`<${Mark} kind=${`kind-${rule.kind}`}>${t(`kind.${rule.kind}`)}</${Mark}>` },
    { name: 'severity', width: 90, title: t('rule_severity'), cell: rule => t(`rule_severity.${rule.severity}`) },
    { name: 'what', title: t('case.what_to_do'), cell: rule => html`${rule.help}${rule.code === chosen ? html`<span class="line">
        <b>${t('rules.says')}</b> ${rule.reason}</span><span class="line quiet">${rule.source}</span>` : ''}` },
    { name: 'live', width: 80, kind: 'figure', title: t('state.live'), cell: rule => html`<${Count} n=${rule.live} to=${listed(rule, 'live')}
        label=${named('rule', rule.code)} />` },
    { name: 'opened', width: 80, kind: 'figure', title: t('rules.opened'), cell: rule => html`<${Count} n=${rule.opened} to=${listed(rule, 'all')}
        label=${named('rule', rule.code)} />` },
    { name: 'right', width: 130, title: t('rules.right'), cell: rule => (rule.upheld_bp === undefined || rule.upheld_bp === null
        ? html`<span class="quiet">${t('rules.undecided')}</span>` : html`<b>${percent(rule.upheld_bp)}</b><span class="line quiet">${t('rules.of',
        { upheld: count(rule.upheld), refuted: count(rule.refuted) })}</span>`) },
];

export function Rules({ route }) {
    const rules = answer('/v1/rules', { every: 60_000 });
    const { kind, rule: chosen } = route.query;
    const shown = rules.body?.items.filter(rule => !kind || rule.kind === kind);
    const kinds = [...new Set((rules.body?.items ?? []).map(rule => rule.kind))];
    return html`<${Page} title=${t('page.rules')} about=${t('rules.about')} wide tools=${may('run_rule_lab')
        ? html`<a class="button main" href=${href('lab')}>${t('page.lab')}</a>` : ''}>
        <div class="filters"><${Choose} name="kind" label=${t('case.kind')} value=${kind} any=${t('all')}
            options=${kinds.map(code => [code, t(`kind.${code}`)])} /></div>
        <${Table} of=${rules} items=${shown} id=${rule => rule.code} columns=${columns(chosen)} caption=${t('page.rules')} current=${chosen} />
    </${Page}>`;
}
