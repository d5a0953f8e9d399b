//! What is kept of a meter's past, as bytes: a row of `meter_pasts`.
//!
//! A first byte says how to read the rest; what can't be read counts as missing, and the past is read from the records.

use crate::db::varint::{put_integer, put_natural, take_byte, take_integer, take_natural};
use crate::http::{from_ms, to_ms};
use meterbook::anomalies::{Past, Visit};
use meterbook::quantity::Volume;
use meterbook::readings::Figures;

/// All visits are here.
const WHOLE: u8 = 1;
/// Earlier visits are summed up.
const CUT: u8 = 2;

/// The bytes of a past whose drift was reckoned with a dial of this W.
pub fn write(past: &Past, wrap: Volume) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 + past.visits().len() * 12);
    out.push(if past.drift_before().is_some() { CUT } else { WHOLE });
    put_integer(&mut out, wrap.litres());
    past.drift_before().into_iter().for_each(|drift| put_integer(&mut out, drift.litres()));
    put_natural(&mut out, past.visits().len() as u64);
    let mut before = [0; 4];
    for visit in past.visits() {
        let figures = numbers(&visit.figures);
        out.push((0..3).filter(|place| figures[*place].is_some()).map(|place| 1 << place).sum());
        let at = [Some(to_ms(visit.at)), figures[0], figures[1], figures[2]];
        for (before, now) in before.iter_mut().zip(at) {
            let Some(now) = now else { continue };
            put_integer(&mut out, now.wrapping_sub(*before));
            *before = now;
        }
    }
    out
}

const fn numbers(figures: &Figures) -> [Option<i64>; 3] {
    const fn litres(volume: Option<Volume>) -> Option<i64> {
        match volume {
            Some(volume) => Some(volume.litres()),
            None => None,
        }
    }
    [litres(figures.index), litres(figures.cumulative), figures.balance]
}

/// The past that was written; `None` where it was for a dial of another W, or these are no such bytes.
pub fn read(mut bytes: &[u8], wrap: Volume) -> Option<Past> {
    let bytes = &mut bytes;
    let form = take_byte(bytes)?;
    if !matches!(form, WHOLE | CUT) || take_integer(bytes)? != wrap.litres() {
        return None;
    }
    let drift = if form == CUT { Some(Volume::from_litres(take_integer(bytes)?)) } else { None };
    let count = take_natural(bytes)?;
    let mut before = [0_i64; 4];
    let mut visits = Vec::new();
    for _ in 0..count {
        let shown = take_byte(bytes)?;
        let mut now = [None; 4];
        for (place, (before, now)) in before.iter_mut().zip(&mut now).enumerate() {
            if place == 0 || shown & (1 << (place - 1)) != 0 {
                *before = before.wrapping_add(take_integer(bytes)?);
                *now = Some(*before);
            }
        }
        let figures = Figures {
            index: now[1].map(Volume::from_litres),
            cumulative: now[2].map(Volume::from_litres),
            balance: now[3],
        };
        visits.push(Visit { at: from_ms(now[0]?), figures });
    }
    bytes
        .is_empty()
        .then(|| drift.map_or_else(|| Past::whole(visits.clone()), |drift| Past::cut(visits.clone(), drift)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRAP: Volume = Volume::from_m3(100_000);

    fn past(months: i64) -> Past {
        let visit = |n: i64| {
            let litres = |of: i64| Some(Volume::from_litres(of));
            let (index, cumulative) =
                if n % 5 == 3 { (litres(n * 21_000), litres(n * 20_900 - 7)) } else { (litres(n * 9), None) };
            let balance = (n % 3 == 0).then_some(300_000 - n * 1_000);
            Visit {
                at: from_ms(1_700_000_000_123 + n * 2_592_000_000),
                figures: Figures { index, cumulative, balance },
            }
        };
        Past::whole((0..months).map(visit).collect())
    }

    #[test]
    fn a_past_comes_back_as_it_was() {
        for months in [0, 1, 12, 40] {
            for past in [past(months), past(months).kept(WRAP)] {
                assert_eq!(read(&write(&past, WRAP), WRAP), Some(past));
            }
        }
        let kept = past(200).kept(WRAP);
        assert!(kept.visits().len() < 30 && write(&kept, WRAP).len() < 300);
    }

    #[test]
    fn bytes_of_another_dial_or_cut_off_are_no_past() {
        let bytes = write(&past(5), WRAP);
        assert_eq!(read(&bytes, Volume::from_m3(10_000)), None);
        assert!((0..bytes.len()).all(|end| read(&bytes[..end], WRAP).is_none()));
        assert_eq!(read(&[&bytes[..], &[0]].concat(), WRAP), None);
        assert_eq!(read(&[9, 0, 0], WRAP), None);
    }
}
