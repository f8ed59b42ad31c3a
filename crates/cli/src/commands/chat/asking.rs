//! What a person is being asked in a chat, and which answers count.
//!
//! An answer that names no approval counts only while exactly one has been asked about and that
//! has not changed since the person last saw the question.

use std::collections::BTreeMap;

use crate::approval::Approval;
use crate::commands::approvals::Vote;
use crate::output::inert_line;

/// An abbreviation of an id has at least this many of its last digits.
const SHORTEST_ENDING: usize = 6;

/// The open questions of a chat.
#[derive(Debug, Default)]
pub(super) struct Asking {
    approvals: BTreeMap<String, Approval>,
    question: Option<Question>,
    changed: bool,
}

/// The agent's own question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// The call that asks.
    pub(super) call_id: String,
    /// The question.
    pub(super) text: String,
}

/// What a typed line comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    /// Nothing is decided.
    Nothing,
    /// This approval is decided.
    Vote(Box<Approval>, Vote),
    /// The agent's question is answered.
    Reply(String, String),
    /// The person is told why nothing is decided.
    Unclear(String),
}

impl Asking {
    /// An approval was put to the person.
    pub(super) fn ask(&mut self, approval: Approval) {
        self.approvals.insert(approval.id.clone(), approval);
    }

    /// The agent asks something.
    pub(super) fn question(&mut self, question: Question) {
        self.question = Some(question);
    }

    /// The agent's question was answered.
    pub(super) fn answered(&mut self, call_id: &str) {
        if self.question.as_ref().is_some_and(|question| question.call_id == call_id) {
            self.question = None;
        }
    }

    /// An approval has ended; whether it was being asked about.
    pub(super) fn ended(&mut self, id: &str) -> bool {
        let known = self.approvals.remove(id).is_some();
        self.changed |= known;
        known
    }

    /// Whether anything is open.
    pub(super) fn is_open(&self) -> bool {
        !self.approvals.is_empty() || self.question.is_some()
    }

    /// What is shown when a line is awaited. From now on the person has seen what is open.
    pub(super) fn prompt(&self) -> Option<String> {
        let mut open = self.approvals.values();
        match (open.next(), open.next()) {
            (Some(only), None) => Some(format!("{} [reason]? ", words(only))),
            (Some(_), Some(_)) => {
                let list = self
                    .approvals
                    .values()
                    .map(|approval| format!("  {}  {}\n", ending(approval), approval.summary(60)));
                let list: String = list.collect();
                Some(format!("{list}once, session, always or deny, and which (6 last digits)? "))
            }
            (None, _) => self.question.as_ref().map(|_| "answer> ".to_owned()),
        }
    }

    /// What `line` decides.
    pub(super) fn read(&mut self, line: &str) -> Typed {
        let changed = std::mem::take(&mut self.changed);
        let line = line.trim();
        if line.is_empty() {
            return Typed::Nothing;
        }
        if self.approvals.is_empty() {
            return match &self.question {
                Some(question) => Typed::Reply(question.call_id.clone(), line.to_owned()),
                None => Typed::Nothing,
            };
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let Some(choice) =
            ["once", "session", "always", "deny"].into_iter().find(|choice| *choice == word)
        else {
            return Typed::Unclear(format!(
                "`{}` decides nothing; type once, session, always or deny",
                inert_line(word, 40)
            ));
        };
        match self.meant(rest.trim(), changed) {
            Ok((approval, reason)) => {
                let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
                Typed::Vote(Box::new(approval.clone()), Vote { choice, reason })
            }
            Err(why) => Typed::Unclear(why),
        }
    }

    fn meant<'a, 'b>(
        &'a self,
        rest: &'b str,
        changed: bool,
    ) -> Result<(&'a Approval, &'b str), String> {
        let (first, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let mut named = self.approvals.values().filter(|approval| {
            let digits = first.chars().all(|c| c.is_ascii_hexdigit());
            approval.id == first
                || (digits && first.len() >= SHORTEST_ENDING && approval.id.ends_with(first))
        });
        if let (Some(approval), None) = (named.next(), named.next()) {
            return Ok((approval, reason.trim()));
        }
        let mut open = self.approvals.values();
        match (open.next(), open.next()) {
            (Some(only), None) if !changed => Ok((only, rest)),
            (Some(_), None) => {
                Err("the question has changed meanwhile; look at it and type again".to_owned())
            }
            (_, _) => Err("more than one is open; say which".to_owned()),
        }
    }
}

fn words(approval: &Approval) -> String {
    let choices = approval.choices.iter().map(|choice| inert_line(choice, 20));
    choices.collect::<Vec<_>>().join(" / ")
}

fn ending(approval: &Approval) -> String {
    let id = &approval.id;
    let cut = id.chars().count().saturating_sub(SHORTEST_ENDING);
    id.chars().skip(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approval(digits: &str) -> Approval {
        serde_json::from_value(serde_json::json!({
            "approval_id": format!("appr_{digits:0>32}"),
            "session_id": "s", "run_id": "r", "kind": "exec", "command": "x",
            "digest": "sha256:0", "choices": ["once", "deny"], "status": "pending",
        }))
        .unwrap()
    }

    fn voted(typed: &Typed) -> Option<(&str, &str, Option<&str>)> {
        match typed {
            Typed::Vote(approval, vote) => {
                Some((approval.id.as_str(), vote.choice, vote.reason.as_deref()))
            }
            Typed::Nothing | Typed::Reply(..) | Typed::Unclear(_) => None,
        }
    }

    #[test]
    fn an_empty_line_and_any_other_word_decide_nothing() {
        let mut asking = Asking::default();
        asking.ask(approval("abcdef"));
        assert_eq!(asking.read("  "), Typed::Nothing);
        for line in ["y", "yes", "ok", "approve", "Once", "o"] {
            assert!(matches!(asking.read(line), Typed::Unclear(_)), "{line}");
        }
    }

    #[test]
    fn a_word_decides_the_only_one_and_may_have_a_reason() {
        let mut asking = Asking::default();
        asking.ask(approval("abcdef"));
        let typed = asking.read("deny not on a Friday");
        let id = approval("abcdef").id;
        assert_eq!(voted(&typed), Some((id.as_str(), "deny", Some("not on a Friday"))));
    }

    #[test]
    fn of_several_the_one_that_is_named_is_decided() {
        let mut asking = Asking::default();
        asking.ask(approval("abcdef"));
        asking.ask(approval("123456"));
        assert!(matches!(asking.read("once"), Typed::Unclear(_)));
        let typed = asking.read("once 123456");
        let id = approval("123456").id;
        assert_eq!(voted(&typed), Some((id.as_str(), "once", None)));
    }

    #[test]
    fn a_word_typed_while_the_question_changes_decides_nothing() {
        let mut asking = Asking::default();
        asking.ask(approval("abcdef"));
        asking.ask(approval("123456"));
        assert!(asking.ended(&approval("abcdef").id));
        assert!(matches!(asking.read("once"), Typed::Unclear(_)));
        assert!(voted(&asking.read("once")).is_some());
    }
}
