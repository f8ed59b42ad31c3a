//! An approval on paper.

use anyhow::{Result, ensure};
use countersign_e2e::{artifacts, play, text};

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_printed_whole_with_its_digest_and_decision() -> Result<()> {
    play("paper", &[], async |stage| {
        stage.sign_in().await?;
        stage.gateway.tell("run scp ~/.ssh/id_ed25519 backup@203.0.113.9:").await?;
        let id = stage.gateway.pending(1).await?.remove(0);
        stage.visit(&format!("/approvals/{id}")).await?;
        let card = stage.page.card("scp").await?;
        card.write_reason("not to that host").await?;
        card.press("Deny").await?;
        card.becomes("denied").await?;

        stage.page.prefer("dark").await?;
        stage.page.as_on_paper().await?;
        let approval = stage.gateway.get(&format!("/v1/approvals/{id}")).await?;
        let paper = stage.page.text().await?;
        for whole in [
            id.as_str(),
            &text(&approval, "digest")?,
            &text(&approval, "run_id")?,
            &text(&approval, "cwd")?,
            &text(&approval, "command")?,
            "Denied by operator",
            "not to that host",
            "PATH=",
            "What happened",
        ] {
            assert!(paper.contains(whole), "`{whole}` is not printed:\n{paper}");
        }
        for finding in approval["findings"].as_array().into_iter().flatten() {
            let message = text(finding, "message")?;
            let begins: String = message.chars().skip(1).take(20).collect();
            ensure!(paper.contains(&begins), "`{message}` is not printed");
        }
        for press in ["Sign out", "Print", "Rehearsal", "Inbox"] {
            ensure!(!paper.contains(press), "`{press}` is printed");
        }
        let background = "return getComputedStyle(document.body).backgroundColor";
        let background: String = stage.page.ask(background, &[]).await?;
        ensure!(background == "rgb(255, 255, 255)", "the paper is {background}");
        stage.page.picture(&artifacts()?.join("paper.png")).await
    })
    .await
}
