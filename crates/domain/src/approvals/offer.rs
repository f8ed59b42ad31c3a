//! Which choices a card offers.

use serde::{Deserialize, Serialize};

use super::Choice;
use super::rules::Matcher;
use crate::assessment::Assessment;
use crate::verdict::Severity;

/// The choices of one approval, and what the lasting ones would cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// In the order in which surfaces show them.
    pub choices: Vec<Choice>,
    /// What `session` and `always` would cover; present exactly when one of them is offered.
    pub covers: Option<Coverage>,
}

/// What a lasting choice would cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// For comparing with later actions.
    pub matcher: Matcher,
    /// For people.
    pub describes: String,
}

/// What may be chosen: lasting choices only when a precise matcher exists and the content holds no
/// secret, and `always` never for what is critical.
pub fn offer(
    assessment: &Assessment,
    matcher: Option<(Matcher, String)>,
    holds_secret: bool,
) -> Offer {
    let covers = matcher
        .filter(|_| !holds_secret)
        .map(|(matcher, describes)| Coverage { matcher, describes });
    let critical = assessment.severity() == Some(Severity::Critical);
    let choices = Choice::ALL
        .into_iter()
        .filter(|choice| match choice {
            Choice::Once | Choice::Deny => true,
            Choice::Session => covers.is_some(),
            Choice::Always => covers.is_some() && !critical,
        })
        .collect();
    Offer { choices, covers }
}
