//! Proposing an effect: it is assessed, and then runs, is asked about or is forbidden.

use countersign_domain::action::Action;
use countersign_domain::approvals::{CancelReason, LapseReason, Rule};
use countersign_domain::assessment::Assessment;
use countersign_domain::audit::AuditKind;
use countersign_domain::display::one_line;
use countersign_domain::guard::{Ruling, rule_on};
use countersign_domain::ids::{CallId, RunId};
use countersign_domain::runs::{Event, Question, Run, RunStatus, ToolCall, ToolCallState};
use countersign_domain::verdict::Verdict;
use countersign_ports::effect_gate::{Passage, Slot};
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};
use serde_json::json;

use crate::effect_gate::{PREVIEW, Start, event, moved, started};
use crate::gateway::Gateway;
use crate::grants::Right;
use crate::guard::{Assessed, LEAVING_SECRET};
use crate::join_request::Place;
use crate::replies;
use crate::service_chats::goes_beyond;

impl Gateway {
    pub(crate) async fn try_propose(
        &self,
        run_id: RunId,
        call_id: CallId,
        action: &Action,
        slot: Slot,
    ) -> Result<Passage, StoreError> {
        let run = self.run(run_id).await?;
        let call = self.call(call_id).await?;
        if let Some(passage) = already_settled(&call.value) {
            return Ok(passage);
        }
        let now = self.clock.now();
        if is_ending(&run.value) {
            let result = replies::cancelled(CancelReason::RunStopped);
            return self.refuse(call, &result, UnitOfWork::new(), now).await;
        }
        if let Some(passage) = self.of_service_chats(&run, &call, (action, slot)).await? {
            return Ok(passage);
        }
        let inspected = self.inspect(action).await;
        let (action, assessed) = (&inspected.action, &inspected.assessed);
        let covering = self.covering_rule(&run.value, action, assessed).await?;
        let preview = self.preview(action);
        let mut work = UnitOfWork::new().and(event(run_id, now, started(&call.value, preview)));
        let leaves = self.guard.outbound().is_outbound(action);
        let mode = self.mode_in(run.value.session_id).await?;
        let ruling = rule_on(action, &assessed.assessment, mode, covering.as_ref());
        if !matches!(ruling, Ruling::Forbid) {
            if let Some(full) = self.full_destination(action, now).await? {
                return self.refuse_full(&run.value, call, (action, &full), work).await;
            }
            let token = self.presented_by(&call.value, action);
            // Only what starts at once may use a grant up, or count on a rule that somebody revokes.
            if slot == Slot::Taken && (token.is_some() || !matches!(ruling, Ruling::Ask)) {
                return Ok(Passage::NoSlot);
            }
            if let Some(token) = token {
                return self.start_on_token(&run.value, call, (action, &token), work).await;
            }
        }
        let run = &run.value;
        match ruling {
            // What leaves the house takes a grant, also when nobody is asked.
            Ruling::Run(_) if leaves => {
                let off = assessed.assessment.verdict() == Verdict::Ask;
                let right = if off { Right::ApprovalsOff } else { Right::Exempt };
                work.push(self.audit_allowed(run, action, &assessed.assessment));
                self.start_on_new_grant(run, call, (action, right), work).await
            }
            Ruling::Run(permit) => {
                work.push(self.audit_allowed(run, action, &assessed.assessment));
                let action = action.clone();
                self.start(Start { call, approval_id: None, permit, action }, work).await
            }
            Ruling::Covered(rule) => {
                work.push(self.audit_effect(run, AuditKind::RuleUsed, action, &json!(rule.id)));
                work.push(Change::UseRule(rule.id, now));
                self.start_on_new_grant(run, call, (action, Right::Rule(rule)), work).await
            }
            Ruling::Ask => {
                let shown = self.bind_reads(inspected).await;
                self.ask_people(run, call, (&shown.action, &shown.assessed), work).await
            }
            Ruling::Forbid => self.forbid(run, call, (action, assessed), work).await,
        }
    }

    /// Puts `action` to people.
    async fn ask_people(
        &self,
        run: &Run,
        call: Versioned<ToolCall>,
        (action, assessed): (&Action, &Assessed),
        mut work: UnitOfWork,
    ) -> Result<Passage, StoreError> {
        match self.place_of(run, &call.value, action, assessed).await? {
            Place::Own => {}
            Place::Joined(joined) => return self.join_card(call, *joined, work).await,
            Place::Full => return self.ask_nobody(run, call, action, work).await,
        }
        let approval = self.open_approval(run, &call.value, action, assessed).await?;
        let id = approval.id;
        self.add_approval(&approval, &mut work);
        work.push(moved(call, ToolCallState::AwaitingApproval { approval_id: id }));
        self.commit(work).await?;
        Ok(Passage::Waiting(id))
    }

