use anyhow::{Result, ensure};
use countersign_e2e::play;

#[tokio::test(flavor = "multi_thread")]
async fn after_kill_9_and_a_restart_the_page_goes_on_by_itself() -> Result<()> {
    play("restart", &[], async |stage| {
        let workspace = stage.gateway.workspace();
        std::fs::create_dir_all(workspace.join("build"))?;
        stage.sign_in().await?;
        let run = stage.gateway.tell("run rm -rf build").await?;
        let card = stage.page.card("rm -rf build").await?;

        stage.gateway.kill().await?;
        stage.page.sees("Connection lost, trying again").await?;
        card.press("Approve once").await?;
        card.says("The gateway cannot be reached").await?;
        ensure!(card.status().await? == "pending", "decided without the gateway");

        stage.gateway.start_again().await?;
        stage.page.sees_no_more("Connection lost").await?;
        stage.page.is_live().await?;
        stage.gateway.tell("run rm -rf later").await?;
        stage.page.card("rm -rf later").await?;
        card.press("Approve once").await?;
        card.becomes("executed").await?;
        ensure!(!workspace.join("build").exists(), "the approved command did not run");
        ensure!(stage.gateway.ended(&run).await?["status"] == "completed", "the run did not go on");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_while_the_page_was_cut_off_is_shown_after_it() -> Result<()> {
    play("cut_off", &[], async |stage| {
        stage.sign_in().await?;
        stage.gateway.tell("run rm -rf first").await?;
        let first = stage.page.card("rm -rf first").await?;
        // The page cannot reach the gateway; everything else can.
        let cut = "window.whole = window.fetch; window.fetch = () => Promise.reject(new Error());";
        stage.page.ask::<()>(cut, &[]).await?;
        stage.gateway.kill().await?;
        stage.gateway.start_again().await?;
        stage.gateway.resolve(&first.id, "deny").await?;
        stage.gateway.tell("run rm -rf second").await?;
        stage.gateway.pending(1).await?;
        stage.page.sees("Connection lost").await?;
        ensure!(first.status().await? == "pending", "the page is not cut off");

        stage.page.ask::<()>("window.fetch = window.whole", &[]).await?;
        first.becomes("denied").await?;
        stage.page.card("rm -rf second").await?;
        stage.page.is_titled("(1) Countersign").await
    })
    .await
}
