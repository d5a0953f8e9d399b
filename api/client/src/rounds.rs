//! The rounds a phone holds, as pull answers build them up.

use crate::canonical::canonical;
use serde_json::Value;
use std::collections::BTreeMap;

/// Why a pull answer can't be applied. Nothing of it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoundsError {
    /// A member the contract promises is not there.
    #[error("a pull answer without {0}")]
    Missing(&'static str),
}

/// The rounds a phone holds, and how far it has followed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rounds {
    held: BTreeMap<i64, Value>,
    /// Rounds taken away, with why and until when their records are still taken.
    removed: BTreeMap<i64, Value>,
    cursor: Option<String>,
    epoch: Option<String>,
}

impl Rounds {
    /// Applies one page: the changes and their cursor together, or neither. `true`: ask again at once, there is more.
    ///
    /// # Errors
    /// Where the page is not what the contract promises.
    pub fn apply(&mut self, page: &Value) -> Result<bool, RoundsError> {
        let text = |name| page.get(name).and_then(Value::as_str).map(str::to_owned).ok_or(RoundsError::Missing(name));
        let list = |name| page.get(name).and_then(Value::as_array).ok_or(RoundsError::Missing(name));
        let (cursor, epoch) = (text("cursor")?, text("epoch")?);
        let by = |values: &[Value], id: &'static str| -> Result<Vec<(i64, Value)>, RoundsError> {
            let keyed = values.iter().map(|value| {
                let key = value.get(id).and_then(Value::as_i64).ok_or(RoundsError::Missing(id))?;
                Ok((key, value.clone()))
            });
            keyed.collect()
        };
        let (changed, gone) = (by(list("rounds")?, "id")?, by(list("removed")?, "round_id")?);
        if page.get("reset").and_then(Value::as_bool).ok_or(RoundsError::Missing("reset"))? {
            self.held.clear();
            self.removed.clear();
        }
        for (id, round) in changed {
            self.removed.remove(&id);
            self.held.insert(id, round);
        }
        for (id, entry) in gone {
            self.held.remove(&id);
            self.removed.insert(id, entry);
        }
        (self.cursor, self.epoch) = (Some(cursor), Some(epoch));
        page.get("more").and_then(Value::as_bool).ok_or(RoundsError::Missing("more"))
    }

    /// Starts over: the next pull asks for everything. What is held stays until it is replaced.
    pub fn forget_cursor(&mut self) {
        self.cursor = None;
    }

    /// Where to go on.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// The epoch of what is held.
    #[must_use]
    pub fn epoch(&self) -> Option<&str> {
        self.epoch.as_deref()
    }

    /// The rounds held, by id.
    #[must_use]
    pub fn held(&self) -> &BTreeMap<i64, Value> {
        &self.held
    }

    /// Every stop of every round held.
    pub fn stops(&self) -> impl Iterator<Item = &Value> {
        self.held.values().flat_map(|round| round.get("stops").and_then(Value::as_array).into_iter().flatten())
    }

    /// The service point of a 户号.
    #[must_use]
    pub fn point(&self, number: &str) -> Option<i64> {
        let is_it = |stop: &&Value| stop.get("service_point_number").and_then(Value::as_str) == Some(number);
        self.stops().find(is_it)?.get("service_point_id")?.as_i64()
    }

    /// How a follower of cursors differs from a fresh pull (I7); empty if it does not. `ignored` names members that move with
    /// the clock and not with the data, as the band of the entry check does.
    #[must_use]
    pub fn differences(&self, fresh: &Self, ignored: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        for id in self.held.keys().chain(fresh.held.keys().filter(|id| !self.held.contains_key(id))) {
            match (self.held.get(id), fresh.held.get(id)) {
                (Some(_), None) => found.push(format!("round {id} is held, and a fresh pull does not bring it")),
                (None, Some(_)) => found.push(format!("round {id} is missing, and a fresh pull brings it")),
                (Some(mine), Some(theirs)) => {
                    let (mine, theirs) = (canonical(&without(mine, ignored)), canonical(&without(theirs, ignored)));
                    if mine != theirs {
                        found.push(format!("round {id} is held as {mine}, and a fresh pull brings {theirs}"));
                    }
                }
                (None, None) => {}
            }
        }
        found
    }
}

fn without(value: &Value, ignored: &[&str]) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !ignored.contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (name.clone(), without(value, ignored))).collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(|value| without(value, ignored)).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(reset: bool, rounds: Value, removed: Value) -> Value {
        json!({"epoch": "e", "cursor": "c", "more": false, "reset": reset, "rounds": rounds, "removed": removed})
    }

    #[test]
    fn pages_add_replace_and_remove() {
        let mut rounds = Rounds::default();
        rounds.apply(&page(true, json!([{"id": 1, "stops": []}, {"id": 2, "stops": []}]), json!([]))).unwrap();
        rounds.apply(&page(false, json!([{"id": 1, "state": "done"}]), json!([{"round_id": 2}]))).unwrap();
        assert_eq!(rounds.held(), &BTreeMap::from([(1, json!({"id": 1, "state": "done"}))]));
        rounds.apply(&page(false, json!([{"id": 2}]), json!([]))).unwrap();
        assert_eq!(rounds.held().len(), 2);
        rounds.apply(&page(true, json!([{"id": 3}]), json!([]))).unwrap();
        assert_eq!(rounds.held().keys().collect::<Vec<_>>(), [&3]);
    }

    #[test]
    fn of_a_page_that_is_not_whole_nothing_is_applied() {
        let mut rounds = Rounds::default();
        let mut broken = page(true, json!([{"id": 1}]), json!([{"round_id": 2}, {}]));
        assert_eq!(rounds.apply(&broken), Err(RoundsError::Missing("round_id")));
        broken["removed"] = json!([]);
        broken.as_object_mut().unwrap().remove("cursor");
        assert_eq!(rounds.apply(&broken), Err(RoundsError::Missing("cursor")));
        assert_eq!(rounds, Rounds::default());
    }

    #[test]
    fn differences_are_named_and_moving_members_are_not() {
        let of = |value| {
            let mut rounds = Rounds::default();
            rounds.apply(&page(true, value, json!([]))).unwrap();
            rounds
        };
        let one = of(json!([{"id": 1, "stops": [{"state": "open", "band_low": 1}]}]));
        let two = of(json!([{"stops": [{"band_low": 2, "state": "open"}], "id": 1}]));
        assert!(one.differences(&two, &["band_low"]).is_empty());
        assert_eq!(one.differences(&two, &[]).len(), 1);
        assert_eq!(one.differences(&of(json!([{"id": 2}])), &[]).len(), 2);
    }
}
