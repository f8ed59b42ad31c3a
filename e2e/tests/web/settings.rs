//! The configuration in force on the page.

use anyhow::{Result, ensure};
use countersign_e2e::play_at;

const FILE: &str = "approvals:\n  remind_after: 3m\noutbound:\n  webhooks:\n    ops: { url: 'https://hooks.example.org/ops', secret: not-for-anybodys-eyes }\n";

#[tokio::test(flavor = "multi_thread")]
async fn every_value_is_shown_with_where_it_comes_from_and_no_secret() -> Result<()> {
    let files = [("config.yaml", FILE)];
    play_at("settings", &files, &[("approvals.timeout", "7m")], async |stage| {
        stage.sign_in().await?;
        stage.page.press("#nav", "Settings").await?;
        for (key, value, source) in [
            ("approvals.timeout", "7m", "--set approvals.timeout"),
            ("approvals.remind_after", "3m", "line 2"),
            ("approvals.mode", "manual", "default"),
            ("outbound.webhooks.ops.secret", "set, not shown", "line 5"),
            ("API_SERVER_KEY", "set, not shown", "environment"),
        ] {
            let row = format!("[data-setting='{key}']");
            let shown = stage.page.element(&row).await?.text().await?;
            ensure!(shown.contains(value) && shown.contains(source), "{key}: {shown}");
        }
        let page: String = stage.page.ask("return document.documentElement.outerHTML", &[]).await?;
        for secret in ["not-for-anybodys-eyes", countersign_e2e::API_KEY] {
            ensure!(!page.contains(secret), "the page holds `{secret}`");
        }
        stage.page.element("input[type=search]").await?.send_keys("timeout").await?;
        stage.page.sees_no_more("approvals.mode").await?;
        stage.page.sees("approvals.timeout").await?;
        stage.page.element("input[type=checkbox]").await?.click().await?;
        stage.page.sees_no_more("agent.tool_timeout").await?;
        stage.page.sees("approvals.timeout").await
    })
    .await
}
