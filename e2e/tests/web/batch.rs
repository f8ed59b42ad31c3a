//! Much to decide, one by one.

use anyhow::{Result, ensure};
use countersign_e2e::{Stage, play, until};

const ENTER: &str = "\u{e007}";

async fn open_card(stage: &Stage) -> Result<String> {
    stage.page.ask("return document.querySelector('.batch-card .command').innerText", &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_many_is_decided_by_itself_and_none_comes_under_the_finger() -> Result<()> {
    play("batch", &[], async |stage| {
        stage.sign_in().await?;
        for (count, name) in (1..).zip(["one", "two", "three"]) {
            stage.gateway.tell(&format!("run rm -rf {name}")).await?;
            stage.gateway.pending(count).await?;
        }
        stage.page.is_titled("(3) Countersign").await?;
        stage.page.press("#main", "One by one").await?;
        stage.page.sees("0 of 3 decided").await?;
        let first = stage.page.card("rm -rf one").await?;
        ensure!(stage.page.cards().await? == [first.id.clone()], "more than one card is open");

        // What has only just come is not approved by a click that was on its way.
        until("the decision", async || {
            if first.status().await? == "pending" {
                first.press("Approve once").await?;
            }
            Ok((first.status().await? == "executed").then_some(()))
        })
        .await?;
        stage.page.sees("1 of 3 decided").await?;
        ensure!(stage.gateway.pending(2).await?.len() == 2, "more than one was decided");
        // The card stays until somebody goes on, and going on decides nothing.
        ensure!(open_card(stage).await? == "rm -rf one", "another card has come by itself");
        stage.page.keys(ENTER).await?;
        let second = stage.page.card("rm -rf two").await?;
        for key in [ENTER, " ", "y"] {
            stage.page.keys(key).await?;
        }
        ensure!(stage.gateway.pending(2).await?.len() == 2, "a bare key decided");
        stage.page.press(".batch-open", "Skip this one").await?;
        let third = stage.page.card("rm -rf three").await?;
        third.press("Deny").await?;
        third.becomes("denied").await?;
        stage.page.press(".batch-open", "Next of 1").await?;
        ensure!(open_card(stage).await? == "rm -rf two", "what was skipped does not come back");
        ensure!(second.status().await? == "pending", "what was skipped is decided");
        // What others decide is seen, too.
        stage.gateway.resolve(&second.id, "deny").await?;
        second.becomes("denied").await?;
        stage.page.sees("3 of 3 decided").await
    })
    .await
}
