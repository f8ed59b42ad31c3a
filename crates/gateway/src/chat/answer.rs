//! Answers to approvals. Commands, plain words (`word.rs`) and buttons are all `/approve` or `/deny`,
//! pass the gate, and end in the one function that decides.

use countersign_domain::access::Scope;
use countersign_domain::approvals::{Approval, Choice, DecideError};
use countersign_domain::chat::{Delivery, PostedCard};
use countersign_domain::commands::{Builtin, CommandLine};
use countersign_domain::digest::Digest;
use countersign_domain::ids::{ApprovalId, RuleId, RunId};
use countersign_domain::runs::RunStatus;
use countersign_domain::slash_access::AuthorizedCommand;
use countersign_ports::store::StoreError;

use super::dispatch::{Gated, told_of_failure};
use super::press::{CARD_LOOKS, CARD_PAUSE};
use super::receive::Heard;
use super::reply::Reply;
use super::speak::Manner;
use super::speaker::{Speaker, ToldBy};
use super::waiting::{Meant, approving, ending, names_approval};
use crate::answer_question::AnswerError;
use crate::gateway::Gateway;
use crate::manage_rules::RevokeRuleError;
use crate::resolve_approval::{Answer, ResolveError, Resolved};

impl Gateway {
    /// `/approve`.
    pub(super) async fn approve(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
    ) -> Result<Reply, StoreError> {
        let (mut which, mut choice, mut digest) = (None, None, None);
        for word in command.arguments().split_whitespace() {
            match (approving(word), word.parse::<Digest>()) {
                (Some(named), _) if choice.is_none() => choice = Some(named),
                (None, Ok(seen)) if digest.is_none() => digest = Some(seen),
                (None, Err(_)) if which.is_none() && names_approval(word) => which = Some(word),
                (Some(_) | None, _) => {
                    return Ok(Reply::own(
                        "Nothing was decided. /approve [id|all] [once|session|always] [digest]",
                    ));
                }
            }
        }
        let answer = Answer { digest, ..Answer::of(choice.unwrap_or(Choice::Once), None) };
        self.answer_meant(speaker, command, which, &answer).await
    }

    /// `/deny`.
    pub(super) async fn deny(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
    ) -> Result<Reply, StoreError> {
        let arguments = command.arguments();
        let (first, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
        let (which, reason) =
            if names_approval(first) { (Some(first), rest) } else { (None, arguments) };
        let reason = Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        self.answer_meant(speaker, command, which, &Answer::of(Choice::Deny, reason)).await
    }

    /// `/rules`: those of the conversation and the persistent ones.
    pub(super) async fn rules_here(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
    ) -> Result<Reply, StoreError> {
        let session = self.conversation(speaker).await?.map(|found| found.value.session);
        let rules = match session {
            Some(session) => self.store.approvals().rules_for(session, self.clock.now()).await?,
            None => Vec::new(),
        };
        let mut words = command.arguments().split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (None | Some("list"), None, None) => {
                let mut reply = Reply::own(format!("{} rules in force here.", rules.len()));
                for rule in rules {
                    reply = reply
                        .and(format!("\n{} ", rule.id))
                        .quoting(self.redactor.redact(&rule.describes).into_owned());
                }
                Ok(reply)
            }
            (Some("revoke"), Some(id), None) => {
                let meant = id.parse::<RuleId>().ok();
                let listed = meant.filter(|id| rules.iter().any(|rule| rule.id == *id));
                let Some(id) = listed else {
                    return Ok(Reply::own("There is no such rule here; /rules lists them."));
                };
                if speaker.told_by == ToldBy::Caller
                    && let Err(lacks) = speaker.caller.require(Scope::ApprovalsDecide)
                {
                    return Ok(Reply::own(format!("The rule stands: {lacks}.")));
                }
                match self.revoke_rule_of(id, &speaker.caller).await {
                    Ok(()) => Ok(Reply::own("The rule is taken back.")),
                    Err(RevokeRuleError::NoRule(_) | RevokeRuleError::Forbidden(_)) => {
                        Ok(Reply::own("There is no such rule any more."))
                    }
                    Err(RevokeRuleError::Store(error)) => Err(error),
                }
            }
            (_, _, _) => Ok(Reply::own("/rules [list|revoke id]")),
        }
    }

