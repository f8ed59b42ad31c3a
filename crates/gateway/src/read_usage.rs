//! What models were used for, and what that has cost.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use countersign_domain::access::Scope;
use countersign_domain::ids::SessionId;
use countersign_domain::runs::{Cost, Run, Spent, Usage};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{PageRequest, RunFilter};

use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::read_approvals::ReadError;

/// Runs that are read at a time.
const RUNS_READ: usize = 500;

/// The longest time that can be asked about.
pub const LONGEST_USAGE: Duration = Duration::from_hours(24 * 92);

/// By what usage is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageBy {
    /// The day on which runs were accepted, in UTC.
    Day,
    /// The model that answered.
    Model,
    /// The conversation.
    Session,
}

impl UsageBy {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Day, Self::Model, Self::Session];

    /// The word in the API.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Model => "model",
            Self::Session => "session",
        }
    }
}

/// Whose usage is wanted, and of when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageWanted {
    /// By what it is told apart.
    pub by: UsageBy,
    /// Of runs accepted then.
    pub span: Range<Timestamp>,
    /// Of this session only.
    pub session: Option<SessionId>,
}

/// What models were used for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageSum {
    /// So many runs asked a model.
    pub runs: u64,
    /// Tokens.
    pub usage: Usage,
    /// What those with a known price have cost; `None` if there are none.
    pub cost: Option<Cost>,
    /// Tokens without a known price.
    pub unpriced_tokens: u64,
}

/// The whole, and its parts by name: days and models in order, the newest day last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageReport {
    /// All of it.
    pub total: UsageSum,
    /// Its parts.
    pub parts: BTreeMap<String, UsageSum>,
}

impl UsageSum {
    pub(crate) fn add(&mut self, spent: &Spent) {
        self.usage = self.usage.and(spent.usage);
        if let Some(cost) = spent.cost {
            self.cost = Some(self.cost.unwrap_or_default().and(cost));
        } else {
            let tokens = spent.usage.input_tokens.saturating_add(spent.usage.output_tokens);
            self.unpriced_tokens = self.unpriced_tokens.saturating_add(tokens);
        }
    }
}

impl UsageReport {
    fn add(&mut self, run: &Run, by: UsageBy) {
        let spent = spent(run);
        if spent.is_empty() {
            return;
        }
        self.total.runs += 1;
        let mut seen = Vec::new();
        for spent in &spent {
            self.total.add(spent);
            let name = match by {
                UsageBy::Day => run.created_at.to_string().chars().take(10).collect(),
                UsageBy::Model => spent.model.clone(),
                UsageBy::Session => run.session_id.to_string(),
            };
            let part = self.parts.entry(name.clone()).or_default();
            part.add(spent);
            if !seen.contains(&name) {
                part.runs += 1;
                seen.push(name);
            }
        }
    }
}

/// What a run has used, by model. Of old runs only the sum is known, and the model that was asked for.
pub(crate) fn spent(run: &Run) -> Vec<Spent> {
    if !run.spent.is_empty() || run.usage == Usage::default() {
        return run.spent.clone();
    }
    let model = run.model.clone().unwrap_or_else(|| "unknown".to_owned());
    vec![Spent { model, usage: run.usage, cost: None }]
}

/// How far back usage is told when nothing is said about it.
const USUAL: Duration = Duration::from_hours(24 * 30);

impl Gateway {
    /// The time from `since` to `until`: the last thirty days, where nothing is said about it.
    pub fn usage_span(
        &self,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Range<Timestamp> {
        // What is accepted in this millisecond counts, too.
        let until = until.unwrap_or_else(|| self.clock.now().after(Duration::from_millis(1)));
        since.unwrap_or_else(|| until.before(USUAL))..until
    }

    /// What models were used for in the runs that the caller may see.
    pub async fn usage_report(
        &self,
        wanted: UsageWanted,
        caller: &Caller,
    ) -> Result<UsageReport, ReadError> {
        caller.require(Scope::Runs)?;
        let requested_by = (!caller.may(Scope::Admin)).then(|| caller.principal.clone());
        let filter = RunFilter { session_id: wanted.session, requested_by, status: None };
        let mut report = UsageReport::default();
        let mut before = None;
        loop {
            let request = PageRequest { before, limit: RUNS_READ };
            let page = self.store.runs().runs(filter.clone(), request).await?;
            let of_then = |run: &&Run| wanted.span.contains(&run.created_at);
            for run in page.items.iter().filter(of_then) {
                report.add(run, wanted.by);
            }
            // Ids follow the time, if not to the millisecond: a whole page that is older is enough.
            let newer = page.items.iter().any(|run| run.created_at >= wanted.span.start);
            before = page.next.filter(|_| newer);
            if before.is_none() {
                return Ok(report);
            }
        }
    }
}