    pub(crate) async fn forbid(
        &self,
        run: &Run,
        call: Versioned<ToolCall>,
        (action, assessed): (&Action, &Assessed),
        mut work: UnitOfWork,
    ) -> Result<Passage, StoreError> {
        let assessment = &assessed.assessment;
        let secret = assessment.findings().iter().any(|found| found.id.as_str() == LEAVING_SECRET);
        let result = if secret {
            let why = json!({"code": "secret_in_content"});
            work.push(self.audit_effect(run, AuditKind::OutboundBlocked, action, &why));
            replies::secret_in_content(assessment)
        } else {
            replies::forbidden(assessment)
        };
        let why = self.redacted_findings(assessment);
        work.push(self.audit_effect(run, AuditKind::EffectForbidden, action, &why));
        self.refuse(call, &result, work, self.clock.now()).await
    }

    /// Starts what nobody is asked about, on a grant of its own.
    pub(crate) async fn start_on_new_grant(
        &self,
        run: &Run,
        call: Versioned<ToolCall>,
        (action, right): (&Action, Right<'_>),
        mut work: UnitOfWork,
    ) -> Result<Passage, StoreError> {
        let now = self.clock.now();
        let binding = self.binding(action, &call.value.call.tool, run.session_id);
        let grant = self.issue(right, &binding, &mut work);
        let verified = match self.present(&grant, &binding, now) {
            Ok(verified) => verified,
            Err(error) => {
                tracing::error!(call = %call.value.call.id, %error, "a grant was refused");
                let result = match right {
                    Right::Rule(_) => replies::lapsed(LapseReason::GrantRefused),
                    Right::Exempt | Right::ApprovalsOff | Right::ServiceChat => replies::no_grant(),
                };
                return self.refuse(call, &result, UnitOfWork::new(), now).await;
            }
        };
        self.start_uncarded(run, call, (action, verified), work).await
    }

    /// The oldest standing rule that covers `action`.
    async fn covering_rule(
        &self,
        run: &Run,
        action: &Action,
        assessed: &Assessed,
    ) -> Result<Option<Rule>, StoreError> {
        let now = self.clock.now();
        let session = run.session_id;
        let rules = self.store.approvals().rules_for(session, now).await?;
        let covers =
            |rule: &Rule| rule.in_force(Some(session), now) && assessed.is_covered_by(rule, action);
        Ok(rules.into_iter().find(covers))
    }

    pub(crate) async fn try_ask(
        &self,
        run_id: RunId,
        call_id: CallId,
        question: &Question,
    ) -> Result<(), StoreError> {
        let call = self.call(call_id).await?;
        let ToolCallState::Proposed = call.value.state else {
            return Ok(());
        };
        let run = self.run(run_id).await?;
        if goes_beyond(&run.value, &call.value) {
            return self.refuse_beyond_turn(&run.value, call).await.map(drop);
        }
        let now = self.clock.now();
        let text = self.redactor.redact(&question.text).into_owned();
        let preview = one_line(&text, PREVIEW);
        let asked = Event::ClarifyRequired { call_id, question: text };
        let work = UnitOfWork::new()
            .and(event(run_id, now, started(&call.value, preview)))
            .and(event(run_id, now, asked))
            .and(moved(call, ToolCallState::AwaitingAnswer { question: question.clone() }));
        self.commit(work).await?;
        Ok(())
    }

    /// The beginning of what an action is about to do, in one line.
    pub(crate) fn preview(&self, action: &Action) -> String {
        let text = match action {
            Action::HttpRequest { method, url, .. } => format!("{method} {url}"),
            Action::SendMessage { text, .. } => {
                format!("{}: {text}", action.bound_destination())
            }
            Action::SendEmail { subject, .. } => {
                format!("{}: {}", action.bound_destination(), subject.as_str())
            }
            Action::Exec { .. }
            | Action::Code { .. }
            | Action::FileRead { .. }
            | Action::FileWrite { .. } => action.text().to_owned(),
        };
        one_line(&self.redactor.redact(&text), PREVIEW)
    }

    fn audit_allowed(&self, run: &Run, action: &Action, assessment: &Assessment) -> Change {
        let findings = self.redacted_findings(assessment);
        // Without a rule, what would be asked runs only because approvals are off; the log says so.
        let off = assessment.verdict() == Verdict::Ask;
        let why = json!({ "approvals": if off { "off" } else { "on" }, "findings": findings });
        self.audit_effect(run, AuditKind::EffectAllowed, action, &why)
    }
}

/// What to answer about a call that is past being proposed.
pub(crate) fn already_settled(call: &ToolCall) -> Option<Passage> {
    match &call.state {
        ToolCallState::Done { result } => Some(Passage::Refused(result.clone())),
        ToolCallState::AwaitingApproval { approval_id } => Some(Passage::Waiting(*approval_id)),
        // Only the one who got the permit may run it; to anybody else it may have run.
        ToolCallState::Started { .. } => Some(Passage::Refused(replies::indeterminate())),
        ToolCallState::Proposed | ToolCallState::AwaitingAnswer { .. } => None,
    }
}

/// Whether nothing more may start in this run.
fn is_ending(run: &Run) -> bool {
    run.status() == RunStatus::Stopping || run.status().is_final()
}