    /// Text that answers the question of a run that is at work. `None` if it asks nothing.
    pub(super) async fn answer_to_question(
        &self,
        speaker: &Speaker,
        run: RunId,
        text: &str,
        delivery: Option<&Delivery>,
    ) -> Result<Option<Heard>, StoreError> {
        let found = self.run(run).await?.value;
        // What is asked beside an approval that waits is to be answered, too.
        let waits =
            matches!(found.status(), RunStatus::WaitingForAnswer | RunStatus::WaitingForApproval);
        if !waits || !self.asks(run).await? {
            return Ok(None);
        }
        // A run asks whoever began it. What others say meanwhile is for the agent, after it.
        let is_asked = found.requested_by == speaker.caller.principal
            || speaker.caller.scopes.contains(&Scope::Admin);
        if !is_asked {
            let heard = self.speak(speaker, text, Manner::Queued, delivery.cloned()).await?;
            return Ok(Some(heard));
        }
        self.take_delivery(delivery.cloned()).await?;
        let reply = match self.answer_question(run, None, text, &speaker.in_conversation()).await {
            Ok(()) => None,
            Err(AnswerError::Store(error)) => {
                Some(told_of_failure(delivery.is_some(), Err(error))?)
            }
            Err(error) => Some(Reply::own(format!("This answered nothing: {error}"))),
        };
        Ok(Some(Heard { reply, ..Heard::default() }))
    }

    /// Passes the gate as `builtin`, and answers this approval, of which a card was seen.
    pub(super) async fn answered(
        &self,
        speaker: &Speaker,
        builtin: Builtin,
        about: (ApprovalId, Option<&PostedCard>),
        (choice, reason): (Choice, Option<String>),
    ) -> Result<Reply, StoreError> {
        let choice = if builtin == Builtin::Deny { Choice::Deny } else { choice };
        let reason = reason.map(|reason| reason.trim().to_owned());
        let reason = reason.filter(|why| builtin == Builtin::Deny && !why.is_empty());
        let Ok(word) = builtin.word().parse() else {
            return Ok(Reply::default());
        };
        let line = CommandLine::new(word, &about.0.to_string());
        match self.gate(speaker, &line).await? {
            Gated::Authorized(command) => {
                self.answer_one(speaker, &command, about, &Answer::of(choice, reason)).await
            }
            Gated::Refused(reply) => Ok(reply),
            Gated::Unknown => Ok(Reply::own("Nothing was decided.")),
        }
    }

    async fn answer_meant(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
        which: Option<&str>,
        answer: &Answer,
    ) -> Result<Reply, StoreError> {
        let ids = match self.meant(speaker, which).await? {
            Meant::These(ids) => ids,
            Meant::Unclear(reply) => return Ok(reply),
        };
        let mut replies = Reply::default();
        let mut looks = CARD_LOOKS;
        for (number, id) in ids.into_iter().enumerate() {
            if number > 0 {
                replies = replies.and("\n");
            }
            let here = self.card_here(speaker, id, &mut looks).await?;
            let about = (id, here.as_ref());
            replies = replies.joined(self.answer_one(speaker, command, about, answer).await?);
        }
        Ok(replies)
    }

