//! The one form of every list.

use serde::Serialize;
use utoipa::ToSchema;

/// A part of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    #[schema(example = "list")]
    object: &'static str,
    /// The items.
    data: Vec<T>,
    /// What to give as `cursor` for the next part; `null` at the end.
    next_cursor: Option<String>,
}

impl<T> List<T> {
    /// A part of a list.
    pub(crate) fn part(data: Vec<T>, next: Option<impl ToString>) -> Self {
        Self { object: "list", data, next_cursor: next.map(|next| next.to_string()) }
    }

    /// A list that comes in one part.
    pub(crate) const fn whole(data: Vec<T>) -> Self {
        Self { object: "list", data, next_cursor: None }
    }
}
