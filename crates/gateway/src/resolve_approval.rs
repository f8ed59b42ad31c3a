//! Deciding an approval: the one function that every surface calls.

use countersign_domain::access::Scope;
use countersign_domain::approvals::{
    Approval, Attempt, Ballot, Choice, DecideError, Decided, Decision, NotAnApprover, Rights, Rule,
    RuleScope, Status, decide,
};
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::digest::Digest;
use countersign_domain::identity::Actor;
use countersign_domain::ids::{ApprovalId, RuleId};
use countersign_domain::runs::{ApprovalNotice, Event, RunStatus};
use countersign_domain::time::Timestamp;
use countersign_domain::verdict::Verdict;
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};
use serde_json::{Map, json};

use crate::caller::{Caller, Forbidden};
use crate::effect_gate::event;
use crate::effect_gate::resume;
use crate::gateway::{Gateway, Settles};
use crate::replies::reasons;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 280;

/// What somebody answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The answer.
    pub choice: Choice,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// The digest of what the person saw.
    pub digest: Option<Digest>,
    /// The number of identical calls that the card counted; `None` saw one.
    pub count: Option<u32>,
}

/// What came of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// It decided the approval, and is on stable storage.
    Now(Box<Approval>),
    /// It is one of the votes that are needed, and is on stable storage.
    Counted(Box<Approval>),
    /// This person's vote, or the one of the same seat, is counted already.
    CountedBefore(Box<Approval>),
    /// The same principal had given the same answer before.
    Before(Box<Approval>),
}

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// No such approval, or the caller may not see it.
    #[error("there is no approval `{0}`")]
    NotFound(ApprovalId),
    /// The caller may not decide anything.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The caller may not decide this.
    #[error(transparent)]
    NotAnApprover(#[from] NotAnApprover),
    /// The policy has become stricter since the question was asked.
    #[error("this action is forbidden now: {0}")]
    ForbiddenNow(String),
    /// The reason is too long.
    #[error("the reason has {0} characters; at most {LONGEST_REASON} are kept")]
    ReasonTooLong(usize),
    /// The approval does not take the answer.
    #[error("{error}")]
    Refused {
        /// Why.
        error: DecideError,
        /// The approval as it is.
        approval: Box<Approval>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Settles for ResolveError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl Gateway {
    /// Decides an approval. When this returns, the decision is on stable storage; only then does
    /// anybody hear of it.
    pub async fn resolve_approval(
        &self,
        id: ApprovalId,
        answer: &Answer,
        caller: &Caller,
    ) -> Result<Resolved, ResolveError> {
        caller.require(Scope::ApprovalsDecide)?;
        self.resolve_with(id, answer, (caller, caller.rights())).await
    }

    /// The same for somebody whose surface has proved that they may answer there, with these
    /// rights.
    pub(crate) async fn resolve_with(
        &self,
        id: ApprovalId,
        answer: &Answer,
        (caller, rights): (&Caller, Rights),
    ) -> Result<Resolved, ResolveError> {
        let length = answer.reason.as_deref().map_or(0, |reason| reason.chars().count());
        if length > LONGEST_REASON {
            return Err(ResolveError::ReasonTooLong(length));
        }
        let resolved =
            self.until_settled(|| self.try_resolve(id, answer, (caller, rights))).await?;
        if let Resolved::Now(approval) = &resolved {
            self.wake(approval.requester.run_id);
            // A denial may have ended the run. The decision stands whether or not the next is called.
            if approval.status() == Status::Denied
                && let Err(error) = self.wake_successor(approval.requester.run_id).await
            {
                tracing::warn!(%error, "the next run of a session could not be called");
            }
        }
        Ok(resolved)
    }

    async fn try_resolve(
        &self,
        id: ApprovalId,
        answer: &Answer,
        (caller, rights): (&Caller, Rights),
    ) -> Result<Resolved, ResolveError> {
        let approval =
            self.store.approvals().approval(id).await?.ok_or(ResolveError::NotFound(id))?;
        let (by, choice) = (caller.principal.clone(), answer.choice);
        let attempt = Attempt { by, rights, choice };
        let now = self.clock.now();
        let seat = match self.settings.approvers.authorize(&approval.value, &attempt, now) {
            Ok(seat) => seat,
            Err(refused) => {
                self.audit_refused(&approval.value, answer, caller).await?;
                return Err(refused.into());
            }
        };
        if answer.choice.approves()
            && approval.value.status() == Status::Pending
            && let Some(why) = self.refuses_now(&approval.value).await?
        {
            self.audit_refused(&approval.value, answer, caller).await?;
            return Err(ResolveError::ForbiddenNow(why));
        }
        let choice = approval.value.choice_with(answer.choice);
        let rule = self.rule_left_by(&approval.value, choice, caller, now);
        let mut decision = Decision::new(
            answer.choice,
            caller.principal.clone(),
            answer.reason.clone().filter(|reason| !reason.trim().is_empty()),
            now,
        );
        if let Some(rule) = &rule {
            decision = decision.leaving(rule.id);
        }
        if answer.choice.approves() {
            decision = decision.granting(self.new_grant_id());
        }
        let ballot = Ballot {
            decision,
            seat,
            count: answer.count.unwrap_or(1),
            needed: self.settings.quorum.needed(approval.value.assessment.severity()),
        };
        match decide(&approval.value, ballot, answer.digest) {
            Ok(Decided::Before(_)) => Ok(Resolved::Before(Box::new(approval.value))),
            Ok(Decided::CountedBefore(_)) => Ok(Resolved::CountedBefore(Box::new(approval.value))),
            Ok(Decided::Counted(next)) => {
                self.commit(self.vote_work(&next, approval.version, caller)).await?;
                Ok(Resolved::Counted(next))
            }
            Ok(Decided::Now(next)) => {
                let work = self.decision_work(&approval, &next, rule, now).await?;
                self.commit(work).await?;
                Ok(Resolved::Now(next))
            }
            Err(error) => {
                self.audit_refused(&approval.value, answer, caller).await?;
                Err(ResolveError::Refused { error, approval: Box::new(approval.value) })
            }
        }
    }

    /// Why an action cannot be approved any more, if it cannot: the policy in force, or its chat.
    async fn refuses_now(&self, approval: &Approval) -> Result<Option<String>, StoreError> {
        match self.chat_forbids(approval).await? {
            Some(why) => Ok(Some(why)),
            None => Ok(self.forbids_now(approval).await),
        }
    }

    /// Why the policy in force forbids an action that it asked about before, if it does.
    pub(crate) async fn forbids_now(&self, approval: &Approval) -> Option<String> {
        let assessment = self.inspect(&approval.action).await.assessed.assessment;
        (assessment.verdict() == Verdict::Forbid).then(|| reasons(&assessment))
    }

    /// The rule that `choice` leaves behind, if it leaves one.
    fn rule_left_by(
        &self,
        approval: &Approval,
        choice: Choice,
        caller: &Caller,
        now: Timestamp,
    ) -> Option<Rule> {
        let (scope, expires_at) = match choice {
            Choice::Session => (
                RuleScope::Session { session_id: approval.requester.session_id },
                Some(now.after(self.settings.session_rule_ttl)),
            ),
            Choice::Always => (RuleScope::Always, None),
            Choice::Once | Choice::Deny => return None,
        };
        let coverage = approval.offer.covers.clone()?;
        Some(Rule {
            id: RuleId::from_uuid(self.entropy.uuid()),
            scope,
            matcher: coverage.matcher,
            describes: coverage.describes,
            made_by: caller.principal.clone(),
            from_approval: approval.id,
            created_at: now,
            expires_at,
            uses: 0,
            last_used_at: None,
        })
    }

    /// Everything that becomes durable with a decision.
    async fn decision_work(
        &self,
        before: &Versioned<Approval>,
        next: &Approval,
        rule: Option<Rule>,
        now: Timestamp,
    ) -> Result<UnitOfWork, StoreError> {
        let actor = next
            .state
            .decision()
            .map_or(Actor::System, |decision| Actor::Principal(decision.by.clone()));
        let run_id = next.requester.run_id;
        let mut work = UnitOfWork::new()
            .and(event(run_id, now, self.resolution(next)))
            .and(self.audit_approval(next, AuditKind::ApprovalDecided, actor.clone()));
        if let Some(rule) = rule {
            work.push(Change::AddAudit(Box::new(AuditRecord {
                at: now,
                kind: AuditKind::RuleCreated,
                actor,
                subject: rule.id.to_string(),
                session: Some(next.requester.session_id),
                detail: Map::from_iter([(
                    "describes".to_owned(),
                    json!(self.redactor.redact(&rule.describes)),
                )]),
            })));
            work.push(Change::AddRule(Box::new(rule)));
        }
        self.issue_for_decision(next, &mut work);
        work.push(Change::UpdateApproval(Box::new(next.clone()), before.version));
        self.hand_out_shares(next, now, &mut work).await?;
        if next.status() == Status::Denied
            && let Some(times) = self.denied_too_often(next).await?
        {
            self.stop_for_denials(next, times, now, &mut work).await?;
        } else {
            self.resume_waiting_run(run_id, now, &mut work).await?;
        }
        Ok(work)
    }

    /// If the run waits, it goes on in the same commit. If it does not, the commit depends on
    /// that: otherwise a run that goes to sleep at the same instant would sleep through it.
    pub(crate) async fn resume_waiting_run(
        &self,
        run_id: countersign_domain::ids::RunId,
        now: Timestamp,
        work: &mut UnitOfWork,
    ) -> Result<(), StoreError> {
        let run = self.run(run_id).await?;
        match run.value.status() {
            RunStatus::WaitingForApproval | RunStatus::WaitingForAnswer => {
                work.push(resume(&run, now));
            }
            RunStatus::Queued
            | RunStatus::Running
            | RunStatus::Stopping
            | RunStatus::Completed
            | RunStatus::Failed
            | RunStatus::Cancelled => work.push(Change::ExpectRun(run_id, run.version)),
        }
        Ok(())
    }

    /// The event that tells how an approval ended.
    pub(crate) fn resolution(&self, approval: &Approval) -> Event {
        let decision = approval.state.decision();
        Event::ApprovalResolved(ApprovalNotice {
            approval_id: approval.id,
            status: approval.status(),
            choice: decision.map(|decision| decision.choice),
            reason: decision
                .and_then(|decision| decision.reason.as_deref())
                .map(|reason| self.redactor.redact(reason).into_owned()),
            decided_by: decision.map(|decision| decision.by.clone()),
        })
    }

    async fn audit_refused(
        &self,
        approval: &Approval,
        answer: &Answer,
        caller: &Caller,
    ) -> Result<(), StoreError> {
        let record = AuditRecord {
            at: self.clock.now(),
            kind: AuditKind::ApprovalRefused,
            actor: Actor::Principal(caller.principal.clone()),
            subject: approval.id.to_string(),
            session: Some(approval.requester.session_id),
            detail: Map::from_iter([
                ("choice".to_owned(), json!(answer.choice)),
                ("status".to_owned(), json!(approval.status())),
            ]),
        };
        self.commit(UnitOfWork::new().and(Change::AddAudit(Box::new(record)))).await?;
        Ok(())
    }
}
