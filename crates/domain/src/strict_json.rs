//! JSON from outside that becomes an action: what could be read in two ways is refused.
//!
//! Canonical JSON (RFC 8785) does not keep large integers apart, and readers do not agree on which
//! of two equal keys counts. So these are no arguments of an action. Surrogates that stand alone
//! are no JSON text at all.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The largest integer that every reader of JSON understands alike: 2^53 − 1.
pub const LARGEST: u64 = (1 << 53) - 1;

/// Why a text is not accepted.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StrictJsonError(serde_json::Error);

/// The value that `text` says, if it can be read in one way only.
pub fn read(text: &str) -> Result<Value, StrictJsonError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict.deserialize(&mut reader).map_err(StrictJsonError)?;
    reader.end().map_err(StrictJsonError)?;
    Ok(value)
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        if value > LARGEST {
            return Err(E::custom("an integer beyond 2^53 − 1"));
        }
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > LARGEST {
            return Err(E::custom("an integer beyond 2^53 − 1"));
        }
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        // The default formatting of a float never uses an exponent.
        let whole = value.to_string().parse::<i64>().ok();
        match whole.filter(|whole| whole.unsigned_abs() <= LARGEST) {
            Some(whole) => Ok(Value::Number(Number::from(whole))),
            None => Err(E::custom("a number that is no integer, or one beyond 2^53 − 1")),
        }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Strict)?;
            if map.contains_key(&key) {
                let shown: String = key.chars().take(40).collect();
                return Err(A::Error::custom(format!("the key `{shown}` twice")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_readers_could_disagree_about_is_refused() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[{"b":{"x":0,"x":0}}]"#,
            "9007199254740992",
            "-9007199254740992",
            "18446744073709551615",
            "1e400",
            "1e20",
            "0.5",
            "-1.25e-3",
            "NaN",
            r#""\ud800""#,
            r#""\udc00x""#,
            r#"{"\ud83d":1}"#,
            "{} {}",
            "",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        for (text, value) in [
            ("9007199254740991", json!(9_007_199_254_740_991_u64)),
            ("-9007199254740991", json!(-9_007_199_254_740_991_i64)),
            ("1.0", json!(1)),
            ("1e3", json!(1000)),
            (r#""\ud83d\ude00""#, json!("😀")),
            (r#" { "a" : [ null, true ] } "#, json!({"a": [null, true]})),
        ] {
            assert_eq!(read(text).unwrap(), value, "{text}");
        }
    }
}
