// The app's rules without a browser: figures as they are typed, the check at the door against the vectors of DOMAIN 4, the rounds.
import { deepStrictEqual as same, ok } from 'node:assert';
import { pathToFileURL } from 'node:url';

const from = name => import(pathToFileURL(`${process.env.METERBOOK_ASSETS}/phone/${name}.js`));
const { amountOf, emptyFigure, isComplete, press, shown, wheelsOf } = await from('dial');
const { bandOf, look, needsProof } = await from('door');
const { emptyFigures, follow, formFault } = await from('entry');
const { readInvitation } = await from('invitation');
const { apply, count, masked, nextPromise, ordered, owedToTarget, promisedToday, scanned, search, standing } = await from('rounds');

const typed = (figure, keys) => [...keys].reduce((now, key) => press(now, key), figure);
const household = { digits_integer: 5, digits_decimal: 3, resolution: 1000, three_figures: false };

// A dial: black wheels must all be read, red ones may be.
same(wheelsOf(household), { black: 5, red: 3, needed: 0 });
const dial = emptyFigure('dial', household);
same([amountOf(typed(dial, '0103')), amountOf(typed(dial, '01030')), amountOf(typed(dial, '010305')), amountOf(typed(dial, '01030567'))], [undefined, 1_030_000, 1_030_500, 1_030_567]);
same(amountOf(typed(dial, '010305679')), 1_030_567, 'one key too many changes nothing');
same(amountOf(press(typed(dial, '01030'), 'back')), undefined);
same(amountOf(typed(press(typed(dial, '01030'), { at: 2 }), '9')), 1_930_000);
// From the right, as some read: the fast wheel first.
same(amountOf(typed(emptyFigure('dial', household, true), '03010')), 1_030_000);
const fine = { ...household, resolution: 1 };
same([isComplete(typed(emptyFigure('dial', fine), '01030')), isComplete(typed(emptyFigure('dial', fine), '01030567'))], [false, true]);
// Cumulative and balance: plain numbers, exact.
same(amountOf(typed(emptyFigure('volume'), '8880.1')), 8_880_100);
same(amountOf(typed(emptyFigure('money'), '1600.05')), 160_005);
same(amountOf(typed(emptyFigure('volume'), '0.1234')), 123, 'a fourth decimal is not taken');
same(amountOf(press(typed(emptyFigure('money'), '75'), '-')), -7_500);
same(amountOf(emptyFigure('volume')), undefined);
same([shown('dial', 1_030_000, household), shown('dial', 1_030_567, household), shown('volume', 8_880_100), shown('money', -7_500)], ['01030', '01030.567', '8880.1', '-¥75.00']);

// The band on the dial, with and without the wrap.
const banded = { ...household, band_low: 62_050_000, band_high: 62_300_000, possible_above: 4_700_000 };
same(['62050', '62300', '62301', '67000', '67001', '60150'].map(m3 => bandOf(banded, Number(m3) * 1000)), ['in', 'in', 'out', 'out', 'beyond', 'beyond']);
const wrapping = { ...household, band_low: 99_980_000, band_high: 43_000, possible_above: 4_957_000 };
same([99_980, 15, 43, 44, 5_001, 99_979].map(m3 => bandOf(wrapping, m3 * 1000)), ['in', 'in', 'in', 'out', 'beyond', 'beyond']);
same(bandOf(household, 1_000), 'unknown');

// DOMAIN 4: 99,980 → 00,015 is a rollover, nothing to ask; 62,000 → 60,150 is a misread: look at the wheel, the figure is not told.
same(look(wrapping, { index: 15_000 }), []);
const misread = look(banded, { index: 60_150_000 });
same(misread, [{ figure: 'index', why: 'beyond', wheels: [2] }]);
ok(!JSON.stringify(misread).includes('62'), 'never what to type');

