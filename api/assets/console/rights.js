// Who may do what, as far as a page must know before it offers it. The server decides; this only spares people a refusal.
import { state } from './state.js';

const DISPATCH = ['dispatcher', 'admin'];
const ANALYSE = ['analyst', 'admin'];
const DESKS = ['dispatcher', 'analyst', 'admin'];
const ALL = ['dispatcher', 'analyst', 'cashier', 'admin'];

/** Operations by their names in the contract. */
const RIGHTS = {
    list_cases: ALL, decide_case: DESKS, get_coverage: ALL, get_month_report: ALL, list_rules: ALL,
    run_rule_lab: ANALYSE, adopt_lab_run: ['admin'], close_period: ANALYSE, get_integrity: ANALYSE, list_appraisals: DESKS,
    publish_appraisals: DISPATCH, list_objections: DISPATCH, answer_objection: DISPATCH,
    create_plan: DISPATCH, create_round: DISPATCH, set_window: DISPATCH, create_appointment: DISPATCH, create_absence: DISPATCH,
    list_devices: DISPATCH, list_accounts: DISPATCH, list_quarantine: DISPATCH, explain_gaps: DISPATCH,
    stream_events: DESKS, list_anomaly_lists: ALL, make_anomaly_lists: ANALYSE, open_anomaly_case: DESKS, train_anomaly_model: ANALYSE,
    switch_anomaly_model: ['admin'], decide_time_review: DESKS, decide_hazard: DISPATCH, decide_found_change: DESKS,
};

export const may = operation => (RIGHTS[operation] ?? []).includes(state.session?.account.role ?? '');
export const isDesk = role => ALL.includes(role);
