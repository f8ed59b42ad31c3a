//! Strings of which parts may be unknown until run time.

/// Stands for any text that is not known. A noncharacter, so no honest command contains it.
pub(crate) const UNKNOWN: char = '\u{10ffff}';

/// Where an unknown text comes from. A set of flags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Taint(u8);

impl Taint {
    pub(crate) const NONE: Self = Self(0);
    /// Bytes from the network.
    pub(crate) const NETWORK: Self = Self(1);
    /// What a command or a file of this machine says.
    pub(crate) const LOCAL: Self = Self(2);
    /// A credential.
    pub(crate) const SECRET: Self = Self(4);
    /// Names of files.
    pub(crate) const NAMES: Self = Self(8);
    /// A variable that was set elsewhere.
    pub(crate) const VARIABLE: Self = Self(16);

    /// A file of the checkout, unchanged.
    pub(crate) const OWN: Self = Self(32);

    /// All variables of the environment with their values.
    pub(crate) const ENVIRONMENT: Self = Self(64);

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// A text with its origins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) text: String,
    pub(crate) taint: Taint,
}

impl Value {
    pub(crate) fn known(text: impl Into<String>) -> Self {
        Self { text: text.into(), taint: Taint::NONE }
    }

    pub(crate) fn unknown(taint: Taint) -> Self {
        Self { text: UNKNOWN.to_string(), taint }
    }

    pub(crate) fn is_known(&self) -> bool {
        !self.text.contains(UNKNOWN)
    }

    /// Nothing of it is known, or it is a glob, so that it may be any number of words.
    pub(crate) fn is_open(&self) -> bool {
        self.text.chars().eq([UNKNOWN]) || self.taint.has(Taint::NAMES)
    }

    pub(crate) fn push(&mut self, other: &Self) {
        // Beyond this nothing is folded; what is longer is unknown.
        if self.text.len() + other.text.len() > 1 << 15 {
            *self = Self::unknown(self.taint.with(other.taint));
        } else {
            self.text.push_str(&other.text);
            self.taint = self.taint.with(other.taint);
        }
    }
}

/// One word of a command after expansion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) text: String,
    pub(crate) taint: Taint,
    /// Holds an active glob character.
    pub(crate) glob: bool,
    /// Holds something unknown outside of quotes, which may be several words.
    pub(crate) open: bool,
}

impl Field {
    pub(crate) fn known(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(crate) fn is_known(&self) -> bool {
        !self.text.contains(UNKNOWN)
    }

    pub(crate) fn value(&self) -> Value {
        Value { text: self.text.clone(), taint: self.taint }
    }

    /// As a parameter gets it: a glob is kept as it is written, marked as the names it stands for.
    pub(crate) fn argument(&self) -> Value {
        let taint = if self.glob { self.taint.with(Taint::NAMES) } else { self.taint };
        Value { text: self.text.clone(), taint }
    }
}
