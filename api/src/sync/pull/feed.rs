//! What a page of the feed comes to: the last word on each round and stop.
//!
//! Why separate: given, taken and given again is given. That, and what makes a single stop not worth telling, is decided here
//! without a database.

use diesel::Queryable;
use std::collections::BTreeMap;

/// One entry of a feed.
#[derive(Clone, Debug, Queryable)]
pub struct FeedEntry {
    /// Its place in the feed.
    pub version: i64,
    /// `round`, `stop` or `verdict`.
    pub kind: String,
    /// The round, the stop or the verdict.
    pub subject: i64,
    /// `added`, `changed` or `removed`.
    pub change: String,
    /// Why.
    pub reason: String,
    /// Until when a former holder's records are taken.
    pub keep_until: Option<i64>,
}

/// What a page says of a round.
enum RoundWord<'e> {
    /// Load it whole.
    Whole,
    /// Its own members changed.
    Changed(&'e FeedEntry),
    /// It is gone.
    Gone(&'e FeedEntry),
}

/// What a page comes to.
pub struct Page<'e> {
    rounds: BTreeMap<i64, RoundWord<'e>>,
    stops: BTreeMap<i64, &'e FeedEntry>,
    verdicts: BTreeMap<i64, &'e FeedEntry>,
}

impl<'e> Page<'e> {
    /// Of entries in the order of the feed.
    pub fn of(entries: &'e [FeedEntry]) -> Self {
        let mut page = Self { rounds: BTreeMap::new(), stops: BTreeMap::new(), verdicts: BTreeMap::new() };
        for entry in entries {
            match entry.kind.as_str() {
                "stop" => page.note_stop(entry),
                "verdict" => drop(page.verdicts.insert(entry.subject, entry)),
                _ => page.note_round(entry),
            }
        }
        page
    }

    fn note_round(&mut self, entry: &'e FeedEntry) {
        let word = match entry.change.as_str() {
            "added" => RoundWord::Whole,
            "removed" => RoundWord::Gone(entry),
            _ if matches!(self.rounds.get(&entry.subject), Some(RoundWord::Whole)) => return,
            _ => RoundWord::Changed(entry),
        };
        self.rounds.insert(entry.subject, word);
    }

    fn note_stop(&mut self, entry: &'e FeedEntry) {
        let was_added = self.stops.get(&entry.subject).is_some_and(|known| known.change == "added");
        if !(was_added && entry.change == "changed") {
            self.stops.insert(entry.subject, entry);
        }
    }

    /// Rounds to load whole.
    pub fn whole(&self) -> impl Iterator<Item = i64> {
        self.rounds.iter().filter(|(_, word)| matches!(word, RoundWord::Whole)).map(|(round, _)| *round)
    }

    /// Entries of rounds that are gone.
    pub fn removed(&self) -> impl Iterator<Item = &'e FeedEntry> {
        self.rounds.values().filter_map(|word| if let RoundWord::Gone(entry) = word { Some(*entry) } else { None })
    }

    /// Entries of rounds whose own members changed.
    pub fn changed(&self) -> impl Iterator<Item = &'e FeedEntry> {
        self.rounds.values().filter_map(|word| if let RoundWord::Changed(entry) = word { Some(*entry) } else { None })
    }

    /// Whether the stops of a round are told with it, or not at all.
    pub fn covers(&self, round: i64) -> bool {
        matches!(self.rounds.get(&round), Some(RoundWord::Whole | RoundWord::Gone(_)))
    }

    /// The last word on each stop.
    pub fn stops(&self) -> &BTreeMap<i64, &'e FeedEntry> {
        &self.stops
    }

    /// Verdicts.
    pub fn verdicts(&self) -> impl Iterator<Item = i64> {
        self.verdicts.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(words: &[(&str, i64, &str)]) -> Vec<FeedEntry> {
        let entry = |(version, (kind, subject, change)): (i64, &(&str, i64, &str))| FeedEntry {
            version,
            kind: (*kind).into(),
            subject: *subject,
            change: (*change).into(),
            reason: String::new(),
            keep_until: None,
        };
        (1..).zip(words).map(entry).collect()
    }

    #[test]
    fn the_last_word_on_a_round_counts() {
        let told = entries(&[
            ("round", 1, "added"),
            ("round", 1, "removed"),
            ("round", 1, "added"),
            ("round", 1, "changed"),
            ("round", 2, "added"),
            ("round", 2, "removed"),
            ("round", 3, "changed"),
            ("round", 3, "changed"),
        ]);
        let page = Page::of(&told);
        assert_eq!(page.whole().collect::<Vec<_>>(), [1]);
        assert_eq!(page.removed().map(|entry| entry.subject).collect::<Vec<_>>(), [2]);
        assert_eq!(page.changed().map(|entry| entry.version).collect::<Vec<_>>(), [8]);
        assert!(page.covers(1) && page.covers(2) && !page.covers(3) && !page.covers(4));
    }

    #[test]
    fn a_stop_put_back_stays_added_whatever_happens_to_it_then() {
        let told =
            entries(&[("stop", 5, "removed"), ("stop", 5, "added"), ("stop", 5, "changed"), ("stop", 6, "changed")]);
        let words: Vec<_> = Page::of(&told).stops().values().map(|entry| entry.change.clone()).collect();
        assert_eq!(words, ["added", "changed"]);
    }
}
