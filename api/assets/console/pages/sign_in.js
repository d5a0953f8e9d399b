// Signing in, with all that may stand in the way: a second factor, setting one up, an expired password.
import { html } from '/assets/lib/html.js';
import { NoAnswer, Problem, ask } from '/assets/lib/link.js';
import { t } from '/assets/lib/texts.js';
import { Code as Scan } from '../charts/qr.js';
import { Field } from '../frame/parts.js';
import { problemText } from '../frame/problem.js';
import { Language } from '../frame/shell.js';
import { isDesk } from '../rights.js';
import { signIn, signOut } from '../session.js';
import { set, state } from '../state.js';

/** Answers that are steps. */
const STEPS = { second_factor_needed: 'factor', enrolment_needed: 'enrol', password_expired: 'expired' };

async function attempt(work) {
    set({ busy: true, fault: '' });
    try {
        await work();
        set({ busy: false });
    } catch (fault) {
        const step = fault instanceof Problem && STEPS[fault.code];
        set({ busy: false, fault: step ? '' : problemText(fault instanceof Problem ? fault : new NoAnswer()) });
        if (!step) return;
        set({ step });
        setTimeout(() => /** @type {HTMLElement | null} */ (document.querySelector('[autofocus]'))?.focus(), 50);
        if (step === 'enrol') await attempt(enrol);
    }
}

async function enrol() {
    const { login, password } = state.page;
    const { body } = await ask('POST', '/v1/auth/second-factor/enrol', { json: { login, password } });
    set({ secret: body });
}

async function confirm(code) {
    const { login, password } = state.page;
    const { body } = await ask('POST', '/v1/auth/second-factor/confirm', { json: { login, password, code } });
    // The code that confirmed is spent: the next one signs in.
    set({ step: 'codes', codes: body.recovery_codes });
}

function submit(event) {
    event.preventDefault();
    const form = Object.fromEntries(new FormData(event.target));
    const { step, login, password } = { ...state.page, ...form };
    Object.assign(state.page, { login, password });
    if (step === 'enrol') return attempt(() => confirm(form.code));
    if (step === 'codes') return set({ step: 'factor', codes: undefined });
    if (step === 'expired') {
        return attempt(async () => {
            await ask('POST', '/v1/auth/password',
                { json: { login, password, new_password: form.new_password, second_factor: form.second_factor || undefined } });
            set({ password: form.new_password, step: undefined });
            await signIn(login, form.new_password, '');
        });
    }
    return attempt(() => signIn(login, password, form.second_factor));
}

const Code = ({ name, label, help, autofocus = true }) => html`<${Field} label=${label} help=${help}>
    <input name=${name} inputmode="numeric" autocomplete="one-time-code" required=${autofocus} autofocus=${autofocus} /></${Field}>`;

function Step() {
    const { step, secret, codes, login, password } = state.page;
    if (step === 'factor') return html`<${Code} name="second_factor" label=${t('sign_in.factor')} help=${t('sign_in.factor_help')} />`;
    if (step === 'enrol') {
        return html`<p>${t('sign_in.enrol')}</p>${secret ? html`<p><a href=${secret.uri}>${t('sign_in.open_app')}</a></p><div class="scan">
            <${Scan} text=${secret.uri} label=${t('sign_in.scan')} /></div><p class="secret">${secret.secret.replace(/(.{4})/g, '$1 ')}</p>` : ''}
            <${Code} name="code" label=${t('sign_in.first_code')} />`;
    }
    if (step === 'codes') return html`<p>${t('sign_in.codes')}</p><ul class="secret">${codes.map(code => html`<li key=${code}>${code}</li>`)}</ul>`;
    if (step === 'expired') {
        return html`<p>${t('sign_in.expired')}</p><${Field} label=${t('sign_in.new_password')}>
            <input type="password" name="new_password" autocomplete="new-password" required autofocus /></${Field}>
            <${Code} name="second_factor" label=${t('sign_in.factor_if')} autofocus=${false} />`;
    }
    return html`<${Field} label=${t('sign_in.login')}><input name="login"
        value=${login ?? ''} autocomplete="username" autocapitalize="none" spellcheck=${false} required autofocus /></${Field}>
        <${Field} label=${t('sign_in.password')}><input type="password" name="password"
            value=${password ?? ''} autocomplete="current-password" required /></${Field}>`;
}

export function SignIn() {
    const { fault, busy, step } = state.page;
    if (state.session && !isDesk(state.session.account.role)) {
        return html`<main class="door"><div><h1>${t('app')}</h1><p>${t('sign_in.not_a_desk')}</p>
            <p><a class="button" href="/app/">${t('sign_in.phone')}</a> <button type="button" onClick=${signOut}>${t('sign_out')}</button></p></div>
                </main>`;
    }
    return html`<main class="door"><form onSubmit=${submit}>
        <header><img src="/console/icon.svg" alt="" width="44" height="44" /><div><h1>${t('app')}</h1><p>${t('app.about')}</p></div></header>
        <${Step} />
        <p class="fault" role="alert">${fault ?? ''}</p>
        <button type="submit" class="main" disabled=${busy}>${busy ? t('wait') : step === 'codes' ? t('sign_in.kept') : step ? t('sign_in.on') : t('sign_in.go')}</button>
        ${step ? html`<button type="button" class="bare"
            onClick=${() => set({ step: undefined, secret: undefined, fault: '' })}>${t('sign_in.again')}</button>` : ''}
        <footer><${Language} /></footer>
    </form></main>`;
}
