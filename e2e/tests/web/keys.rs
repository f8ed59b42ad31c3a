//! API keys on the page.

use anyhow::{Result, ensure};
use countersign_e2e::{play, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_shown_once_used_and_revoked_when_asked_twice() -> Result<()> {
    play("keys", &[], async |stage| {
        stage.sign_in().await?;
        stage.page.press("#nav", "Keys").await?;
        stage.page.sees("None yet.").await?;
        stage.page.element("input[placeholder=ci]").await?.send_keys("reader").await?;
        stage.page.element("input[value=runs]").await?.click().await?;
        stage.page.press("#main", "Make the key").await?;
        stage.page.sees("it is not shown again").await?;
        let script = "return document.querySelector('.secret').textContent";
        let secret: String = stage.page.ask(script, &[]).await?;
        ensure!(secret.starts_with("cs_key_"), "the page shows `{secret}`");
        stage.page.sees("Not used yet").await?;

        ensure!(stage.gateway.status_with(&secret, "/v1/runs").await? == 200, "it opens nothing");
        stage.page.reload().await?;
        stage.page.sees("Last used").await?;
        ensure!(!stage.page.text().await?.contains(&secret), "the secret is shown again");

        stage.page.press("[data-key=reader]", "Revoke").await?;
        stage.page.press("[data-key=reader]", "Keep").await?;
        ensure!(stage.gateway.status_with(&secret, "/v1/runs").await? == 200, "keeping revoked it");
        stage.page.press("[data-key=reader]", "Revoke").await?;
        stage.page.press("[data-key=reader]", "Revoke it").await?;
        stage.page.sees("None yet.").await?;
        until("the key to open nothing", async || {
            let status = stage.gateway.status_with(&secret, "/v1/runs").await?;
            Ok((status == 401).then_some(()))
        })
        .await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_be_made_says_why() -> Result<()> {
    play("no_key", &[], async |stage| {
        stage.sign_in().await?;
        stage.visit("/keys").await?;
        stage.page.element("input[placeholder=ci]").await?.send_keys("reader").await?;
        stage.page.press("#main", "Make the key").await?;
        stage.page.sees("No key was made.").await?;
        stage.page.sees("at least one scope").await
    })
    .await
}
