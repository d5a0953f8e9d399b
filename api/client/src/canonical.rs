//! The one text of an item: members in order, no white space. It is what a phone stores and sends, so that a resend is the same
//! bytes whatever made them; and it is what the server must hold afterwards.

use serde_json::{Map, Value};

/// The canonical text of a JSON value whose numbers are integers.
#[must_use]
pub fn canonical(value: &Value) -> String {
    ordered(value).to_string()
}

fn ordered(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            Value::Object(sorted.into_iter().map(|(name, value)| (name.clone(), ordered(value))).collect::<Map<_, _>>())
        }
        Value::Array(values) => Value::Array(values.iter().map(ordered).collect()),
        other => other.clone(),
    }
}