// DOMAIN 4, three figures (p = r = 1 m³; last 8,420 / 8,395 / 310; purchases 500), by their relations alone.
const shop = {
    digits_integer: 6, digits_decimal: 2, resolution: 1000, three_figures: true, balance_unit: 'volume', balance_per_m3: 1000,
    index_ahead: 25_000, index_ahead_tolerance: 5_000, account_sum: 9_205_000_000, account_tolerance: 2_000_000, purchases_known: true,
    band_low: 8_600_000, band_high: 9_400_000, possible_above: 10_600_000,
};
const three = (m, e, b) => ({ index: m * 1000, cumulative: e * 1000, balance: b * 1000 });
const places = (...figures) => look(shop, three(...figures)).map(place => [place.figure, place.wheels.join()].filter(Boolean).join(':'));
for (const [figures, expected] of [
    [[8_905, 8_880, 325], []],                       // all hold
    [[8_905, 8_802, 403], ['index']],                // slow_electronic
    [[8_905, 8_395, 810], ['index']],                // failed_electronic
    [[8_420, 8_880, 325], ['index']],                // failed_index
    [[8_905, 325, 8_880], ['order']],                // swapped_figures
    [[8_905, 8_880, 825], ['balance']],              // topup_unknown
    [[8_905, 8_880, 25], ['balance']],               // purchase_not_loaded
    [[8_950, 8_880, 325], ['index:5,6']],            // misread_suspect: two wheels swapped, counted from the left of 008950
    [[8_705, 8_880, 325], ['index:4']],              // fast_electronic
    [[8_905, 8_830, 325], ['cumulative']],           // the cumulative alone explains both
    [[8_905, 8_880, -75], ['balance', 'balance']],   // below zero
]) same(places(...figures), expected, figures.join('/'));
// Purchases nobody knows of may have been made; a balance that fell too far can't be explained by one.
const unknown = { ...shop, purchases_known: false, account_sum: 8_705_000_000 };
same(look(unknown, three(8_905, 8_880, 325)), []);
same(look(unknown, three(8_905, 8_880, -400)).map(place => place.why), ['account', 'negative']);
// Money: ¥3.20 a m³, ¥992 and ¥1,600 paid, 485 m³ used.
const money = { ...shop, balance_unit: 'money', balance_per_m3: 320, account_sum: 1000 * (99_200 + 160_000) + 320 * 8_395_000, account_tolerance: 642_000 };
same(look(money, { index: 8_905_000, cumulative: 8_880_000, balance: 104_000 }), []);
same(look(money, { index: 8_905_000, cumulative: 8_880_000, balance: 264_000 }).map(place => place.figure), ['balance']);

// The course of an entry: blind, again blind, then where to look; twice the same is taken.
const bad = { index: 60_150_000 };
const first = follow(undefined, banded, bad);
same([first.step, first.told], ['again', false]);
same(follow(bad, banded, { index: 62_150_000 }), { step: 'save', confirmed: false });
same(follow(bad, banded, { index: 61_150_000 }).told, true);
same((({ step, proof }) => [step, proof])(follow(bad, banded, bad)), ['decide', true]);
same(needsProof(banded, { index: 63_000_000 }), false);
const figures = emptyFigures(shop, false);
const none = { displayFault: false, photos: 0 };
same(formFault(shop, figures, none), 'missing');
const two = { ...figures, index: typed(figures.index, '008905'), cumulative: typed(figures.cumulative, '8880') };
same([formFault(shop, two, none), formFault(shop, two, { displayFault: true, photos: 0 }), formFault(shop, two, { displayFault: true, photos: 1 })], ['missing', 'photo_needed', undefined]);

