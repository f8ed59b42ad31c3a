//! Arithmetic: `$((…))`, `((…))`, `let`, subscripts.

use super::Machine;
use super::state::Variable;
use super::value::{UNKNOWN, Value};

/// Longer expressions, and deeper ones, are not followed.
const MAX_LENGTH: usize = 512;
const MAX_DEPTH: u32 = 24;

/// Operators by how tightly they bind, the loosest first.
const BINARY: &[&[&str]] = &[
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
    &["**"],
];
const ASSIGNING: &[&str] = &["<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "="];

impl Machine<'_> {
    /// What an expression yields; none when something in it is not known. Assignments in it happen.
    pub(crate) fn evaluate(&mut self, text: &str) -> Option<i64> {
        if text.len() > MAX_LENGTH || text.contains(UNKNOWN) {
            return None;
        }
        let mut evaluation = Evaluation { machine: self, text, at: 0, depth: 0, skips: false };
        let value = evaluation.comma();
        evaluation.blanks();
        let whole = evaluation.at == text.len();
        if value.is_none() || !whole {
            self.forget_assigned(text);
            return None;
        }
        value
    }

    /// What an expression that is not followed may have assigned is not known.
    fn forget_assigned(&mut self, text: &str) {
        if !text.contains('=') && !text.contains("++") && !text.contains("--") {
            return;
        }
        for name in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            if super::wrappers::is_name(name) && self.state.variables.contains_key(name) {
                self.state.set(name, Value::unknown(super::value::Taint::NONE));
            }
        }
    }
}

struct Evaluation<'m, 'e, 't> {
    machine: &'m mut Machine<'e>,
    text: &'t str,
    at: usize,
    depth: u32,
    /// Inside a branch that is not taken: nothing is assigned.
    skips: bool,
}

