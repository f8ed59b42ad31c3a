//! The `agent` and `model` sections of the configuration, and what they become.

mod agent;
mod fallback;
mod model;
mod prices;

pub use agent::AgentConfig;
pub use countersign_ports::duration::{HumanDuration, InvalidDuration};
pub use countersign_ports::secret::Secret;
pub use fallback::FallbackConfig;
pub use model::{ModelConfig, ProviderName, ThinkingMode};
pub use prices::{Dollars, PriceConfig};

/// A value of the configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: {problem}")]
pub struct ConfigError {
    /// The key, with its section.
    pub key: &'static str,
    /// What is wrong with its value and what is accepted.
    pub problem: String,
}

impl ConfigError {
    fn new(key: &'static str, problem: impl Into<String>) -> Self {
        Self { key, problem: problem.into() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_key_says_what_it_is_for() {
        for schema in [
            schemars::schema_for!(AgentConfig),
            schemars::schema_for!(ModelConfig),
            schemars::schema_for!(FallbackConfig),
        ] {
            let properties = schema.get("properties").and_then(Value::as_object).unwrap();
            for (key, property) in properties {
                assert!(property.get("description").is_some(), "{key}");
                assert!(property.get("default").is_some(), "{key}");
            }
        }
    }
}
