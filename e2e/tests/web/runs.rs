//! The runs, and one of them as a timeline.

use anyhow::{Context as _, Result, ensure};
use countersign_e2e::{Cable, Stage, play, text, until};
use serde_json::Value;

/// What the steps of the timeline are called, in their order.
async fn steps(stage: &Stage) -> Result<Vec<String>> {
    let script =
        "return [...document.querySelectorAll('[data-step] .step-title')].map((e) => e.innerText)";
    stage.page.ask(script, &[]).await
}

async fn open_run(stage: &Stage, run: &Value) -> Result<()> {
    stage.visit(&format!("/runs/{}", text(run, "run_id")?)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_found_in_the_list_and_its_timeline_tells_every_step() -> Result<()> {
    play("timeline", &[], async |stage| {
        stage.sign_in().await?;
        let run = stage.gateway.tell("run rm -rf build").await?;
        let id = stage.gateway.pending(1).await?.remove(0);
        stage.page.press("#nav", "Runs").await?;
        stage.page.sees("Waits for approval").await?;
        stage.page.sees("1 to decide").await?;
        stage.page.press("[data-run-item]", "run rm -rf build").await?;
        stage.page.sees("waits for a decision").await?;

        stage.gateway.resolve(&id, "once").await?;
        stage.page.sees("The run is done").await?;
        for words in ["approved (once)", "by api:", "it ran", "exit 0", "from start to end"] {
            stage.page.sees(words).await?;
        }
        for words in ["Waited for people", "in all", "rehearsal"] {
            stage.page.sees(words).await?;
        }
        let seen = steps(stage).await?;
        let expected = [
            "The run begins",
            "The model answers",
            "Tool terminal",
            "Approval: Run a command",
            "The model answers",
            "The run is done",
        ];
        ensure!(seen == expected, "{seen:?}");
        stage.page.reload().await?;
        stage.page.sees("The run is done").await?;
        ensure!(steps(stage).await? == expected, "a reload shows something else");

        stage.page.press(".timeline", "Approval: Run a command").await?;
        let path = stage.page.path().await?;
        ensure!(path == format!("/approvals/{id}"), "the link leads to {path}");
        stage.page.press("#main", &text(&run, "run_id")?).await?;
        stage.page.sees("The run is done").await?;
        stage.visit("/runs?status=failed").await?;
        stage.page.sees("No run is in this state").await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_stopped_from_its_page() -> Result<()> {
    play("stop_run", &[], async |stage| {
        stage.sign_in().await?;
        let run = stage.gateway.tell("run rm -rf build").await?;
        stage.gateway.pending(1).await?;
        open_run(stage, &run).await?;
        stage.page.sees("waits for a decision").await?;
        stage.page.press("#main", "Stop the run").await?;
        stage.page.sees("Stopped by operator").await?;
        stage.page.sees_no_more("Stop the run").await?;
        ensure!(stage.gateway.ended(&run).await?["status"] == "cancelled", "it was not stopped");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_in_the_middle_the_timeline_misses_nothing_and_doubles_nothing() -> Result<()> {
    play("timeline_cut", &[], async |stage| {
        let cable = Cable::to(&stage.gateway).await?;
        stage.page.go(cable.sign_in_link()).await?;
        stage.page.is_live().await?;
        let run = stage.gateway.tell("run rm -rf one\nrun rm -rf two").await?;
        let first = stage.gateway.pending(1).await?.remove(0);
        stage.page.go(&cable.url(&format!("/runs/{}", text(&run, "run_id")?))).await?;
        stage.page.sees("waits for a decision").await?;
        cable.cut();
        stage.gateway.resolve(&first, "once").await?;
        stage.page.sees("Connection lost").await?;
        let second = until("the second approval", async || {
            let pending = stage.gateway.pending(1).await?;
            Ok(pending.into_iter().find(|id| *id != first))
        })
        .await?;
        cable.mend();
        stage.page.sees_no_more("Connection lost").await?;
        stage.gateway.resolve(&second, "deny").await?;
        stage.page.sees("The run is done").await?;

        let script =
            "return [...document.querySelectorAll('[data-step]')].map((e) => e.dataset.step)";
        let keys: Vec<String> = stage.page.ask(script, &[]).await?;
        let mut distinct = keys.clone();
        distinct.sort();
        distinct.dedup();
        ensure!(distinct.len() == keys.len(), "steps are doubled: {keys:?}");
        let asked = steps(stage).await?.iter().filter(|step| step.starts_with("Approval")).count();
        ensure!(asked == 2, "{asked} approvals are shown");
        let shown = stage.page.text().await?;
        ensure!(shown.contains("approved (once)") && shown.contains("denied"), "{shown}");
        let last = steps(stage).await?.pop().context("no step")?;
        ensure!(last == "The run is done", "it ends with {last}");
        Ok(())
    })
    .await
}
