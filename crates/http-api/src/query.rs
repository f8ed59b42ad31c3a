//! Query parameters: each known, given once and of the right form, or refused by name.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use countersign_ports::store::PageRequest;

use crate::problem::Problem;
use crate::server::App;

/// The parameters of a request. A handler takes what it knows; the rest is refused.
pub(crate) struct Parameters(BTreeMap<String, String>);

impl FromRequestParts<App> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::from_request_parts(parts, app).await;
        let Query(pairs) =
            pairs.map_err(|_| Problem::invalid("invalid_value", "", "the query cannot be read"))?;
        let mut found = BTreeMap::new();
        for (name, value) in pairs {
            if found.insert(name.clone(), value).is_some() {
                let message = format!("`{name}` was given more than once");
                return Err(Problem::invalid("invalid_value", &name, message));
            }
        }
        Ok(Self(found))
    }
}

impl Parameters {
    /// A parameter, if it was given.
    pub(crate) fn parsed<T>(&mut self, name: &str) -> Result<Option<T>, Problem>
    where
        T: FromStr,
        T::Err: Display,
    {
        let Some(text) = self.0.remove(name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|error: T::Err| {
            Problem::invalid("invalid_value", name, format!("`{name}`: {error}"))
        })
    }

    /// A parameter that is one of some words.
    pub(crate) fn word<T>(
        &mut self,
        name: &str,
        known: impl IntoIterator<Item = T>,
        word: impl Fn(&T) -> &'static str,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.0.remove(name) else {
            return Ok(None);
        };
        let mut words = Vec::new();
        for value in known {
            if word(&value) == text {
                return Ok(Some(value));
            }
            words.push(word(&value));
        }
        let message = format!("`{name}` is one of {}", words.join(", "));
        Err(Problem::invalid("invalid_value", name, message))
    }

    /// `limit` and `cursor` of a list.
    pub(crate) fn page<Id>(&mut self, most: usize) -> Result<PageRequest<Id>, Problem>
    where
        Id: FromStr,
        Id::Err: Display,
    {
        let limit = self.parsed("limit")?.unwrap_or(20);
        if !(1..=most).contains(&limit) {
            let message = format!("`limit` is a number from 1 to {most}");
            return Err(Problem::invalid("invalid_value", "limit", message));
        }
        Ok(PageRequest { before: self.parsed("cursor")?, limit })
    }

    /// Refuses what nobody took.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(name) => {
                let message = format!("there is no parameter `{name}` here");
                Err(Problem::invalid("unknown_parameter", &name, message))
            }
        }
    }
}
