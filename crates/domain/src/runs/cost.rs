//! What tokens cost, in whole numbers: sums of many small amounts stay exact.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::runs::Usage;

/// An amount of money, in billionths of a US dollar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cost(u64);

impl Cost {
    /// So many billionths of a dollar.
    pub const fn from_nano_usd(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Cost {
    /// In dollars, exactly, with two decimals or more.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:09}", self.0 % NANO);
        let kept = decimals.trim_end_matches('0');
        write!(f, "{}.{kept:0<2}", self.0 / NANO)
    }
}

const NANO: u64 = 1_000_000_000;

/// What a token costs, in billionths of a millionth of a US dollar: dollars for a million tokens with six
/// decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price(u64);

/// Decimals of a price that are kept.
const DECIMALS: usize = 6;

/// The highest price, in dollars for a million tokens.
const HIGHEST: u64 = 1_000_000;

/// Why a text is no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a price from 0 to 1000000 with at most 6 decimals")]
pub struct InvalidPrice;

impl FromStr for Price {
    type Err = InvalidPrice;

    /// Reads dollars for a million tokens, such as `0.3`.
    fn from_str(text: &str) -> Result<Self, InvalidPrice> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > DECIMALS {
            return Err(InvalidPrice);
        }
        let dollars: u64 = whole.parse().map_err(|_| InvalidPrice)?;
        let parts: u64 = format!("{decimals:0<DECIMALS$}").parse().map_err(|_| InvalidPrice)?;
        if dollars > HIGHEST {
            return Err(InvalidPrice);
        }
        Ok(Self(dollars * 1_000_000 + parts))
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:06}", self.0 % 1_000_000);
        let decimals = decimals.trim_end_matches('0');
        let whole = self.0 / 1_000_000;
        if decimals.is_empty() { write!(f, "{whole}") } else { write!(f, "{whole}.{decimals}") }
    }
}

/// What the tokens of one model cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prices {
    /// Those read.
    pub input: Price,
    /// Those written.
    pub output: Price,
    /// Those read that its server had kept; `None` if they cost what all cost.
    pub cache_read: Option<Price>,
    /// Those read that its server has kept for later; `None` if they cost what all cost.
    pub cache_write: Option<Price>,
}

impl Prices {
    /// What `usage` costs.
    pub fn cost(&self, usage: &Usage) -> Cost {
        let kept = usage.cache_read_tokens.saturating_add(usage.cache_write_tokens);
        let parts = [
            (usage.input_tokens.saturating_sub(kept), self.input),
            (usage.output_tokens, self.output),
            (usage.cache_read_tokens, self.cache_read.unwrap_or(self.input)),
            (usage.cache_write_tokens, self.cache_write.unwrap_or(self.input)),
        ];
        // A token of the price 1 costs 10^-12 dollars: a thousand of them make a billionth.
        let exact: u128 =
            parts.iter().map(|(tokens, price)| u128::from(*tokens) * u128::from(price.0)).sum();
        Cost(u64::try_from(exact.div_ceil(1000)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn a_price_is_read_exactly_or_not_at_all() {
        for text in ["0", "3", "0.3", "3.75", "0.000001", "1000000"] {
            assert_eq!(price(text).to_string(), text);
        }
        assert_eq!(price("3.10"), price("3.1"));
        for text in ["", ".", "1.", ".5", "-1", "1e3", "0.0000001", "1000001", "1.2.3", "NaN", " 1"]
        {
            assert_eq!(text.parse::<Price>(), Err(InvalidPrice), "{text}");
        }
    }

    #[test]
    fn what_was_kept_is_counted_once_and_at_its_own_price() {
        let usage = Usage {
            input_tokens: 1_000_000,
            output_tokens: 100_000,
            cache_read_tokens: 600_000,
            cache_write_tokens: 100_000,
        };
        let all = Prices {
            input: price("3"),
            output: price("15"),
            cache_read: Some(price("0.3")),
            cache_write: Some(price("3.75")),
        };
        // 0.9 + 1.5 + 0.18 + 0.375
        assert_eq!(all.cost(&usage).to_string(), "2.955");
        let plain = Prices { cache_read: None, cache_write: None, ..all };
        assert_eq!(plain.cost(&usage).to_string(), "4.50");
        assert_eq!(plain.cost(&Usage::default()).to_string(), "0.00");
        let most = Usage { input_tokens: u64::MAX, output_tokens: u64::MAX, ..Usage::default() };
        assert_eq!(plain.cost(&most), Cost(u64::MAX));
    }

    #[test]
    fn a_run_claims_a_cost_only_if_every_reply_had_a_price() {
        let run = serde_json::json!({
            "id": format!("run_{:032x}", 1), "session_id": format!("sess_{:032x}", 1),
            "requested_by": "operator", "instructions": null, "model": null, "metadata": {},
            "created_at": "2026-11-18T11:06:40Z", "updated_at": "2026-11-18T11:06:40Z",
            "state": {"status": "queued"}, "entries": 0, "steps": 0, "active_ms": 0,
            "usage": {"input_tokens": 0, "output_tokens": 0},
        });
        let mut run: crate::runs::Run = serde_json::from_value(run).unwrap();
        assert_eq!((run.cost(), run.spent.len()), (None, 0));
        let usage = Usage { input_tokens: 1_000_000, ..Usage::default() };
        let (input, output) = (price("2"), price("8"));
        let prices = Prices { input, output, cache_read: None, cache_write: None };
        run.spend("a", usage, Some(&prices));
        run.spend("b", usage, Some(&prices));
        run.spend("a", usage, Some(&prices));
        let names: Vec<&str> = run.spent.iter().map(|spent| spent.model.as_str()).collect();
        assert_eq!((names, run.usage.input_tokens), (vec!["b", "a"], 3_000_000));
        assert_eq!(run.cost().unwrap().to_string(), "6.00");
        run.spend("b", usage, None);
        run.spend("b", usage, Some(&prices));
        assert_eq!((run.cost(), run.spent[1].cost), (None, None));
        assert_eq!(run.spent[0].cost.unwrap().to_string(), "4.00");
    }

    #[test]
    fn an_amount_is_written_in_dollars() {
        for (nanos, text) in
            [(0, "0.00"), (1, "0.000000001"), (10_000_000, "0.01"), (1_234_500_000, "1.2345")]
        {
            assert_eq!(Cost::from_nano_usd(nanos).to_string(), text);
        }
    }
}
