//! What tokens cost.

use std::borrow::Cow;
use std::collections::BTreeMap;

use countersign_domain::runs::{Price, Prices};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the tokens of one model cost, in US dollars for a million of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceConfig {
    /// Those that it reads.
    pub input: Dollars,
    /// Those that it writes.
    pub output: Dollars,
    /// Those that it reads and its server had kept. Default: as `input`.
    #[serde(default)]
    pub cache_read: Option<Dollars>,
    /// Those that it reads and its server has kept for later. Default: as `input`.
    #[serde(default)]
    pub cache_write: Option<Dollars>,
}

/// An amount in US dollars, with at most six decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dollars(Price);

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The shortest text of a number is what was written.
        let number = f64::deserialize(deserializer)?;
        let price = number.to_string().parse();
        price.map(Self).map_err(|error| D::Error::custom(format!("`{number}` is {error}")))
    }
}

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.to_string().parse::<f64>() {
            Ok(number) => serializer.serialize_f64(number),
            Err(error) => Err(serde::ser::Error::custom(error)),
        }
    }
}

impl JsonSchema for Dollars {
    fn schema_name() -> Cow<'static, str> {
        "Dollars".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number", "minimum": 0, "maximum": 1_000_000})
    }
}

/// The prices by the model's name.
pub(super) fn prices(config: &BTreeMap<String, PriceConfig>) -> BTreeMap<String, Prices> {
    let prices = config.iter().map(|(model, price)| {
        let prices = Prices {
            input: price.input.0,
            output: price.output.0,
            cache_read: price.cache_read.map(|dollars| dollars.0),
            cache_write: price.cache_write.map(|dollars| dollars.0),
        };
        (model.clone(), prices)
    });
    prices.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_a_number_of_dollars() {
        let text = r#"{"input": 3, "output": 0.15, "cache_read": 0.3}"#;
        let config: PriceConfig = serde_json::from_str(text).unwrap();
        assert_eq!(config.output, Dollars("0.15".parse().unwrap()));
        assert_eq!(config.cache_write, None);
        for text in [
            r#"{"input": -1, "output": 1}"#,
            r#"{"input": 1}"#,
            r#"{"input": 1, "output": 1, "cache": 2}"#,
            r#"{"input": 0.00000001, "output": 1}"#,
        ] {
            assert!(serde_json::from_str::<PriceConfig>(text).is_err(), "{text}");
        }
    }
}
