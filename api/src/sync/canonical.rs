//! The canonical form of an item: what two sendings of one record are compared by.
//!
//! Members in order, no white space, integral numbers without a fraction: a client rebuilt with another JSON library sends
//! the same record again and is recognised.

use crate::keys::sha256;
use serde_json::{Map, Number, Value};

/// The canonical text, its SHA-256, and what it says in its order.
pub fn canonical(item: &Value) -> (String, Vec<u8>, Value) {
    let ordered = ordered(item);
    let text = ordered.to_string();
    let hash = sha256(text.as_bytes());
    (text, hash, ordered)
}

fn ordered(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_unstable();
            let sorted: Map<String, Value> =
                names.into_iter().filter_map(|name| Some((name.clone(), ordered(members.get(name)?)))).collect();
            Value::Object(sorted)
        }
        Value::Array(values) => Value::Array(values.iter().map(ordered).collect()),
        Value::Number(number) => Value::Number(integral(number).map_or_else(|| number.clone(), Number::from)),
        other => other.clone(),
    }
}

/// The integer a number is, where it is one that every client can hold exactly.
pub fn integral(number: &Number) -> Option<i64> {
    if let Some(integer) = number.as_i64() {
        return Some(integer);
    }
    let float = number.as_f64()?;
    let exact = float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_991.0;
    #[expect(clippy::cast_possible_truncation, reason = "integral and within 2^53 − 1, checked above")]
    exact.then_some(float as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_space_and_integral_floats_do_not_matter() {
        let one: Value = serde_json::from_str(r#"{"b": [1.0, {"z": 1, "a": null}], "a": "x"}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"a":"x","b":[1,{"a":null,"z":1}]}"#).unwrap();
        assert_eq!(canonical(&one), canonical(&two));
        let other: Value = serde_json::from_str(r#"{"a":"x","b":[1.5,{"a":null,"z":1}]}"#).unwrap();
        assert_ne!(canonical(&one).1, canonical(&other).1);
    }
}
