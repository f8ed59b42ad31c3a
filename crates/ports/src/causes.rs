//! Errors in words.

use std::error::Error;

/// `words` and the causes of `error` behind them: what an error says by itself is often little.
pub fn with_causes(words: impl Into<String>, error: &dyn Error) -> String {
    let mut words = words.into();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    words
}
