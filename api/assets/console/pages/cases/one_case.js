// One case by itself: what a link in a message opens.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { answer } from '../../answers.js';
import { Page } from '../../frame/parts.js';
import { may } from '../../rights.js';
import { go, href } from '../../route.js';
import { state } from '../../state.js';
import { assign, decide } from './decide.js';
import { CaseFile } from './file.js';

export function OneCase({ route }) {
    const [id] = route.args;
    const one = answer(`/v1/cases/${id}`).body?.case;
    if (one) {
        const act = to => () => decide([one], to);
        state.keys = { m: () => go('meters',
            [one.meter_id]), ...(may('decide_case') ? { c: act('confirmed'), d: act('dismissed'), w: act('in_work'), r: act('resolved'), a: () => assign([one]) } : {}) };
    }
    return html`<${Page} title=${t('case.title', { id })} tools=${html`<a class="button" href=${href('cases')}>${t('page.cases')}</a>`}>
        <section class="card"><${CaseFile} id=${id} full /></section></${Page}>`;
}