    /// Answers one approval, of which this card was seen. Only with a command that passed the gate.
    async fn answer_one(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
        (id, here): (ApprovalId, Option<&PostedCard>),
        answer: &Answer,
    ) -> Result<Reply, StoreError> {
        let name = ending(id);
        if speaker.told_by == ToldBy::Caller
            && let Err(lacks) = speaker.caller.require(Scope::ApprovalsDecide)
        {
            return Ok(Reply::own(format!("{name} was not decided: {lacks}.")));
        }
        if answer.choice.approves() && here.is_some_and(|card| !card.whole) {
            let cut = "its card here does not show all of it. Decide it in the web page, or with";
            return Ok(Reply::own(format!(
                "{name} was not decided: {cut} `countersign approvals approve`."
            )));
        }
        // What nobody has seen here is approved only by whoever says what it is.
        let unseen = here.is_some_and(|card| card.message.is_none()) && answer.digest.is_none();
        if answer.choice.approves() && unseen {
            let how = format!("its card was not shown here. /approvals {id} shows what it is.");
            return Ok(Reply::own(format!("{name} was not decided: {how}")));
        }
        // Whoever is an admin of one kind of chat is nobody to what was asked in another.
        let rights = match (here, speaker.told_by) {
            (None, ToldBy::Platform) => speaker.caller.rights(),
            (Some(_), _) | (None, ToldBy::Caller) => speaker.rights(command.tier()),
        };
        let answer = answer.about(here);
        let reply = match self.resolve_with(id, &answer, (&speaker.caller, rights)).await {
            Ok(Resolved::Now(_)) if answer.choice == Choice::Deny => {
                Reply::own(format!("Denied: {name}."))
            }
            Ok(Resolved::Now(approval)) => {
                let choice = approval.state.decision().map_or(answer.choice, |made| made.choice);
                Reply::own(format!("Approved ({}): {name}.", choice.as_str()))
            }
            Ok(Resolved::Counted(approval) | Resolved::CountedBefore(approval)) => {
                let (given, needed) = (approval.votes.len(), approval.needed);
                Reply::own(format!("Your vote counts: {given} of {needed} for {name}."))
            }
            Ok(Resolved::Before(approval)) => match decided(&approval) {
                Some(told) => Reply::own(format!("You had answered {name} before: {told}.")),
                None => Reply::own(format!("You had answered {name} before.")),
            },
            Err(ResolveError::Refused { error, approval }) => refused(&name, &error, &approval),
            Err(ResolveError::Store(error)) => return Err(error),
            Err(error) => Reply::own(format!("{name} was not decided: ")).and(error.to_string()),
        };
        Ok(reply)
    }

    /// The card of an approval where somebody speaks. Where it is being put there, it is looked again:
    /// the quickest answer is quicker than the note of that.
    pub(super) async fn card_here(
        &self,
        speaker: &Speaker,
        id: ApprovalId,
        looks: &mut u32,
    ) -> Result<Option<PostedCard>, StoreError> {
        let Some(found) = self.store.approvals().approval(id).await? else {
            return Ok(None);
        };
        loop {
            let cards = self.store.chats().cards_of_run(found.value.requester.run_id).await?;
            let here = cards.into_iter().map(|card| card.value);
            let here = here
                .filter(|card| card.approval_id == id && card.address == speaker.address)
                .max_by_key(|card| (card.message.is_some(), card.shows));
            if *looks == 0 || here.as_ref().is_none_or(|card| card.message.is_some()) {
                return Ok(here);
            }
            *looks -= 1;
            tokio::time::sleep(CARD_PAUSE).await;
        }
    }
}

impl Answer {
    /// This answer, for whatever is shown.
    fn of(choice: Choice, reason: Option<String>) -> Self {
        Self { choice, reason, digest: None, count: None }
    }

    /// This answer, about what a card shows: what has changed since is not answered. Without a card
    /// it is not known what was seen: then what a person edited, or what stands for several calls,
    /// is not approved.
    fn about(&self, card: Option<&PostedCard>) -> Self {
        let seen = card.map(|card| (card.digest, card.count));
        Self {
            digest: self.digest.or(seen.map(|(digest, _)| digest)),
            count: seen.map(|(_, count)| count),
            ..self.clone()
        }
    }
}

/// Who decided what, and when.
pub(super) fn decided(approval: &Approval) -> Option<String> {
    let made = approval.state.decision()?;
    Some(format!("`{}` by {} at {}", made.choice.as_str(), made.by, made.at))
}

fn refused(name: &str, error: &DecideError, approval: &Approval) -> Reply {
    match (error, decided(approval)) {
        (DecideError::AlreadyDecided(_), Some(told)) => {
            Reply::own(format!("{name} was decided before: {told}. Nothing changed."))
        }
        _ => Reply::own(format!("{name} was not decided: {error}.")),
    }
}
