use anyhow::{Result, ensure};
use countersign_e2e::play;

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_link_signs_in_and_works_once() -> Result<()> {
    play("one_time_link", &[], async |stage| {
        stage.sign_in().await?;
        stage.page.sees("Nothing waits for you").await?;
        let path = stage.page.path().await?;
        ensure!(
            path == "/",
            "the link leads to {path}, and its token must not stay in the address"
        );

        stage.page.forget_cookies().await?;
        stage.page.go(stage.gateway.sign_in_link()).await?;
        stage.page.sees("countersign sign-in").await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_sign_in_the_page_says_how_to_get_one() -> Result<()> {
    play("no_sign_in", &[], async |stage| {
        for path in ["/", "/chat", "/approvals/appr_unknown"] {
            stage.visit(path).await?;
            stage.page.sees("countersign sign-in").await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_sign_in() -> Result<()> {
    play("sign_out", &[], async |stage| {
        stage.sign_in().await?;
        stage.page.press(".top", "Sign out").await?;
        stage.page.sees("countersign sign-in").await?;
        stage.visit("/").await?;
        stage.page.sees("countersign sign-in").await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_cannot_read_the_cookie_and_a_change_needs_the_token() -> Result<()> {
    play("cookie", &[], async |stage| {
        stage.sign_in().await?;
        let cookie: String = stage.page.ask("return document.cookie", &[]).await?;
        ensure!(cookie.is_empty(), "scripts can read `{cookie}`");
        let status: u16 = stage
            .page
            .ask(
                "return fetch('/v1/runs', { method: 'POST', \
                 headers: { 'Content-Type': 'application/json' }, \
                 body: '{\"input\":\"hello\"}' }).then((answer) => answer.status)",
                &[],
            )
            .await?;
        ensure!(status == 403, "a change without the token was answered {status}");
        Ok(())
    })
    .await
}
