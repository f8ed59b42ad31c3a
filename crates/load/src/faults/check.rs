//! What must hold, whatever happened: seen from the outside.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use countersign_domain::audit::receipt::Receipt;
use countersign_domain::signing::{VerifyingKey, VerifyingKeys};
use futures::StreamExt as _;
use serde_json::Value;

use super::ledger::Ledger;
use super::settle::is_end;
use crate::api::{Api, text};
use crate::cluster::Cluster;
use crate::node::Node;

/// So many receipts are asked for at once.
const AT_ONCE: usize = 8;

/// Holds everything against everything else; what does not fit is in the ledger afterwards.
pub(super) async fn check(cluster: &Cluster, ledger: &Ledger) -> Result<()> {
    let node = cluster.nodes.last().context("no node")?;
    runs(node.api(), ledger).await?;
    let approvals = node.api().all("/v1/approvals", 200).await?;
    decisions(&approvals, ledger)?;
    effects(&lines(cluster)?, &approvals, ledger)?;
    receipts(node, &approvals, ledger).await?;
    match node.command(&["audit", "verify"]).await {
        Ok(said) => {
            ledger.count("audit logs verified");
            crate::say(format!("audit verify: {}", said.trim().replace('\n', " ")));
        }
        Err(error) => ledger.violation(format!("the audit log does not verify: {error:#}")),
    }
    Ok(())
}

/// Every run that was acknowledged is there and over.
async fn runs(api: &Api, ledger: &Ledger) -> Result<()> {
    let mut stored = BTreeMap::new();
    for run in api.all("/v1/runs", 100).await? {
        let status = text(&run, "status")?.to_owned();
        ledger.count(&format!("runs stored: {status}"));
        stored.insert(text(&run, "run_id")?.to_owned(), (status, run));
    }
    for (number, run) in ledger.runs() {
        ledger.count("runs acknowledged");
        match stored.remove(&run) {
            None => ledger.violation(format!("acknowledged and lost: {run} (run {number})")),
            Some((status, _)) if status == "completed" => {}
            Some((status, shown)) if is_end(&status) => {
                // Over, but not as its script says: somebody should know why.
                ledger.violation(format!("run {number} is {status}: {shown}"));
            }
            Some((status, _)) => {
                ledger.violation(format!("run {number} is not over but {status}: {run}"));
            }
        }
    }
    Ok(())
}

/// Every decision that was acknowledged is the one that stands.
fn decisions(approvals: &[Value], ledger: &Ledger) -> Result<()> {
    let mut stored = BTreeMap::new();
    for approval in approvals {
        ledger.count(&format!("approvals stored: {}", text(approval, "status")?));
        stored.insert(text(approval, "approval_id")?, choice(approval));
    }
    for (id, acknowledged) in ledger.decisions() {
        ledger.count("decisions acknowledged");
        let stands = stored.get(id.as_str());
        if stands != Some(&Some(acknowledged)) {
            let what = format!("{id}: `{acknowledged}` was acknowledged, stored is {stands:?}");
            ledger.violation(what);
        }
    }
    Ok(())
}

fn choice(approval: &Value) -> Option<&str> {
    approval.pointer("/decision/choice").and_then(Value::as_str)
}

/// How many lines each file has that an effect has made.
fn lines(cluster: &Cluster) -> Result<BTreeMap<String, usize>> {
    let mut lines = BTreeMap::new();
    for entry in std::fs::read_dir(&cluster.workspace)? {
        let entry = entry?;
        // The gateway keeps a folder there for files that people send.
        if entry.file_type()?.is_file() {
            let written = std::fs::read_to_string(entry.path())?.lines().count();
            lines.insert(entry.file_name().to_string_lossy().into_owned(), written);
        }
    }
    Ok(lines)
}

/// Every file has at most one line, and somebody has approved it.
fn effects(lines: &BTreeMap<String, usize>, approvals: &[Value], ledger: &Ledger) -> Result<()> {
    for (name, written) in lines {
        ledger.count_many("effects: files with a line", u64::from(*written > 0));
        if *written > 1 {
            ledger.violation(format!("{name}: {written} lines: it ran more than once"));
        }
    }
    let mut explained: BTreeMap<&str, usize> = BTreeMap::new();
    for approval in approvals {
        let file = text(approval, "command")?.rsplit(' ').next().unwrap_or_default();
        let status = text(approval, "status")?;
        let may_have_run = match status {
            "executed" | "indeterminate" => 1,
            "denied" | "expired" | "cancelled" | "lapsed" => 0,
            other => {
                ledger.violation(format!("`{other}` is no end: {approval}"));
                0
            }
        };
        if may_have_run > 0 && choice(approval) != Some("once") {
            ledger.violation(format!("{status} without a decision: {approval}"));
        }
        *explained.entry(file).or_default() += may_have_run;
        let written = lines.get(file).copied().unwrap_or_default();
        if status == "executed" && written == 0 {
            ledger.violation(format!("{file}: it is said to have run, and has not: {approval}"));
        }
    }
    for (file, written) in lines {
        let allowed = explained.get(file.as_str()).copied().unwrap_or_default();
        if *written > allowed {
            let of_file = |approval: &&Value| {
                text(approval, "command")
                    .is_ok_and(|command| command.rsplit(' ').next() == Some(file))
            };
            let asked: Vec<_> = approvals.iter().filter(of_file).map(ToString::to_string).collect();
            let asked = asked.join(", ");
            let what = format!("{file}: ran {written} times, allowed were {allowed}: {asked}");
            ledger.violation(what);
        }
    }
    Ok(())
}

