// One's own account: another password, and a second factor set up or taken away. Each asks for the password again.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { act } from '../answers.js';
import { Code as Scan } from '../charts/qr.js';
import { Card, Facts, Field, Page } from '../frame/parts.js';
import { signOut } from '../session.js';
import { set, state, tell } from '../state.js';

const login = () => state.session.account.login;
const members = event => {
    event.preventDefault();
    return Object.fromEntries(new FormData(event.target));
};

const Password = ({ name = 'password', label = t('sign_in.password'), kind = 'current-password' }) => html`<${Field} label=${label}>
    <input type="password" name=${name} autocomplete=${kind} required /></${Field}>`;
const Digits = ({ name, label, required = true }) => html`<${Field} label=${label}>
    <input name=${name} inputmode="numeric" autocomplete="one-time-code" required=${required} /></${Field}>`;

async function changePassword(event) {
    const form = members(event);
    const request = { login: login(), password: form.password, new_password: form.new_password, second_factor: form.second_factor || undefined };
    if (!(await act('POST', '/v1/auth/password', request))) return;
    // The server has ended every desk of this account, this one too.
    await signOut();
    tell(t('account.changed'));
}

async function enrol(event) {
    const { password } = members(event);
    const secret = await act('POST', '/v1/auth/second-factor/enrol', { login: login(), password });
    if (secret) set({ secret, password });
}

async function confirm(event) {
    const { code } = members(event);
    const done = await act('POST', '/v1/auth/second-factor/confirm', { login: login(), password: state.page.password, code });
    if (done) set({ secret: undefined, password: undefined, codes: done.recovery_codes });
}

async function remove(event) {
    const form = members(event);
    if (!(await act('POST', '/v1/auth/second-factor/remove', { login: login(), password: form.password, second_factor: form.second_factor }))) return;
    event.target.reset();
    tell(t('account.removed'));
}

function Factor() {
    const { secret, codes } = state.page;
    if (codes) return html`<p>${t('sign_in.codes')}</p><ul class="secret">${codes.map(code => html`<li key=${code}>${code}</li>`)}</ul>
        <button type="button" class="main" onClick=${() => set({ codes: undefined })}>${t('sign_in.kept')}</button>`;
    if (secret) {
        return html`<form key="confirm" onSubmit=${confirm}><p>${t('account.add_secret')}</p><p><a href=${secret.uri}>${t('sign_in.open_app')}</a></p>
            <div class="scan"><${Scan} text=${secret.uri} label=${t('sign_in.scan')} /></div>
            <p class="secret">${secret.secret.replace(/(.{4})/g, '$1 ')}</p>
            <${Digits} name="code" label=${t('sign_in.first_code')} /><button type="submit" class="main">${t('account.confirm')}</button></form>`;
    }
    return html`<form key="enrol" onSubmit=${enrol}><p>${t('account.factor_help')}</p><${Password} />
        <button type="submit" class="main">${t('account.enrol')}</button></form>`;
}

export function Account() {
    const { account } = state.session;
    return html`<${Page} title=${t('page.account')}>
        <${Card}><${Facts} rows=${[[t('account.name'), account.name], [t('sign_in.login'), account.login],
            [t('account.role'), t(`role.${account.role}`)]]} /></${Card}>
        <div class="columns"><${Card} title=${t('account.factor')} id="factor"><${Factor} /></${Card}>
        <${Card} title=${t('account.remove')} id="remove"><form onSubmit=${remove}><${Password} /><${Digits} name="second_factor"
            label=${t('sign_in.factor')} /><button type="submit">${t('account.remove')}</button></form></${Card}>
        <${Card} title=${t('account.password')} id="password"><form onSubmit=${changePassword}><${Password} /><${Password} name="new_password"
            label=${t('sign_in.new_password')} kind="new-password" />
            <${Digits} name="second_factor" label=${t('sign_in.factor_if')} required=${false} />
                <button type="submit" class="main">${t('account.password')}</button></form></${Card}></div>
    </${Page}>`;
}