// Rounds: the order of the contract; what counts; what the target needs.
const stop = (id, position, more) => ({ id, position, state: 'open', class: 'residential_indoor', ...more });
const page = more => ({ cursor: 'c', epoch: 'e', more: false, reset: false, removed: [], rounds: [], changed_rounds: [], removed_stops: [], stops: [], ...more });
let held = apply(new Map(), page({ reset: true, rounds: [{ id: 1, name: 'one', stops: [stop(7, 1), stop(8, 2)] }, { id: 2, stops: [] }] }));
held = apply(held, page({
    removed: [{ round_id: 2 }], changed_rounds: [{ id: 1, name: 'uno', reason: 'visited' }, { id: 9, name: 'x' }],
    removed_stops: [{ round_id: 1, stop_id: 8 }], stops: [{ round_id: 1, stop: stop(9, 0) }, { round_id: 5, stop: stop(1, 1) }],
}));
same([...held.values()], [{ id: 1, name: 'uno', stops: [stop(9, 0), stop(7, 1)] }]);
let threw = false;
try {
    apply(held, { ...page(), stops: undefined });
} catch {
    threw = true;
}
ok(threw, 'of a page that is not whole nothing is applied');
const walk = { stops: [stop(1, 1, { learned_position: 3 }), stop(2, 2, { learned_position: 1 }), stop(3, 3)] };
same(['office', 'office_reverse', 'learned', 'learned_reverse'].map(order => ordered(walk, order).map(one => one.id).join('')), ['123', '321', '213', '312']);
same([standing(stop(1, 1)), standing(stop(1, 1), [{ kind: 'reading', outcome: 'rejected' }]), standing(stop(1, 1), [{ kind: 'attempt' }]),
    standing(stop(1, 1), [{ kind: 'attempt' }, { kind: 'reading', outcome: 'accepted' }])], ['open', 'refused', 'no_access', 'read']);
same(count(walk.stops, one => (one.id === 1 ? 'read' : 'open')), { all: 3, read: 1, no_access: 0, open: 2, refused: 0, left: 2 });
const targets = owedToTarget(walk.stops, one => (one.id === 1 ? 'read' : 'open'), [{ class: 'residential_indoor', target_bp: 7_000, period: 'quarter' }, { class: 'commercial', target_bp: 10_000, period: 'month' }]);
same(targets.map(row => [row.class, row.needed, row.missing]), [['residential_indoor', 3, 2]]);
same(search([stop(1, 1, { address: '锦绣路 1 号', meter: { number: '00-177' }, service_point_number: 'H1' })], '00177').length, 1);
const metered = number => stop(number, 1, { meter: { number: String(number) } });
same(['30551077', 'MAKER 30551077/G4', '1077', 'nothing'].map(code => scanned([metered(30551077), metered(1077)], code).map(one => one.id).join()), ['30551077', '30551077', '30551077,1077', '']);
same([masked('王小明'), masked('李'), masked(undefined)], ['王＊＊', '李＊', '']);

// Agreed times: today's, the earliest first; kept by a visit at that time or a reading, not by an attempt made before.
const at = (day, hour) => new Date(2026, 2, day, hour).toISOString();
const promise = (day, hour) => ({ from_at: at(day, hour), until_at: at(day, hour + 1) });
const promised = [stop(1, 2, { appointments: [promise(24, 8), promise(24, 15), promise(25, 9)] }), stop(2, 1, { appointments: [promise(24, 11)] }), stop(3, 3)];
const today = (standingOf, tried = -Infinity) => promisedToday(promised, standingOf, one => (one.id === 2 ? tried : -Infinity), Date.parse(at(24, 10)))
    .map(row => `${row.stop.id} ${new Date(row.from_at).getHours()}${row.over ? ' over' : ''}`);
same(today(() => 'open'), ['1 8 over', '2 11', '1 15']);
same(today(one => (one.id === 1 ? 'read' : 'no_access')), ['2 11']);
same([today(() => 'no_access', Date.parse(at(24, 10))), today(() => 'no_access', Date.parse(at(24, 11)))], [['1 8 over', '2 11', '1 15'], ['1 8 over', '1 15']]);
same([8, 12, 30].map(hour => new Date(nextPromise(promised[0], Date.parse(at(24, hour))).from_at).getHours()), [8, 15, 9]);

// An invitation: a code, or a link of this server; never one of another.
const invited = text => readInvitation(text, 'https://gas.example');
same(invited(' ABCD-EFGH-JKLM '), { code: 'ABCD-EFGH-JKLM' });
same([invited('https://gas.example/app#activate=ABCD-EFGH-JKLM'), invited('https://gas.example/app/#activate=ABCD')], [{ code: 'ABCD-EFGH-JKLM' }, { code: 'ABCD' }]);
same(invited('https://other.example/app#activate=ABCD'), { elsewhere: 'https://other.example' });
same([invited('https://gas.example/app'), invited('WIFI:S:x;;'), invited('http://[')], [{}, {}, {}]);
console.log('rules as expected');