/// Every decision has a receipt that holds with the public key alone, and that says the same.
async fn receipts(node: &Node, approvals: &[Value], ledger: &Ledger) -> Result<()> {
    let published = node.api().get("/.well-known/countersign-keys.json").await?;
    let published = published.get("keys").and_then(Value::as_array).context("no keys")?;
    let keys: VerifyingKeys = published
        .iter()
        .map(|key| Ok(VerifyingKey::from_paserk(text(key, "paserk")?)?))
        .collect::<Result<_>>()?;
    let decided = approvals.iter().filter(|approval| choice(approval).is_some());
    let checks = futures::stream::iter(decided).map(|approval| {
        let keys = &keys;
        async move {
            let wrong = receipt(node.api(), approval, keys).await;
            (approval, wrong)
        }
    });
    let mut checks = std::pin::pin!(checks.buffer_unordered(AT_ONCE));
    while let Some((approval, checked)) = checks.next().await {
        match checked {
            Ok(()) => ledger.count("receipts verified"),
            Err(error) => ledger.violation(format!("no receipt: {error:#}: {approval}")),
        }
    }
    Ok(())
}

async fn receipt(api: &Api, approval: &Value, keys: &VerifyingKeys) -> Result<()> {
    let id = text(approval, "approval_id")?;
    let written = api.text(&format!("/v1/approvals/{id}/receipt")).await?;
    let receipt = Receipt::verify(&written, keys)?;
    anyhow::ensure!(receipt.approval_id == id, "it is about {}", receipt.approval_id);
    anyhow::ensure!(receipt.choice.as_str() == choice(approval), "it says {}", receipt.choice);
    let digest = approval.get("digest").cloned().unwrap_or_default();
    anyhow::ensure!(receipt.digest == digest, "it is about {}", receipt.digest);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use serde_json::json;

    use super::*;

    fn approval(status: &str, choice: Option<&str>) -> Value {
        let decision = choice.map(|choice| json!({ "choice": choice }));
        json!({ "approval_id": "appr_1", "command": "echo 1 >> effect-1", "status": status,
            "decision": decision })
    }

    /// What is said about a file with so many lines beside these approvals.
    fn said(written: usize, approvals: &[Value]) -> usize {
        let ledger = Ledger::default();
        let lines = BTreeMap::from([("effect-1".to_owned(), written)]);
        effects(&lines, approvals, &ledger).unwrap();
        ledger.violations().len()
    }

    #[test]
    fn what_ran_must_have_been_decided_and_must_have_run_once() {
        let executed = approval("executed", Some("once"));
        let may_have_run = approval("indeterminate", Some("once"));
        let denied = approval("denied", Some("deny"));
        assert_eq!(said(1, from_ref(&executed)), 0);
        assert_eq!(said(0, from_ref(&may_have_run)), 0);
        assert_eq!(said(1, from_ref(&may_have_run)), 0);
        assert_eq!(said(0, from_ref(&denied)), 0);
        assert_eq!(said(2, from_ref(&executed)), 2, "twice");
        assert_eq!(said(2, &[may_have_run, executed.clone()]), 1, "twice, by two");
        assert_eq!(said(0, from_ref(&executed)), 1, "said to have run");
        assert_eq!(said(1, from_ref(&denied)), 1, "denied and ran");
        assert_eq!(said(1, &[approval("expired", None)]), 1, "expired and ran");
        assert_eq!(said(1, &[]), 1, "nobody was asked");
        assert_eq!(said(1, &[approval("executed", None)]), 1, "nobody decided");
        assert_eq!(said(0, &[approval("pending", None)]), 1, "not over");
    }

    #[test]
    fn a_decision_that_was_acknowledged_must_stand() {
        let said = |stored: &[Value]| {
            let ledger = Ledger::default();
            ledger.decided("appr_1", "once");
            decisions(stored, &ledger).unwrap();
            ledger.violations().len()
        };
        assert_eq!(said(&[approval("executed", Some("once"))]), 0);
        assert_eq!(said(&[approval("denied", Some("deny"))]), 1);
        assert_eq!(said(&[approval("expired", None)]), 1);
        assert_eq!(said(&[]), 1);
    }
}
