//! Reading JSON as the real one does: no field that it does not know, none missing, none too long.

use serde_json::{Map, Value};

use super::refusal::Refusal;

/// An object of a request, and what it is called.
pub(super) struct Object<'v> {
    name: &'static str,
    fields: &'v Map<String, Value>,
}

impl<'v> Object<'v> {
    /// `value`, which may have these fields and no others.
    pub(super) fn of(
        name: &'static str,
        value: &'v Value,
        known: &[&str],
    ) -> Result<Self, Refusal> {
        let wrong = || Refusal::parameter(&format!("Param {name} must be a JSON object."));
        let fields = value.as_object().ok_or_else(wrong)?;
        match fields.keys().find(|field| !known.contains(&field.as_str())) {
            Some(field) => {
                let what = format!("Unexpected key \"{field}\" on param \"{name}\".");
                Err(Refusal::parameter(&what))
            }
            None => Ok(Self { name, fields }),
        }
    }

    /// A field that may be missing.
    pub(super) fn get(&self, field: &str) -> Option<&'v Value> {
        self.fields.get(field)
    }

    /// A field that must be there.
    pub(super) fn need(&self, field: &str) -> Result<&'v Value, Refusal> {
        let missing =
            || Refusal::of(131_008, &format!("Param {}['{field}'] is required.", self.name));
        self.get(field).ok_or_else(missing)
    }

    /// A text of 1 to `most` characters.
    pub(super) fn text(&self, field: &str, most: usize) -> Result<&'v str, Refusal> {
        self.bounded(field, self.need(field)?, most)
    }

    /// The same, where it may be missing.
    pub(super) fn text_if_any(&self, field: &str, most: usize) -> Result<Option<&'v str>, Refusal> {
        self.get(field).map(|value| self.bounded(field, value, most)).transpose()
    }

    /// An array of 1 to `most` values.
    pub(super) fn list(&self, field: &str, most: usize) -> Result<&'v [Value], Refusal> {
        let values = self.need(field)?.as_array().map(Vec::as_slice).unwrap_or_default();
        if values.is_empty() || values.len() > most {
            let what = format!("Param {}['{field}'] must have 1 to {most} elements.", self.name);
            return Err(Refusal::value(&what));
        }
        Ok(values)
    }

    fn bounded(&self, field: &str, value: &'v Value, most: usize) -> Result<&'v str, Refusal> {
        let name = self.name;
        let text = value.as_str().ok_or_else(|| {
            Refusal::parameter(&format!("Param {name}['{field}'] must be a string."))
        })?;
        let length = text.chars().count();
        if text.trim().is_empty() || length > most {
            let what = format!("Param {name}['{field}'] has {length} characters, of 1 to {most}.");
            return Err(Refusal::value(&what));
        }
        Ok(text)
    }
}
