//! The arithmetic behind DOMAIN's three-figure vectors.

use super::*;
use crate::text::Language;
use arithmetic::sums;

fn held(scene: &Scene) -> Vec<Option<bool>> {
    scene.with(|facts, seen| sums(facts, seen, &Settings::default())).iter().map(|sum| sum.holds).collect()
}

fn text(scene: &Scene, place: usize) -> String {
    scene.with(|facts, seen| sums(facts, seen, &Settings::default())).remove(place).text(Language::English)
}

#[test]
fn domain4_each_vector_breaks_the_identity_it_should() {
    let (yes, no) = (Some(true), Some(false));
    assert_eq!(held(&commercial(8_905, 8_880, 325)), [yes, yes, yes, yes]);
    // What breaks I1 from nothing breaks I4 too: the sum is what a person adds up, not what a check waits for.
    assert_eq!(held(&commercial(8_905, 8_802, 403)), [no, yes, yes, no]);
    assert_eq!(held(&commercial(8_905, 8_880, 25)), [yes, no, yes, yes]);
    assert_eq!(held(&commercial(8_905, 8_880, -75)), [yes, no, no, yes]);
    assert_eq!(held(&Scene { drift: 7, ..commercial(8_905, 8_880, 325) }), [yes, yes, yes, no]);
}

/// A case `failed_index`: the index stands, the module goes on.
#[test]
fn a_sum_beyond_its_tolerance_never_holds() {
    let stopped = commercial(8_420, 8_880, 325);
    assert_eq!(held(&stopped), [Some(false), Some(true), Some(true), Some(false)]);
    assert_eq!(text(&stopped, 3), "difference summed before 0 m³ + this time -485 m³ = -485 m³, tolerance ±4.85 m³");
    // A slip of the visit before that this one takes back is gone from the sum.
    assert_eq!(held(&Scene { drift: 485, ..stopped })[3], Some(true));
}

#[test]
fn every_number_of_a_sum_is_shown_and_an_unknown_one_as_such() {
    let scene = commercial(8_905, 8_802, 403);
    assert_eq!(text(&scene, 0), "use by the index 485 m³ - use by the cumulative 407 m³ = 78 m³, tolerance ±4.85 m³");
    assert_eq!(text(&scene, 1), "balance before 310 m³ + purchases 500 m³ - used 407 m³ - balance now 403 m³ = 0 m³");
    let unknown = Scene { bought: None, ..commercial(8_905, 8_880, 325) };
    assert_eq!(held(&unknown)[1], None);
    assert!(text(&unknown, 1).contains("purchases ?"));
}

#[test]
fn a_meter_with_an_index_alone_has_no_sums() {
    assert_eq!(held(&household(100, 120, 20)), []);
    assert_eq!(held(&Scene { last: None, ..commercial(1, 1, 1) }), []);
}
