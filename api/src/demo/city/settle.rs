//! How a life becomes records: history, purchases, visits, truth. Separate from the making of lives, because only here
//! does a point know its neighbours.

use super::dice::{Dice, Purpose};
use super::fault::Fault;
use super::life::Life;
use super::story::Story;
use super::trail::Door;
use super::{City, Outcome, PastReading, Point, Purchase, Truth, Visit};
use meterbook::calendar::Instant;
use meterbook::meters::Class;
use meterbook::quantity::Volume;
use meterbook::readings::{Figures, ReadingKind};

impl City {
    /// Takes a life in: its history, purchases, visits and truth. Lives come in the order of their points.
    pub(super) fn settle(&mut self, seed: u64, number: usize, reader: usize, life: Life) {
        let Life { point, story, planted } = life;
        self.remember(number, &story, planted.as_ref().and_then(|(_, entry)| entry.last_index));
        let bought = story.loads.iter().filter(|load| load.in_ledger);
        self.purchases.extend(bought.map(|load| Purchase {
            point: number,
            at: load.at,
            volume: Volume::from_litres(load.litres),
            fen: load.fen(),
        }));
        let mut dice = Dice::new(seed, Purpose::Fault, number + 1_000_000);
        let fault = planted.as_ref().map(|(fault, _)| *fault);
        for &(at, door) in &story.trail.visits {
            let what = match door {
                Door::Shut(code, proof) => Outcome::NoAccess { code, proof },
                Door::Open => {
                    let entered = planted.as_ref().map(|(_, entry)| entry.figures);
                    self.outcome(&point, fault, entered.unwrap_or_else(|| story.figures(at)), &story, at, &mut dice)
                }
            };
            self.plan.push(Visit { reader, point: number, at, what });
        }
        if let Some((rule, entry)) = planted {
            self.truth.push(Truth { meter_number: point.meter.number.clone(), rule, note: entry.note });
        }
        self.points.push(point);
    }

    fn remember(&mut self, point: usize, story: &Story, last_index: Option<Volume>) {
        let past = &story.trail.past;
        for (number, &(at, kind)) in past.iter().enumerate() {
            // An estimate stays behind the truth, so that the next true reading never goes back.
            let known = if kind == ReadingKind::Estimate { at - chrono::TimeDelta::days(1) } else { at };
            let mut figures = story.figures(known);
            if number + 1 == past.len() {
                figures.index = last_index.or(figures.index);
            }
            let note = match kind {
                ReadingKind::Customer => "客户微信报数",
                ReadingKind::Estimate => "到户未遇估抄",
                _ => "",
            };
            self.history.push(PastReading { point, at, kind, figures, note });
        }
    }

    fn outcome(
        &self,
        point: &Point,
        fault: Option<Fault>,
        figures: Figures,
        story: &Story,
        at: Instant,
        dice: &mut Dice,
    ) -> Outcome {
        let scanned = dice.chance(300);
        let seen_number = match fault {
            Some(Fault::ExchangeUnreported) => Some(format!("0099{}", 9_000_000 + self.points.len())),
            _ => scanned.then(|| point.meter.number.clone()),
        };
        let idle = story.last_look().is_some_and(|last| story.index(last) == story.index(at));
        let usual = dice.chance(if point.class == Class::Commercial { 600 } else { 200 });
        // Who has been away for months needs no code; who left now does.
        let left_now =
            story.trail.past.iter().rev().nth(1).is_some_and(|&(before, _)| {
                story.last_look().is_some_and(|last| story.index(before) != story.index(last))
            });
        Outcome::Reading {
            figures,
            seen_number,
            vacancy: fault == Some(Fault::Vacant) && left_now,
            gas_in_use: fault == Some(Fault::Stopped) || (usual && !idle),
        }
    }

    /// Who reads the wrong meter reads the next one of the route, number and all.
    pub(super) fn read_neighbours(&mut self) {
        let wrong: Vec<String> =
            self.truth.iter().filter(|truth| truth.rule == Fault::WrongMeter).map(|t| t.meter_number.clone()).collect();
        for number in 0..self.points.len() {
            if !wrong.contains(&self.points[number].meter.number) {
                continue;
            }
            let stops = &self.routes[self.points[number].route].stops;
            let own = self.points[number].position - 1;
            let Some(&next) = stops.get(own + 1).or_else(|| stops.get(own.saturating_sub(1))) else { continue };
            let theirs = self.plan.iter().find_map(|visit| match &visit.what {
                Outcome::Reading { figures, .. } if visit.point == next => Some(*figures),
                _ => None,
            });
            let seen = self.points[next].meter.number.clone();
            for visit in self.plan.iter_mut().filter(|visit| visit.point == number) {
                if let Outcome::Reading { figures, seen_number, .. } = &mut visit.what {
                    *figures = theirs.unwrap_or(*figures);
                    *seen_number = Some(seen.clone());
                }
            }
        }
    }
}
