// The pages by the names they have in the address.
import { Account } from './account.js';
import { Appraisals } from './appraisals.js';
import { Calendar } from './calendar.js';
import { Cases } from './cases/cases.js';
import { OneCase } from './cases/one_case.js';
import { Coverage } from './coverage.js';
import { Daily } from './daily.js';
import { Decisions } from './decisions.js';
import { Devices } from './devices.js';
import { Gaps } from './gaps.js';
import { Integrity } from './integrity.js';
import { Lab } from './lab.js';
import { Meter } from './meter.js';
import { Month } from './month.js';
import { Next } from './next.js';
import { Overview } from './overview.js';
import { Plans } from './plans/plans.js';
import { Points } from './points.js';
import { Quarantine } from './quarantine.js';
import { Readers } from './readers.js';
import { Rounds } from './rounds.js';
import { Rules } from './rules.js';
import { Suspects } from './suspects.js';
import { Unseen } from './unseen.js';

export const PAGES = {
    overview: Overview, cases: Cases, case: OneCase, suspects: Suspects, meters: Meter, points: Points, coverage: Coverage, unseen: Unseen, next: Next,
    plans: Plans, rounds: Rounds, calendar: Calendar, devices: Devices, quarantine: Quarantine, gaps: Gaps, decide: Decisions,
    daily: Daily, month: Month, rules: Rules, lab: Lab, integrity: Integrity, appraisals: Appraisals, account: Account, readers: Readers,
};
