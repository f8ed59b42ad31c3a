//! What a message says: a text, or parts of one. What is no text is refused by name.

use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};

use crate::body::Object;
use crate::problem::Problem;

/// A text, or parts of one; empty where there is none.
#[derive(Debug, Default)]
pub(super) struct Content(Vec<ContentPartBody>);

/// A part of a message. Other members are not looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ContentPart)]
pub(crate) struct ContentPartBody {
    /// `text`, `input_text`, `output_text` or `refusal`; images, sound and files are refused.
    #[schema(example = "text")]
    r#type: String,
    text: Option<String>,
    refusal: Option<String>,
}

impl Content {
    /// All of its text, or which part of it, at `pointer`, is no text.
    pub(super) fn text(self, pointer: &str) -> Result<String, Problem> {
        let mut texts = Vec::with_capacity(self.0.len());
        for (index, part) in self.0.into_iter().enumerate() {
            let here = format!("{pointer}/{index}");
            texts.push(part.text(&here)?);
        }
        Ok(texts.join("\n"))
    }
}

impl ContentPartBody {
    fn text(self, pointer: &str) -> Result<String, Problem> {
        let (name, text) = match self.r#type.as_str() {
            "text" | "input_text" | "output_text" => ("text", self.text),
            "refusal" => ("refusal", self.refusal),
            other => {
                let message = format!(
                    "parts of the type `{other}` are not taken: the agent reads text alone"
                );
                return Err(Problem::invalid("unsupported_content_type", pointer, message));
            }
        };
        text.ok_or_else(|| {
            let message = format!("missing field `{name}`");
            Problem::invalid("missing_field", &format!("{pointer}/{name}"), message)
        })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of parts")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::default())
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        let text = Some(text.to_owned());
        Ok(Content(vec![ContentPartBody { r#type: "text".to_owned(), text, refusal: None }]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content, A::Error> {
        let mut parts = Vec::new();
        while let Some(Object(part)) = list.next_element::<Object<ContentPartBody>>()? {
            parts.push(part);
        }
        Ok(Content(parts))
    }
}

/// Something that is there and not looked at.
#[derive(Debug, Default)]
pub(super) struct Ignored(pub(super) bool);

impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<IgnoredAny>::deserialize(deserializer).map(|there| Self(there.is_some()))
    }
}

pub(super) fn text() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).into()
}

pub(super) fn content_schema() -> RefOr<Schema> {
    let parts = ArrayBuilder::new().items(Ref::from_schema_name("ContentPart"));
    let nothing = ObjectBuilder::new().schema_type(Type::Null);
    OneOfBuilder::new().item(text()).item(parts).item(nothing).into()
}
