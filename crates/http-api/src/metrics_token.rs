//! The token of whoever collects figures: it opens `/metrics` and nothing else.
//!
//! It is not a key of the store, because figures are wanted most when the store does not answer.

use crate::config::HttpConfig;
use crate::env_key::check_env_key;

/// A token that cannot be used; names its key.
#[derive(Debug, thiserror::Error)]
#[error("`{key}`: {problem}")]
pub struct InvalidToken {
    /// The key, with dots.
    pub key: &'static str,
    /// What is wrong.
    pub problem: String,
}

impl HttpConfig {
    /// The token, if there is one; `environment` reads a variable. One that is named and cannot be
    /// had, or could be guessed, is an error.
    pub fn metrics_token(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<String>, InvalidToken> {
        self.check_metrics_token()?;
        let (key, token) = match (&self.metrics_token_env, &self.metrics_token_file) {
            (None, None) => return Ok(None),
            (Some(name), _) => {
                let unset = || format!("the environment variable `{name}` is not set");
                (ENV, environment(name).ok_or_else(|| wrong(ENV, unset()))?)
            }
            (None, Some(path)) => {
                let unread = |error| wrong(FILE, format!("`{}`: {error}", path.display()));
                (FILE, std::fs::read_to_string(path).map_err(unread)?)
            }
        };
        let token = token.trim_end_matches(['\r', '\n']).to_owned();
        check_env_key(&token).map_err(|error| wrong(key, error.to_string()))?;
        Ok(Some(token))
    }

    /// What can be said of it without looking at this machine.
    pub fn check_metrics_token(&self) -> Result<(), InvalidToken> {
        if self.metrics_token_env.is_some() && self.metrics_token_file.is_some() {
            return Err(wrong(FILE, format!("`{ENV}` is set too; use one of them")));
        }
        Ok(())
    }
}

const ENV: &str = "gateway.metrics_token_env";
const FILE: &str = "gateway.metrics_token_file";

fn wrong(key: &'static str, problem: String) -> InvalidToken {
    InvalidToken { key, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "9f86d081884c7d659a2feaa0c55ad015";

    #[test]
    fn a_token_comes_from_one_place_and_cannot_be_guessed() {
        let named = |name: Option<&str>, file: Option<&str>| HttpConfig {
            metrics_token_env: name.map(str::to_owned),
            metrics_token_file: file.map(Into::into),
            ..HttpConfig::default()
        };
        let given = |name: &str| match name {
            "GOOD" => Some(format!("{GOOD}\n")),
            "WEAK" => Some("changeme-changeme".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let of = |config: HttpConfig| config.metrics_token(given).map_err(|error| error.key);
        assert_eq!(of(named(None, None)), Ok(None));
        assert_eq!(of(named(Some("GOOD"), None)), Ok(Some(GOOD.to_owned())));
        for name in ["WEAK", "EMPTY", "UNSET"] {
            assert_eq!(of(named(Some(name), None)), Err(ENV), "{name}");
        }
        assert_eq!(of(named(None, Some("/nonexistent/token"))), Err(FILE));
        assert_eq!(of(named(Some("GOOD"), Some("/nonexistent/token"))), Err(FILE));
    }
}
