//! Two hundred power cuts: no approval is lost, no command runs twice, every run ends in a state
//! that the store explains.
//!
//! Each command appends a line to a file of its own, so that the number of its lines is the number
//! of times that it ran. The moments of the kills follow from a seed (`KILL_SEED`); the number of
//! kills from `KILLS`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use countersign_e2e::{Gateway, Setting, text, until};
use serde_json::{Value, json};

/// Puts every command of this test to a person, whatever the risk engine says of it.
const SETTINGS: [Setting; 3] = [
    ("approvals.ask", "['echo *']"),
    ("runs.max_working", "100000"),
    ("gateway.requests_per_minute", "10000000"),
];

/// What the gateway has acknowledged, and so must never lose.
#[derive(Default)]
struct Acknowledged {
    runs: Vec<String>,
    decisions: BTreeMap<String, &'static str>,
    effects: usize,
}

/// A small generator (xorshift64*): the same moments for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Works like a busy person until the process dies: starts runs, decides what is pending.
async fn work(gateway: &Gateway, known: &RefCell<Acknowledged>, dice: &RefCell<Dice>) {
    loop {
        // An error means that the process is dying or dead; the kill ends this loop.
        drop(step(gateway, known, dice).await);
    }
}

async fn step(
    gateway: &Gateway,
    known: &RefCell<Acknowledged>,
    dice: &RefCell<Dice>,
) -> Result<()> {
    let calls = 1 + dice.borrow_mut().roll(3);
    let script: Vec<String> = (0..calls)
        .map(|_| {
            let effect = known.borrow().effects;
            known.borrow_mut().effects += 1;
            format!("run& echo ran >> effect-{effect}")
        })
        .collect();
    let run = gateway.tell(&script.join("\n")).await?;
    known.borrow_mut().runs.push(text(&run, "run_id")?);
    for approval in pending(gateway).await? {
        let id = text(&approval, "approval_id")?;
        let choice = match dice.borrow_mut().roll(4) {
            0 => "deny",
            1 => continue,
            _ => "once",
        };
        gateway.resolve(&id, choice).await?;
        known.borrow_mut().decisions.insert(id, choice);
    }
    Ok(())
}

async fn pending(gateway: &Gateway) -> Result<Vec<Value>> {
    let list = gateway.get("/v1/approvals?status=pending&limit=100").await?;
    Ok(list.get("data").and_then(Value::as_array).context("no list")?.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_kill_loses_an_approval_or_runs_a_command_twice() -> Result<()> {
    let kills = number("KILLS", 200);
    let seed = number("KILL_SEED", 0x00C0_FFEE);
    let dice = RefCell::new(Dice(seed | 1));
    let known = RefCell::new(Acknowledged::default());
    let mut gateway = Gateway::start(&SETTINGS).await?;
    // On a busy machine little happens before a kill: there each moment comes later.
    let mut slowness = 1;
    for kill in 0..kills {
        // The moment is random on purpose; nothing waits for it.
        let moment = Duration::from_millis(dice.borrow_mut().roll(90 * slowness));
        drop(tokio::time::timeout(moment, work(&gateway, &known, &dice)).await);
        let approved =
            known.borrow().decisions.values().filter(|choice| **choice == "once").count();
        let is_behind = (approved as u64) < kill;
        slowness = if is_behind { (slowness + 1).min(20) } else { (slowness - 1).max(1) };
        gateway.kill().await?;
        gateway.start_again().await.with_context(|| format!("after kill {kill}, seed {seed}"))?;
    }
    let known = known.into_inner();
    settle(&gateway).await?;
    let counts = verify(&gateway, &known).await?;
    eprintln!("{kills} kills, seed {seed}: {} runs, {counts:?}", known.runs.len());
    ensure!(known.runs.len() > 20, "too little happened to prove anything");
    ensure!(counts.get("executed").is_some_and(|ran| *ran > 20), "too little ran: {counts:?}");
    Ok(())
}

/// Denies what is left and waits until every run is over.
async fn settle(gateway: &Gateway) -> Result<()> {
    until("the end of every run", async || {
        for approval in pending(gateway).await? {
            gateway.resolve(&text(&approval, "approval_id")?, "deny").await?;
        }
        let runs = every_run(gateway).await?;
        let over = ["completed", "failed", "cancelled"].map(Value::from);
        let is_over = |run: &Value| run.get("status").is_some_and(|status| over.contains(status));
        Ok(runs.iter().all(is_over).then_some(()))
    })
    .await
}

/// Every run that the store knows.
async fn every_run(gateway: &Gateway) -> Result<Vec<Value>> {
    let mut runs = Vec::new();
    let mut path = "/v1/runs?limit=100".to_owned();
    loop {
        let list = gateway.get(&path).await?;
        runs.extend(list.get("data").and_then(Value::as_array).context("no list")?.clone());
        match list.get("next_cursor").and_then(Value::as_str) {
            Some(cursor) => path = format!("/v1/runs?limit=100&cursor={cursor}"),
            None => return Ok(runs),
        }
    }
}

/// Checks every approval that the store knows against what was acknowledged and what happened.
async fn verify(gateway: &Gateway, known: &Acknowledged) -> Result<BTreeMap<String, usize>> {
    let mut counts = BTreeMap::new();
    let mut found = BTreeMap::new();
    // More runs than were acknowledged: some answers were cut off after the run was stored.
    let mut lost: BTreeSet<&String> = known.runs.iter().collect();
    for run in every_run(gateway).await? {
        let id = text(&run, "run_id")?;
        lost.remove(&id);
        ensure!(run.get("status") == Some(&json!("completed")), "unexplained: {run}");
        let path = format!("/v1/approvals?run_id={id}&limit=100");
        let approvals = gateway.get(&path).await?;
        for approval in approvals.get("data").and_then(Value::as_array).context("no list")? {
            verify_effect(gateway, approval)?;
            *counts.entry(text(approval, "status")?).or_insert(0) += 1;
            found.insert(text(approval, "approval_id")?, approval.clone());
        }
    }
    ensure!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    for (id, choice) in &known.decisions {
        let approval = found.get(id).with_context(|| format!("{id} was decided and is lost"))?;
        let stored = approval.pointer("/decision/choice");
        ensure!(stored == Some(&json!(choice)), "{id}: acknowledged {choice}, stored {stored:?}");
    }
    Ok(counts)
}

/// How often the command of an approval ran, against its state.
fn verify_effect(gateway: &Gateway, approval: &Value) -> Result<()> {
    let command = text(approval, "command")?;
    let file = command.rsplit(' ').next().context("no file")?;
    let written = std::fs::read_to_string(gateway.workspace().join(file)).unwrap_or_default();
    let times = written.lines().count();
    let status = text(approval, "status")?;
    let allowed = match status.as_str() {
        "executed" => 1..=1,
        "indeterminate" => 0..=1,
        "denied" | "cancelled" | "expired" | "lapsed" => 0..=0,
        other => anyhow::bail!("{other} is no end: {approval}"),
    };
    ensure!(allowed.contains(&times), "`{command}` is {status} and ran {times} times");
    if times > 0 {
        let approved = approval.pointer("/decision/choice") == Some(&json!("once"));
        ensure!(approved, "`{command}` ran without a decision: {approval}");
    }
    Ok(())
}