impl Evaluation<'_, '_, '_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn comma(&mut self) -> Option<i64> {
        let mut value = self.ternary()?;
        while self.eat(",") {
            value = self.ternary()?;
        }
        Some(value)
    }

    fn ternary(&mut self) -> Option<i64> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let condition = self.binary(0)?;
        let value = if self.eat("?") {
            let first = self.unless(condition == 0, Self::comma)?;
            if !self.eat(":") {
                return None;
            }
            let second = self.unless(condition != 0, Self::ternary)?;
            if condition == 0 { second } else { first }
        } else {
            condition
        };
        self.depth -= 1;
        Some(value)
    }

    fn unless<T>(&mut self, skips: bool, inner: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.skips;
        self.skips |= skips;
        let result = inner(self);
        self.skips = outer;
        result
    }

    fn binary(&mut self, level: usize) -> Option<i64> {
        let Some(operators) = BINARY.get(level) else {
            return self.unary();
        };
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = self.operator(operators) {
            self.at += operator.len();
            let short = (operator == "&&" && left == 0) || (operator == "||" && left != 0);
            // `**` binds to the right.
            let next = if operator == "**" { level } else { level + 1 };
            let right = self.unless(short, |inner| inner.binary(next))?;
            left = apply(operator, left, right)?;
        }
        Some(left)
    }

    /// The operator of this level that stands here, and no longer one of another level.
    fn operator(&mut self, operators: &[&'static str]) -> Option<&'static str> {
        self.blanks();
        let rest = self.rest();
        if ASSIGNING.iter().any(|a| rest.starts_with(a) && !rest.starts_with("==")) {
            return None;
        }
        let found = BINARY
            .iter()
            .flat_map(|level| level.iter())
            .filter(|o| rest.starts_with(**o))
            .max_by_key(|o| o.len())?;
        operators.contains(found).then_some(*found)
    }

    fn unary(&mut self) -> Option<i64> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        self.blanks();
        let value = if self.eat("++") {
            self.step(1)?
        } else if self.eat("--") {
            self.step(-1)?
        } else if self.eat("!") {
            i64::from(self.unary()? == 0)
        } else if self.eat("~") {
            !self.unary()?
        } else if self.eat("-") {
            self.unary()?.wrapping_neg()
        } else if self.eat("+") {
            self.unary()?
        } else if self.eat("(") {
            let value = self.comma()?;
            if !self.eat(")") {
                return None;
            }
            value
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Some(value)
    }

    /// `++name`.
    fn step(&mut self, by: i64) -> Option<i64> {
        let place = self.place()?;
        let value = self.value_of(&place)?.wrapping_add(by);
        self.store(&place, value);
        Some(value)
    }

    fn primary(&mut self) -> Option<i64> {
        self.blanks();
        if self.rest().starts_with(|c: char| c.is_ascii_digit()) {
            return self.number();
        }
        let place = self.place()?;
        self.blanks();
        let assigning = ASSIGNING
            .iter()
            .find(|a| self.rest().starts_with(**a) && !self.rest().starts_with("=="));
        if let Some(operator) = assigning {
            self.at += operator.len();
            let right = self.ternary()?;
            let value = match operator.strip_suffix('=').filter(|o| !o.is_empty()) {
                Some(operator) => apply(operator, self.value_of(&place)?, right)?,
                None => right,
            };
            self.store(&place, value);
            return Some(value);
        }
        let value = self.value_of(&place)?;
        if self.eat("++") {
            self.store(&place, value.wrapping_add(1));
        } else if self.eat("--") {
            self.store(&place, value.wrapping_sub(1));
        }
        Some(value)
    }

    fn number(&mut self) -> Option<i64> {
        let length = self
            .rest()
            .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '#' | '_' | '@'))
            .unwrap_or(self.rest().len());
        let text = self.rest().get(..length)?.to_owned();
        self.at += length;
        parse_number(&text)
    }

    /// A name, with a subscript if one stands there.
    fn place(&mut self) -> Option<(String, Option<i64>)> {
        self.blanks();
        let length = self
            .rest()
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(self.rest().len());
        let name = self.rest().get(..length).filter(|n| super::wrappers::is_name(n))?.to_owned();
        self.at += length;
        if !self.rest().starts_with('[') {
            return Some((name, None));
        }
        self.at += 1;
        let index = self.comma()?;
        self.eat("]").then_some((name, Some(index)))
    }

    fn value_of(&mut self, place: &(String, Option<i64>)) -> Option<i64> {
        let name = self.machine.state.named(&place.0);
        let value = match (self.machine.state.variables.get(name), place.1) {
            (Some(Variable::Unset), _) => Value::default(),
            (Some(variable), None) => variable.first(),
            (Some(Variable::Array(values)), Some(at)) => {
                values.get(usize::try_from(at).ok()?).cloned().unwrap_or_default()
            }
            (Some(Variable::Scalar(value)), Some(0)) => value.clone(),
            (Some(_) | None, Some(_)) => return None,
            (None, None) => self.machine.variable(&place.0)?,
        };
        let text = value.text.trim();
        if text.is_empty() { Some(0) } else { parse_number(text) }
    }

    fn store(&mut self, place: &(String, Option<i64>), value: i64) {
        if self.skips {
            return;
        }
        let value = Value::known(value.to_string());
        let name = self.machine.state.named(&place.0).to_owned();
        match (self.machine.state.variables.get_mut(&name), place.1) {
            (Some(Variable::Array(values)), index) => {
                let at = usize::try_from(index.unwrap_or(0)).unwrap_or(0);
                if let Some(slot) = values.get_mut(at) {
                    *slot = value;
                }
            }
            _ => self.machine.state.set(&name, value),
        }
    }
}

fn parse_number(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let value = if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        i64::from_str_radix(hex, 16).ok()?
    } else if let Some((base, digits)) = digits.split_once('#') {
        let base: u32 = base.parse().ok().filter(|b| (2..=36).contains(b))?;
        i64::from_str_radix(digits, base).ok()?
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8).ok()?
    } else {
        digits.parse().ok()?
    };
    Some(if negative { value.wrapping_neg() } else { value })
}

fn apply(operator: &str, left: i64, right: i64) -> Option<i64> {
    let shift = || u32::try_from(right.rem_euclid(64)).unwrap_or(0);
    Some(match operator {
        "||" => i64::from(left != 0 || right != 0),
        "&&" => i64::from(left != 0 && right != 0),
        "|" => left | right,
        "^" => left ^ right,
        "&" => left & right,
        "==" => i64::from(left == right),
        "!=" => i64::from(left != right),
        "<=" => i64::from(left <= right),
        ">=" => i64::from(left >= right),
        "<" => i64::from(left < right),
        ">" => i64::from(left > right),
        "<<" => left.wrapping_shl(shift()),
        ">>" => left.wrapping_shr(shift()),
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        "/" => left.checked_div(right)?,
        "%" => left.checked_rem(right)?,
        "**" => left.checked_pow(u32::try_from(right).ok()?)?,
        _ => return None,
    })
}
