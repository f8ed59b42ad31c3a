//! Ids of responses: `resp_` and the digits of the run's id.

use std::fmt;
use std::str::FromStr;

use countersign_domain::ids::RunId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::path::Named;

const PREFIX: &str = "resp_";

/// A run, by the name that it has as a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResponseId(pub(crate) RunId);

/// What a text is that is no such id.
#[derive(Debug, thiserror::Error)]
#[error("an id of a response is `resp_` followed by 32 hex digits")]
pub(crate) struct InvalidResponseId;

impl FromStr for ResponseId {
    type Err = InvalidResponseId;

    fn from_str(text: &str) -> Result<Self, InvalidResponseId> {
        let digits = text.strip_prefix(PREFIX).ok_or(InvalidResponseId)?;
        let run = format!("{}{digits}", RunId::PREFIX).parse();
        run.map(Self).map_err(|_| InvalidResponseId)
    }
}

impl fmt::Display for ResponseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = self.0.to_string();
        write!(f, "{PREFIX}{}", run.trim_start_matches(RunId::PREFIX))
    }
}

impl Serialize for ResponseId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ResponseId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Named for ResponseId {
    const WHAT: &'static str = "response";
    const NOT_FOUND: &'static str = "response_not_found";
}
