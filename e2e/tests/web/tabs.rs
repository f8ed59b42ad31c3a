//! Two tabs of one person.

use anyhow::{Result, ensure};
use countersign_e2e::{Stage, play, until};

const CLEAN: &str = "rm -rf build";

async fn in_two_tabs(stage: &Stage) -> Result<()> {
    std::fs::create_dir_all(stage.gateway.workspace().join("build"))?;
    stage.sign_in().await?;
    stage.gateway.tell("run rm -rf build").await?;
    stage.page.card(CLEAN).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_tab_has_decided_the_other_one_cannot_decide_again() -> Result<()> {
    play("late_tab", &[], async |stage| {
        in_two_tabs(stage).await?;
        // What is decided elsewhere reaches this tab late.
        let deaf = "const ask = window.fetch; \
            window.fetch = (path, options) => options?.method === 'POST' \
                ? ask(path, options) \
                : new Promise((resolve) => setTimeout(() => resolve(ask(path, options)), 1500));";
        stage.page.ask::<()>(deaf, &[]).await?;
        let first = stage.page.open_tab().await?;
        stage.visit("/").await?;
        let card = stage.page.card(CLEAN).await?;
        card.press("Approve once").await?;
        card.becomes("executed").await?;

        let second = stage.page.switch_to(first).await?;
        let card = stage.page.card(CLEAN).await?;
        card.press("Deny").await?;
        card.says("Your decision did not count").await?;
        card.says("Approved once by operator").await?;
        stage.page.switch_to(second).await?;
        let card = stage.page.card(CLEAN).await?;
        ensure!(card.status().await? == "executed", "the decision was changed");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_tabs_that_decide_at_one_moment_one_wins_and_both_say_so() -> Result<()> {
    play("two_tabs", &[], async |stage| {
        in_two_tabs(stage).await?;
        let listens = "new BroadcastChannel('now').onmessage = \
            () => document.querySelector('[data-choice=once]').click();";
        stage.page.ask::<()>(listens, &[]).await?;
        let first = stage.page.open_tab().await?;
        stage.visit("/").await?;
        stage.page.card(CLEAN).await?;
        let both = "const deny = document.querySelector('[data-choice=deny]'); \
            new BroadcastChannel('now').postMessage('decide'); deny.click();";
        stage.page.ask::<()>(both, &[]).await?;

        let mut seen = Vec::new();
        for _ in 0..2 {
            let card = stage.page.card(CLEAN).await?;
            let status = until("the decision", async || {
                let status = card.status().await?;
                Ok(["executed", "denied"].contains(&status.as_str()).then_some(status))
            });
            seen.push(status.await?);
            stage.page.switch_to(first.clone()).await?;
        }
        ensure!(seen[0] == seen[1], "the tabs say {seen:?}");
        let is_there = stage.gateway.workspace().join("build").exists();
        ensure!(is_there == (seen[0] == "denied"), "what is said is not what has happened");
        Ok(())
    })
    .await
}
