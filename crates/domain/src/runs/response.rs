//! Runs that were asked for as responses: what clients of that interface are told of them later.

use serde::{Deserialize, Serialize};

use crate::ids::RunId;

/// What a run is as a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsResponse {
    /// The run of the response that it goes on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<RunId>,
    /// How many entries of its journal it was given; what the model says comes after them.
    pub given: u32,
    /// Whether it can be read as a response.
    pub keeping: Keeping,
}

/// Whether a response can be read once it has been answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeping {
    /// For as long as its run is kept.
    Kept,
    /// Its caller did not want it kept.
    Unkept,
    /// Its caller has deleted it.
    Deleted,
}
