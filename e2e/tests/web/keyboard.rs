use anyhow::{Result, ensure};
use countersign_e2e::{Stage, play, until};

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const OUTSIDE: &str = "outside.txt";

async fn with_a_card(stage: &Stage) -> Result<()> {
    stage.sign_in().await?;
    stage.gateway.tell(&stage.gateway.write_outside("written")).await?;
    stage.page.card(OUTSIDE).await?;
    Ok(())
}

/// Nothing was decided: the API still has it pending, however often one looks.
async fn still_pending(stage: &Stage) -> Result<()> {
    let mut looks = 0;
    until("the approval to stay pending", async || {
        ensure!(stage.gateway.pending(1).await?.len() == 1, "something was decided");
        looks += 1;
        Ok((looks > 5).then_some(()))
    })
    .await?;
    ensure!(stage.gateway.written_outside().is_none(), "something ran");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_enter_approves_nothing() -> Result<()> {
    play("bare_enter", &[], async |stage| {
        with_a_card(stage).await?;
        let card = stage.page.card(OUTSIDE).await?;
        let focused: String = stage.page.ask("return document.activeElement.tagName", &[]).await?;
        ensure!(focused != "BUTTON", "a button has the focus from the beginning");
        stage.page.keys(ENTER).await?;
        card.focus_by_keys().await?;
        stage.page.keys(ENTER).await?;
        stage.page.keys(" ").await?;
        stage.page.keys("y").await?;
        card.write_reason("because").await?;
        stage.page.keys(ENTER).await?;
        still_pending(stage).await?;

        stage.page.reload().await?;
        stage.page.card(OUTSIDE).await?;
        stage.page.keys(ENTER).await?;
        still_pending(stage).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_asks_first_and_only_y_confirms() -> Result<()> {
    play("key_confirms", &[], async |stage| {
        with_a_card(stage).await?;
        let card = stage.page.card(OUTSIDE).await?;
        stage.page.keys("o").await?;
        stage.page.keys("y").await?;
        still_pending(stage).await?;

        card.focus_by_keys().await?;
        stage.page.keys("o").await?;
        card.says("Approve once? Press y to confirm").await?;
        stage.page.keys(ENTER).await?;
        stage.page.keys("y").await?;
        stage.page.keys("a").await?;
        card.says("Always approve? Press y to confirm").await?;
        stage.page.keys(ESCAPE).await?;
        stage.page.keys("y").await?;
        still_pending(stage).await?;

        stage.page.keys("o").await?;
        stage.page.keys("y").await?;
        card.becomes("executed").await?;
        card.says("Approved once by operator").await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn d_takes_a_reason_and_enter_then_denies() -> Result<()> {
    play("key_denies", &[], async |stage| {
        with_a_card(stage).await?;
        let card = stage.page.card(OUTSIDE).await?;
        card.focus_by_keys().await?;
        stage.page.keys("d").await?;
        stage.page.keys("not today").await?;
        stage.page.keys(ENTER).await?;
        card.becomes("denied").await?;
        card.says("not today").await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_mark_shows_the_keys() -> Result<()> {
    play("help", &[], async |stage| {
        stage.sign_in().await?;
        stage.page.keys("?").await?;
        stage.page.sees("Keyboard shortcuts").await?;
        stage.page.sees("Enter alone never approves anything").await?;
        stage.page.press("dialog", "Close").await?;
        stage.page.sees_no_more("Enter alone never approves anything").await
    })
    .await
}
