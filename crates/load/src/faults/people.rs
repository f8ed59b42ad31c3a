//! Those who start runs and decide.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures::future::join_all;
use serde_json::Value;

use super::ledger::Ledger;
use crate::api::{Answer, items, text};
use crate::cluster::Cluster;
use crate::dice::Dice;

/// So many faults may be behind the runs that belong to them.
const SLACK: u64 = 4;

/// So long people try at least, whatever is wrong with the nodes.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the people work on.
#[derive(Clone, Copy)]
pub(super) struct Town<'t> {
    pub(super) cluster: &'t Cluster,
    pub(super) ledger: &'t Ledger,
    pub(super) seed: u64,
    pub(super) runs: u64,
    pub(super) faults: u64,
    /// How long an approval stays open.
    pub(super) lasting: Duration,
}

/// How somebody answers an approval.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Approve,
    Deny,
    Never,
    /// The same answer to two nodes at once.
    DoubleClick,
    /// Two answers to two nodes at once.
    Contradict,
}

impl Town<'_> {
    /// Everybody works until all runs were started and decided.
    pub(super) async fn live(&self, people: u64) {
        join_all((0..people).map(|person| self.person(person, people))).await;
        self.ledger.end();
    }

    async fn person(&self, first: u64, people: u64) {
        let mut number = first;
        while number < self.runs {
            while number * self.faults > (self.ledger.faults() + SLACK) * self.runs {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            self.ledger.begin();
            if let Err(error) = self.errand(number).await {
                // What was acknowledged is checked at the end, whoever has given up meanwhile.
                self.ledger.count("errands given up");
                drop(error);
            }
            number += people;
        }
    }

    /// Starts one run and answers what it asks.
    async fn errand(&self, number: u64) -> Result<()> {
        let mut dice = Dice::of(self.seed, number + 1);
        let calls = 1 + u64::from(dice.one_in(4));
        let script: Vec<_> =
            (0..calls).map(|call| format!("run echo {number} >> effect-{number}-{call}")).collect();
        let (key, input) = (format!("run-{number}"), script.join("\n"));
        let run = self.started(number, &key, &input, &mut dice).await?;
        let deadline = Instant::now() + self.lasting;
        let mut seen = BTreeSet::new();
        let mut pause = Duration::from_millis(60);
        let path = format!("/v1/approvals?run_id={run}&limit=10");
        while Instant::now() < deadline {
            let mut silent = false;
            for approval in self.look(&path, &mut dice).await {
                let id = text(&approval, "approval_id")?.to_owned();
                if seen.contains(&id) || text(&approval, "status")? != "pending" {
                    continue;
                }
                let manner = manner(&mut dice);
                silent |= matches!(manner, Manner::Never);
                self.answer(&id, manner, &mut dice).await;
                seen.insert(id);
                pause = Duration::from_millis(60);
            }
            if silent || self.is_over(&run, &mut dice).await {
                break;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
        if dice.one_in(10) {
            // Long after the answer the same request arrives once more.
            self.ledger.count("starts repeated late");
            self.started(number, &key, &input, &mut dice).await?;
        }
        Ok(())
    }

    /// Sends a start until some node accepts it; at times to two at once.
    async fn started(
        &self,
        number: u64,
        key: &str,
        input: &str,
        dice: &mut Dice,
    ) -> Result<String> {
        let deadline = Instant::now() + self.lasting.max(PATIENCE);
        while Instant::now() < deadline {
            let one = self.cluster.any(dice)?.api().start(key, input);
            let answers = if dice.one_in(10) {
                self.ledger.count("starts sent to two nodes at once");
                let (one, two) = tokio::join!(one, self.cluster.any(dice)?.api().start(key, input));
                vec![one, two]
            } else {
                vec![one.await]
            };
            let mut accepted = None;
            for answer in answers {
                match answer {
                    Ok(Answer { status, body }) if status.is_success() => {
                        let run = text(&body, "run_id")?.to_owned();
                        self.ledger.accepted(number, &run);
                        accepted = Some(run);
                    }
                    other => self.unanswered("start", other),
                }
            }
            if let Some(run) = accepted {
                return Ok(run);
            }
            tokio::time::sleep(dice.millis(50, 300)).await;
        }
        bail!("no node takes run {number}")
    }

    async fn look(&self, path: &str, dice: &mut Dice) -> Vec<Value> {
        let Ok(node) = self.cluster.any(dice) else { return Vec::new() };
        let list = node.api().get(path).await;
        list.and_then(|list| items(&list)).unwrap_or_default()
    }

    async fn is_over(&self, run: &str, dice: &mut Dice) -> bool {
        let Ok(node) = self.cluster.any(dice) else { return false };
        let found = node.api().get(&format!("/v1/runs/{run}")).await;
        let status = found.as_ref().ok().and_then(|run| run.get("status")?.as_str());
        status.is_some_and(super::settle::is_end)
    }

    async fn answer(&self, approval: &str, manner: Manner, dice: &mut Dice) {
        let (what, [one, two]) = match manner {
            Manner::Never => return self.ledger.count("approvals that nobody answers"),
            Manner::Approve => return self.decide(approval, "once", dice).await,
            Manner::Deny => return self.decide(approval, "deny", dice).await,
            Manner::DoubleClick => {
                ("approvals double-clicked on two nodes at once", ["once", "once"])
            }
            Manner::Contradict => ("approvals contradicted on two nodes at once", ["once", "deny"]),
        };
        self.ledger.count(what);
        let mut other = Dice::of(dice.roll(u64::MAX), 0);
        tokio::join!(self.decide(approval, one, dice), self.decide(approval, two, &mut other));
    }

    /// Sends an answer until some node says what has become of it.
    async fn decide(&self, approval: &str, choice: &'static str, dice: &mut Dice) {
        let deadline = Instant::now() + self.lasting.max(PATIENCE);
        while Instant::now() < deadline {
            let Ok(node) = self.cluster.any(dice) else { return };
            match node.api().resolve(approval, choice).await {
                Ok(Answer { status, body }) if status.is_success() => {
                    let stored = body.pointer("/approval/decision/choice").and_then(Value::as_str);
                    if stored != Some(choice) {
                        let what = format!("{approval}: `{choice}` was accepted, and says {body}");
                        self.ledger.violation(what);
                    }
                    self.ledger.decided(approval, choice);
                    return;
                }
                // Somebody else was quicker, or time was; the decision that stands is checked later.
                Ok(Answer { status, .. }) if matches!(status.as_u16(), 409 | 410) => {
                    return self.ledger.count("answers that came too late (409, 410)");
                }
                other => self.unanswered("answer", other),
            }
            tokio::time::sleep(dice.millis(50, 300)).await;
        }
        self.ledger.count("answers given up");
    }

    fn unanswered(&self, what: &str, answer: Result<Answer>) {
        match answer {
            Err(_) => self.ledger.count(&format!("requests without an answer ({what})")),
            Ok(Answer { status, body }) if status.is_server_error() => {
                drop(body);
                self.ledger.count(&format!("requests refused with {} ({what})", status.as_u16()));
            }
            Ok(Answer { status, body }) => {
                self.ledger
                    .violation(format!("{what}: an answer that nothing explains: {status} {body}"));
            }
        }
    }
}

fn manner(dice: &mut Dice) -> Manner {
    match dice.roll(20) {
        0..=2 => Manner::Deny,
        3 => Manner::Never,
        4..=5 => Manner::DoubleClick,
        6 => Manner::Contradict,
        _ => Manner::Approve,
    }
}
