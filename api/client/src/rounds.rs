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
    /// Applies one page, in the order the contract gives: the changes and their cursor together, or neither. `true`: ask again at
    /// once, there is more.
    ///
    /// # Errors
    /// Where the page is not what the contract promises.
    pub fn apply(&mut self, page: &Value) -> Result<bool, RoundsError> {
        let text = |name| page.get(name).and_then(Value::as_str).map(str::to_owned).ok_or(RoundsError::Missing(name));
        let flag = |name| page.get(name).and_then(Value::as_bool).ok_or(RoundsError::Missing(name));
        let (cursor, epoch, more) = (text("cursor")?, text("epoch")?, flag("more")?);
        let mut next = if flag("reset")? { Self::default() } else { self.clone() };
        for (id, entry) in keyed(page, "removed", "round_id")? {
            next.held.remove(&id);
            next.removed.insert(id, entry.clone());
        }
        for (id, round) in keyed(page, "rounds", "id")? {
            next.removed.remove(&id);
            next.held.insert(id, round.clone());
        }
        for (id, changed) in keyed(page, "changed_rounds", "id")? {
            next.change_round(id, changed);
        }
        for (id, gone) in keyed(page, "removed_stops", "round_id")? {
            let stop = gone.get("stop_id").and_then(Value::as_i64).ok_or(RoundsError::Missing("stop_id"))?;
            next.put_stop(id, stop, None);
        }
        for (id, changed) in keyed(page, "stops", "round_id")? {
            let stop = changed.get("stop").ok_or(RoundsError::Missing("stop"))?;
            let stop_id = stop.get("id").and_then(Value::as_i64).ok_or(RoundsError::Missing("id"))?;
            next.put_stop(id, stop_id, Some(stop.clone()));
        }
        (next.cursor, next.epoch) = (Some(cursor), Some(epoch));
        *self = next;
        Ok(more)
    }

    /// Puts a round that was fetched by itself in the place of what is held of it.
    ///
    /// # Errors
    /// Where it is not what the contract promises.
    pub fn replace(&mut self, round: Value) -> Result<(), RoundsError> {
        let id = round.get("id").and_then(Value::as_i64).ok_or(RoundsError::Missing("id"))?;
        self.removed.remove(&id);
        self.held.insert(id, round);
        Ok(())
    }

    /// A round's own members changed; its stops stay. One that is not held is none of this phone's business.
    fn change_round(&mut self, id: i64, changed: &Value) {
        let (Some(round), Some(changed)) = (self.held.get_mut(&id).and_then(Value::as_object_mut), changed.as_object())
        else {
            return;
        };
        round.retain(|name, _| name == "stops");
        round.extend(
            changed.iter().filter(|(name, _)| *name != "reason").map(|(name, value)| (name.clone(), value.clone())),
        );
    }

    /// Puts a stop into a round, or takes it out; the stops stay in office order.
    fn put_stop(&mut self, round: i64, id: i64, stop: Option<Value>) {
        let round = self.held.get_mut(&round).and_then(|round| round.get_mut("stops"));
        let Some(stops) = round.and_then(Value::as_array_mut) else { return };
        stops.retain(|known| known.get("id").and_then(Value::as_i64) != Some(id));
        stops.extend(stop);
        stops.sort_by_key(|stop| {
            let number = |name| stop.get(name).and_then(Value::as_i64).unwrap_or(i64::MAX);
            (number("position"), number("id"))
        });
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

/// The entries of a list of a page, by the id of what they are about.
fn keyed<'p>(page: &'p Value, list: &'static str, id: &'static str) -> Result<Vec<(i64, &'p Value)>, RoundsError> {
    let entries = page.get(list).and_then(Value::as_array).ok_or(RoundsError::Missing(list))?;
    let entry = |value: &'p Value| Ok((value.get(id).and_then(Value::as_i64).ok_or(RoundsError::Missing(id))?, value));
    entries.iter().map(entry).collect()
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
        json!({"epoch": "e", "cursor": "c", "more": false, "reset": reset, "rounds": rounds, "removed": removed,
            "changed_rounds": [], "removed_stops": [], "stops": []})
    }

    #[test]
    fn single_stops_come_and_go_in_office_order() {
        let stop = |id: i64, position: i64, state: &str| json!({"id": id, "position": position, "state": state});
        let mut rounds = Rounds::default();
        let round = json!({"id": 1, "state": "assigned", "stops": [stop(7, 1, "open"), stop(8, 2, "open")]});
        rounds.apply(&page(true, json!([round]), json!([]))).unwrap();
        let mut change = page(false, json!([]), json!([]));
        change["changed_rounds"] =
            json!([{"id": 1, "state": "in_progress", "reason": "visited"}, {"id": 9, "state": "done"}]);
        change["removed_stops"] = json!([{"round_id": 1, "stop_id": 8, "reason": "register"}]);
        change["stops"] = json!([
            {"round_id": 1, "change": "added", "stop": stop(9, 0, "open")},
            {"round_id": 1, "change": "changed", "stop": stop(7, 1, "read")},
            {"round_id": 2, "change": "changed", "stop": stop(7, 1, "read")},
        ]);
        rounds.apply(&change).unwrap();
        let after = json!({"id": 1, "state": "in_progress", "stops": [stop(9, 0, "open"), stop(7, 1, "read")]});
        assert_eq!(canonical(&rounds.held()[&1]), canonical(&after));
        assert_eq!(rounds.held().len(), 1);
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
