//! The configuration in force, as people read it: made by whoever has read it, shown as it is.

use serde_json::Value;

/// The configuration that this gateway was started with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SettingsView {
    /// The file that it was read from.
    pub file: String,
    /// Every value, in the order of their keys.
    pub settings: Vec<Setting>,
}

/// One value of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Its key, such as `approvals.mode`.
    pub key: String,
    /// What it is.
    pub value: SettingValue,
    /// Where it comes from.
    pub source: SettingSource,
}

/// What may be shown of a value. There is no place in it for a secret.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingValue {
    /// All of it.
    Shown(Value),
    /// A secret that is there.
    SecretSet,
    /// A secret that is not.
    SecretUnset,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingSource {
    /// Nobody has said anything else.
    Default,
    /// The file, on this line where that is known.
    File(Option<u64>),
    /// An argument of the command line, without its value.
    Argument(String),
    /// These variables of the environment.
    Environment(String),
}
