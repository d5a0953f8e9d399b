// The check at the door (DOMAIN 4 and 5): may these figures be so, and if not, where should the reader look again?
// Pure, and blind: it knows bands and relations of the last figures, never these themselves. It accuses nobody and decides nothing;
// what is entered twice is taken, and the server judges it.

const WHEEL = 1000;

/** The range of a meter's index on its dial.
 * @param {PulledMeter} meter */
const wrapOf = meter => 10 ** meter.digits_integer * WHEEL;

/** How far `index` lies beyond `from` on the dial. */
const ahead = (meter, from, index) => (((index - from) % wrapOf(meter)) + wrapOf(meter)) % wrapOf(meter);

const within = (meter, index, low, high) => ahead(meter, low, index) <= ahead(meter, low, high);

/** `in`, `out`, `beyond` what the meter can have passed, or `unknown`.
 * @param {PulledMeter} meter
 * @param {number} index */
export function bandOf(meter, index) {
    if (meter.band_low === undefined || meter.band_high === undefined) return 'unknown';
    if (within(meter, index, meter.band_low, meter.band_high)) return 'in';
    if (meter.possible_above === undefined) return 'out';
    const most = (meter.band_high + meter.possible_above) % wrapOf(meter);
    return within(meter, index, meter.band_low, most) ? 'out' : 'beyond';
}

/** Indexes one slip away: another digit on one wheel, or two neighbours swapped. With the wheels counted from the left, from 1. */
function* slips(meter, index) {
    const digits = String(Math.floor(index / WHEEL)).padStart(meter.digits_integer, '0');
    const rest = index % WHEEL;
    const made = (text, wheels) => ({ index: Number(text) * WHEEL + rest, wheels });
    for (let at = 0; at < digits.length; at += 1) {
        for (const digit of '0123456789') {
            if (digit !== digits[at]) yield made(digits.slice(0, at) + digit + digits.slice(at + 1), [at + 1]);
        }
        const [one, two] = [digits[at], digits[at + 1]];
        if (two !== undefined && one !== two) yield made(digits.slice(0, at) + two + one + digits.slice(at + 2), [at + 1, at + 2]);
    }
}

/** The wheels to look at: those whose slip alone explains it; nothing where many or none would. */
function wheelsToLookAt(meter, index, isGood) {
    const found = new Set();
    for (const slip of slips(meter, index)) {
        if (isGood(slip.index)) slip.wheels.forEach(wheel => found.add(wheel));
    }
    return found.size <= 2 ? [...found].sort() : [];
}

/** I1 and I2 by the relations: which hold. `undefined` where the phone does not know the last figures' relations.
 * @param {PulledMeter} meter
 * @param {Figures} figures */
function relations(meter, { index, cumulative, balance }) {
    if (meter.index_ahead === undefined || [index, cumulative, balance].includes(undefined)) return undefined;
    const wrap = wrapOf(meter);
    // The index wraps, the cumulative does not: the nearest of all wraps counts.
    const raw = (((index - cumulative - meter.index_ahead) % wrap) + wrap) % wrap;
    const apart = raw > wrap / 2 ? raw - wrap : raw;
    const account = 1000 * balance + meter.balance_per_m3 * cumulative - meter.account_sum;
    const accountHolds = account >= -meter.account_tolerance && (account <= meter.account_tolerance || !meter.purchases_known);
    return { apart, account, agree: Math.abs(apart) <= meter.index_ahead_tolerance, accountHolds };
}

/** ¥325.00 and 325 m³ look alike on a display: thousandths of what is shown.
 * @param {PulledMeter} meter
 * @param {number} balance */
const displayed = (meter, balance) => (meter.balance_unit === 'money' ? balance * 10 : balance);
const balanceBehind = (meter, number) => (meter.balance_unit === 'money' ? (number % 10 === 0 ? number / 10 : undefined) : number);

const ORDERS = [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/** @param {PulledMeter} meter @param {Figures} figures */
function isSwapped(meter, { index, cumulative, balance }) {
    const typed = [index, cumulative, displayed(meter, balance)];
    const fits = ORDERS.map(order => order.map(place => typed[place])).filter(([m, e, shown]) => {
        const b = balanceBehind(meter, shown);
        if (b === undefined || m < 0 || e < 0 || m >= wrapOf(meter) || (b < 0 && !meter.overdraft)) return false;
        const held = relations(meter, { index: m, cumulative: e, balance: b });
        return held.agree && held.accountHolds && bandOf(meter, m) !== 'beyond';
    });
    return new Set(fits.map(String)).size === 1;
}

/**
 * Where to look again, at most one place per figure: `{figure, why, wheels}`. Empty: nothing to ask. `figures` are
 * `{index, cumulative, balance}` in 0.001 m³ or fen; of a household the index alone.
 * @param {PulledMeter} meter
 * @param {Figures} figures
 */
export function look(meter, figures) {
    const { index, balance } = figures;
    const held = meter.three_figures ? relations(meter, figures) : undefined;
    if (held && !(held.agree && held.accountHolds) && isSwapped(meter, figures)) return [{ figure: 'order', why: 'swapped', wheels: [] }];
    const found = held ? lookAtThree(meter, figures, held) : [];
    if (balance !== undefined && balance < 0 && !meter.overdraft) found.push({ figure: 'balance', why: 'negative', wheels: [] });
    // The display vouches for the index where both moved alike, even if much more gas than usual was used.
    const band = index === undefined || found.some(place => place.figure === 'index') ? 'in' : bandOf(meter, index);
    if (band === 'beyond' || (band === 'out' && !held?.agree)) {
        found.unshift({ figure: 'index', why: band, wheels: wheelsToLookAt(meter, index, other => bandOf(meter, other) === 'in') });
    }
    return found;
}

function lookAtThree(meter, figures, held) {
    if (held.agree) return held.accountHolds ? [] : [{ figure: 'balance', why: 'account', wheels: [] }];
    const agreesWith = index => relations(meter, { ...figures, index }).agree && bandOf(meter, index) !== 'beyond';
    if (held.accountHolds) return [{ figure: 'index', why: 'apart', wheels: wheelsToLookAt(meter, figures.index, agreesWith) }];
    // Neither holds: the cumulative is in both. If it alone explains it, look there.
    const cumulative = figures.cumulative + held.apart;
    if (cumulative >= 0 && relations(meter, { ...figures, cumulative }).accountHolds) return [{ figure: 'cumulative', why: 'apart', wheels: [] }];
    return [
        { figure: 'index', why: 'apart', wheels: wheelsToLookAt(meter, figures.index, agreesWith) },
        { figure: 'cumulative', why: 'apart', wheels: [] },
        { figure: 'balance', why: 'account', wheels: [] },
    ];
}

/** Whether what was entered twice wants a photo and a reason too: more gas than the meter can pass. */
export const needsProof = (meter, figures) => figures.index !== undefined && bandOf(meter, figures.index) === 'beyond';

/** Whether two entries say the same. */
export const isSame = (one, two) => ['index', 'cumulative', 'balance'].every(name => one?.[name] === two?.[name]);
