// A question over the page. The browser's own dialog keeps the focus inside and gives Escape its meaning.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { Component, createRef } from '/assets/vendor/preact.js';
import { draw, state } from '../state.js';

export function openDialog(view, props = {}) {
    // What went wrong before is not this dialog's.
    state.notice = undefined;
    state.dialog = { view, props, from: document.activeElement };
    draw();
}

export function closeDialog() {
    const { from } = state.dialog ?? {};
    state.dialog = undefined;
    draw();
    if (from instanceof HTMLElement) queueMicrotask(() => from.isConnected && from.focus());
}

/** The frame of a dialog. `onSubmit` gets the form's members by name. */
export class Dialog extends Component {
    place = createRef();

    componentDidMount() {
        this.place.current.showModal();
    }

    submit(event) {
        event.preventDefault();
        const { onSubmit } = this.props;
        onSubmit?.(Object.fromEntries(new FormData(event.target)));
    }

    render({ title, children, action, danger, busy, wide, onSubmit }) {
        return html`<dialog ref=${this.place} class=${wide ? 'wide' : ''} aria-labelledby="dialog-title" onClose=${() => state.dialog && closeDialog()}>
            <form method="dialog" onSubmit=${event => this.submit(event)}
                onKeyDown=${event => event.key === 'Enter' && (event.ctrlKey || event.metaKey) && event.currentTarget.requestSubmit()}>
                <h2 id="dialog-title">${title}</h2>
                ${children}
                ${state.notice?.alarm ? html`<p class="trouble" role="alert">${state.notice.text}</p>` : ''}
                <div class="actions">
                    <button type="button" onClick=${closeDialog}>${onSubmit ? t('dialog.cancel') : t('dialog.close')}</button>
                    ${onSubmit ? html`<button type="submit" class=${danger ? 'danger' : 'main'} disabled=${busy}>${action}</button>` : ''}
                </div>
            </form>
        </dialog>`;
    }
}

/** Why: a text of at most 1,000 characters, kept with the decision. */
export const Reason = ({ value = '', label }) => html`<label class="field"><span>${label ?? t('dialog.reason')}</span>
    <textarea name="reason" rows="3" maxlength="1000" required autofocus>${value}</textarea><small>${t('dialog.send_by')}</small></label>`;

/** A decision that takes no more than its reason. */
export function Decide({ title, about, action, danger, onDecide, reason }) {
    return html`<${Dialog} title=${title} action=${action} danger=${danger} onSubmit=${async form => {
        if (await onDecide(form.reason)) closeDialog();
    }}>${about ? html`<p>${about}</p>` : ''}<${Reason} value=${reason} /></${Dialog}>`;
}

/** Yes or no. */
export const Confirm = ({ title, about, action, danger, onConfirm }) => html`<${Dialog} title=${title} action=${action} danger=${danger}
    onSubmit=${async () => {
    if (await onConfirm()) closeDialog();
}}><p>${about}</p></${Dialog}>`;
