//! The audit log on the page.

use anyhow::{Result, ensure};
use countersign_e2e::{Stage, play};

async fn kinds(stage: &Stage) -> Result<Vec<String>> {
    let script =
        "return [...document.querySelectorAll('[data-seq] .pill')].map((e) => e.innerText)";
    stage.page.ask(script, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_filtered_and_its_address_keeps_the_filter() -> Result<()> {
    play("audit", &[], async |stage| {
        let run = stage.gateway.tell("run rm -rf dist").await?;
        let id = stage.gateway.pending(1).await?.remove(0);
        stage.gateway.resolve(&id, "deny").await?;
        stage.gateway.ended(&run).await?;
        stage.sign_in().await?;
        stage.page.press("#nav", "Audit").await?;
        stage.page.sees("approval.requested").await?;
        stage.page.sees("run.started").await?;
        stage.page.element("input[name=subject]").await?.send_keys(&id).await?;
        stage.page.press(".audit-filter", "Filter").await?;
        stage.page.sees_no_more("run.started").await?;
        ensure!(kinds(stage).await? == ["approval.decided", "approval.requested"]);
        stage.page.reload().await?;
        stage.page.sees("approval.decided").await?;
        ensure!(kinds(stage).await? == ["approval.decided", "approval.requested"]);
        stage.page.press(".audit-filter", "Show all").await?;
        stage.page.sees("run.started").await?;
        stage.visit("/audit?kind=nonsense").await?;
        stage.page.sees("The log could not be read").await
    })
    .await
}
