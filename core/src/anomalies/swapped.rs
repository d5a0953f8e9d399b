//! Were the three figures entered in the wrong fields? (DOMAIN 4, `swapped_figures`)
//!
//! Apart because it runs as soon as anything does not fit, before a check can blame the meter: an index in the balance's
//! field looks like a meter running backwards.

use super::Finding;
use super::balance::Account;
use super::catalogue::Rule;
use super::comparison::Comparison;
use crate::meters::BalanceUnit;
use crate::quantity::Volume;

/// The five other orders of three.
const ORDERS: [[usize; 3]; 5] = [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// `swapped_figures` where exactly one other order of the three numbers satisfies I1–I3.
pub(super) fn check(visits: &Comparison) -> Option<Finding> {
    let (unit, overdraft) = visits.balance_type()?;
    let account = Account::of(visits)?;
    let cumulative_before = visits.last.figures.cumulative?;
    let (index, cumulative) = (visits.index.1, visits.seen.figures.cumulative?);
    let entered = [index.litres(), cumulative.litres(), displayed(unit, visits.seen.figures.balance?)?];

    let mut fitting: Vec<[i64; 3]> = ORDERS.map(|order| order.map(|place| entered[place])).to_vec();
    fitting.sort_unstable();
    fitting.dedup();
    fitting.retain(|[index, cumulative, balance]| {
        let index_use = Volume::from_litres(*index) - visits.index.0;
        let cumulative_use = Volume::from_litres(*cumulative) - cumulative_before;
        let Some(balance) = amount(unit, *balance) else { return false };
        *index < visits.facts.traits.digits.wrap().litres()
            && index_use >= Volume::ZERO
            && cumulative_use >= Volume::ZERO
            && (balance >= 0 || overdraft)
            && !visits.exceeds(index_use, visits.ceiling())
            && visits.agree(index_use, cumulative_use)
            && account.fits(cumulative_use, balance)
    });
    let [[index, cumulative, balance]] = fitting[..] else { return None };
    let shown = [index, cumulative, balance].map(|figure| Volume::from_litres(figure).to_string());
    Some(
        Finding::new(Rule::SwappedFigures)
            .with("index", visits.index.1)
            .with("cumulative", Volume::from_litres(entered[1]))
            .with("balance", Volume::from_litres(entered[2]))
            .with("candidates", shown.join(" / ")),
    )
}

/// A balance as the number on the display, in thousandths: ¥325.00 and 325 m³ look alike.
fn displayed(unit: BalanceUnit, balance: i64) -> Option<i64> {
    match unit {
        BalanceUnit::Volume => Some(balance),
        BalanceUnit::Money { .. } => balance.checked_mul(10),
    }
}

/// The balance behind a displayed number; `None` where it has more decimals than money has.
fn amount(unit: BalanceUnit, displayed: i64) -> Option<i64> {
    match unit {
        BalanceUnit::Volume => Some(displayed),
        BalanceUnit::Money { .. } => (displayed % 10 == 0).then_some(displayed / 10),
    }
}
