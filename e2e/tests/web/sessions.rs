//! Sessions on the page: listed, read, named, copied, reset and deleted.

use anyhow::{Result, ensure};
use countersign_e2e::{play, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_read_named_and_copied() -> Result<()> {
    play("sessions", &[], async |stage| {
        stage.sign_in().await?;
        let run = stage.gateway.tell("run echo hello").await?;
        stage.gateway.ended(&run).await?;
        let id = text(&run, "session_id")?;
        stage.page.press("#nav", "Sessions").await?;
        let short = format!("Session …{}", id.split_at(id.len() - 6).1);
        stage.page.press("[data-session]", &short).await?;
        stage.page.sees("run echo hello").await?;
        stage.page.press("#main", "Tool terminal: ok").await?;
        stage.page.element(".title-form input").await?.send_keys("the greeting").await?;
        stage.page.press(".title-form", "Save").await?;
        stage.page.element("h1").await?;
        stage.page.sees("the greeting").await?;
        stage.page.reload().await?;
        stage.page.sees("the greeting").await?;

        stage.page.press("#main", "Go on in a copy").await?;
        stage.page.sees_no_more(&id).await?;
        stage.page.sees("run echo hello").await?;
        stage.page.press("#main", "Sessions").await?;
        let titles = "return [...document.querySelectorAll('[data-session] a')].length";
        stage.page.element("[data-session]").await?;
        let listed: u64 = stage.page.ask(titles, &[]).await?;
        ensure!(listed == 2, "{listed} sessions are listed");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_takes_back_what_was_approved_for_the_session_and_nothing_else() -> Result<()> {
    play("reset", &[], async |stage| {
        stage.sign_in().await?;
        let mut sessions = Vec::new();
        for (words, choice) in [("one", "session"), ("two", "session"), ("three", "always")] {
            let run = stage.gateway.tell(&stage.gateway.write_outside(words)).await?;
            for id in stage.gateway.pending(1).await? {
                stage.gateway.resolve(&id, choice).await?;
            }
            stage.gateway.ended(&run).await?;
            sessions.push(text(&run, "session_id")?);
        }
        let first = sessions.first().map_or("", String::as_str);
        stage.visit(&format!("/sessions/{first}")).await?;
        stage.page.press("#main", "Reset").await?;
        stage.page.press("#main", "Reset it").await?;
        stage.page.sees("Say what you want done").await?;
        let rules = stage.gateway.get("/v1/rules").await?;
        let left = rules["data"].as_array().map_or(0, Vec::len);
        ensure!(left == 2, "{left} rules are left");
        ensure!(!rules.to_string().contains(first), "the session has a rule");

        stage.visit(&format!("/sessions/{first}")).await?;
        stage.page.press("#main", "Delete").await?;
        stage.page.press("#main", "Delete it").await?;
        stage.page.element("[data-session]").await?;
        stage.visit(&format!("/sessions/{first}")).await?;
        stage.page.sees("There is no session with this id here").await
    })
    .await
}
