// What went wrong, in words: the server's own where it gave some.
import { html } from '/assets/lib/html.js';
import { NoAnswer, Problem } from '/assets/lib/link.js';
import { t } from '/assets/lib/texts.js';
import { renew } from '../answers.js';

export function problemText(fault) {
    if (fault instanceof NoAnswer) return t('problem.no_answer');
    if (!(fault instanceof Problem)) return t('problem.page', { what: String(fault?.message ?? fault) });
    if (fault.status === 403) return t('problem.forbidden');
    const details = fault.errors.map(one => one.detail).filter(Boolean).join('; ');
    const wait = fault.retryAfter > 0 ? t('problem.wait', { seconds: fault.retryAfter }) : '';
    return [fault.title, details || fault.detail, wait].filter(Boolean).join(' · ');
}

/** In the place of what could not be shown. */
export const Trouble = ({ of }) => html`<div class="trouble" role="alert"><p>${problemText(of.problem)}</p>
    <button type="button" onClick=${() => renew(of.path)}>${t('problem.again')}</button></div>`;
