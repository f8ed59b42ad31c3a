//! What statements are given.

use bytes::BytesMut;
use countersign_domain::digest::Digest;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A parameter. Its kind is named when a statement is prepared, so the server never guesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A text, or none.
    Text(Option<String>),
    /// A number, or none.
    Number(Option<i64>),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// The type of its column.
    pub(super) const fn kind(&self) -> Type {
        match self {
            Self::Text(_) => Type::TEXT,
            Self::Number(_) => Type::INT8,
            Self::Bytes(_) => Type::BYTEA,
        }
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Text(text) => text.to_sql(kind, out),
            Self::Number(number) => number.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::TEXT, Type::INT8, Type::BYTEA].contains(kind)
    }

    to_sql_checked!();
}

/// PostgreSQL's texts cannot hold the character U+0000. Only searched columns can meet it (in
/// documents it is escaped), and there its picture does.
pub(crate) fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', &PICTURE.to_string()) } else { text }
}

/// The picture of the character U+0000.
pub(super) const PICTURE: char = '\u{2400}';

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(storable(text)))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl From<&Digest> for Value {
    fn from(digest: &Digest) -> Self {
        Self::Bytes(digest.as_bytes().to_vec())
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text.map(storable))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        i64::from(number).into()
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        i64::from(number).into()
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        i64::from(truth).into()
    }
}

/// The values of a statement, in their order.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::postgres::value::Value::from($value)),*]
    };
}

pub(super) use values;
