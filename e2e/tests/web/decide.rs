use anyhow::{Result, ensure};
use countersign_e2e::{Stage, artifacts, play, text};

const CLEAN: &str = "rm -rf build";
const OUTSIDE: &str = "outside.txt";

fn make_build(stage: &Stage) -> Result<()> {
    Ok(std::fs::create_dir_all(stage.gateway.workspace().join("build/deep"))?)
}

fn build_is_there(stage: &Stage) -> bool {
    stage.gateway.workspace().join("build").exists()
}

#[tokio::test(flavor = "multi_thread")]
async fn approved_once_the_command_runs_and_the_card_tells_how_it_ended() -> Result<()> {
    play("once", &[], async |stage| {
        make_build(stage)?;
        stage.sign_in().await?;
        let run = stage.gateway.tell("run rm -rf build").await?;
        let card = stage.page.card(CLEAN).await?;
        stage.page.is_titled("(1) Countersign").await?;
        let shown = card.text().await?;
        ensure!(shown.contains("left"), "no countdown on the card: {shown}");
        ensure!(shown.contains("Digest"), "no digest on the card: {shown}");
        ensure!(build_is_there(stage), "it ran before anybody decided");

        card.press("Approve once").await?;
        card.becomes("executed").await?;
        card.says("Approved once by operator").await?;
        card.says("exit 0").await?;
        ensure!(!build_is_there(stage), "it did not run");
        stage.page.is_titled("Countersign").await?;
        ensure!(stage.gateway.ended(&run).await?["status"] == "completed", "the run did not end");

        stage.gateway.tell_again(&run, "run rm -rf build").await?;
        stage.gateway.pending(1).await?;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn approved_for_the_session_the_same_is_not_asked_again_there() -> Result<()> {
    play("session", &[], async |stage| {
        stage.sign_in().await?;
        let run = stage.gateway.tell(&stage.gateway.write_outside("one")).await?;
        let card = stage.page.card(OUTSIDE).await?;
        card.says("In this session:").await?;
        ensure!(stage.gateway.written_outside().is_none(), "it was written before the decision");
        card.press("Approve for this session").await?;
        card.becomes("executed").await?;
        card.says("Approved for this session by operator").await?;

        let again = stage.gateway.tell_again(&run, &stage.gateway.write_outside("two")).await?;
        stage.gateway.ended(&again).await?;
        ensure!(stage.gateway.written_outside().as_deref() == Some("two"), "it was asked again");
        stage.gateway.tell(&stage.gateway.write_outside("three")).await?;
        stage.gateway.pending(1).await?;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn always_leaves_a_rule_that_the_page_shows_and_revokes() -> Result<()> {
    play("always", &[], async |stage| {
        stage.sign_in().await?;
        stage.gateway.tell(&stage.gateway.write_outside("one")).await?;
        let card = stage.page.card(OUTSIDE).await?;
        card.says("Always:").await?;
        card.press("Always approve").await?;
        card.becomes("executed").await?;
        stage.page.element("[data-rule]").await?;

        let other = stage.gateway.tell(&stage.gateway.write_outside("two")).await?;
        let ended = stage.gateway.ended(&other).await?;
        let written = stage.gateway.written_outside();
        ensure!(written.as_deref() == Some("two"), "`{written:?}` is there after {ended}");
        stage.page.reload().await?;
        stage.page.sees("Used 1 time").await?;
        // It is asked twice, and what is first in reach keeps the rule.
        stage.page.press("[data-rule]", "Revoke").await?;
        stage.page.sees("is asked about again").await?;
        stage.page.press("[data-rule]", "Keep").await?;
        stage.page.press("[data-rule]", "Revoke").await?;
        stage.page.press("[data-rule]", "Revoke it").await?;
        stage.page.sees("leave a rule here").await?;
        stage.gateway.tell(&stage.gateway.write_outside("three")).await?;
        stage.page.card(OUTSIDE).await?;
        stage.gateway.pending(1).await?;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn denied_with_a_reason_nothing_runs_and_the_agent_is_told() -> Result<()> {
    play("deny", &[], async |stage| {
        make_build(stage)?;
        stage.sign_in().await?;
        let run = stage.gateway.tell("run rm -rf build").await?;
        let card = stage.page.card(CLEAN).await?;
        card.write_reason("the build is needed for the demo").await?;
        card.press("Deny").await?;
        card.becomes("denied").await?;
        card.says("the build is needed for the demo").await?;
        card.says("Nothing was run").await?;
        let run = stage.gateway.ended(&run).await?;
        let output = run["output"].to_string();
        ensure!(output.contains("denied"), "the agent says: {output}");
        ensure!(output.contains("needed for the demo"), "the agent was not told why: {output}");
        ensure!(build_is_there(stage), "it ran in spite of the denial");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_nobody_answers_expires_before_ones_eyes() -> Result<()> {
    play("timeout", &[("approvals.timeout", "3s")], async |stage| {
        make_build(stage)?;
        stage.sign_in().await?;
        let run = stage.gateway.tell("run rm -rf build").await?;
        let card = stage.page.card(CLEAN).await?;
        card.becomes("expired").await?;
        card.says("Nobody decided in time. Nothing was run.").await?;
        stage.gateway.ended(&run).await?;
        ensure!(build_is_there(stage), "silence was taken for consent");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_made_elsewhere_shows_on_the_page() -> Result<()> {
    play("elsewhere", &[], async |stage| {
        stage.sign_in().await?;
        stage.gateway.tell("run rm -rf build").await?;
        let card = stage.page.card(CLEAN).await?;
        stage.gateway.resolve(&card.id, "deny").await?;
        card.becomes("denied").await?;
        card.says("Denied by api:").await?;
        stage.page.is_titled("Countersign").await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_click_does_not_count_and_the_stored_decision_is_shown() -> Result<()> {
    play("late_click", &[], async |stage| {
        make_build(stage)?;
        stage.sign_in().await?;
        stage.gateway.tell("run rm -rf build").await?;
        let card = stage.page.card(CLEAN).await?;
        // The page is made deaf, so that it still asks when the decision has been made.
        let deaf = "const ask = window.fetch; \
            window.fetch = (path, options) => options?.method === 'POST' \
                ? ask(path, options) \
                : new Promise((resolve) => setTimeout(() => resolve(ask(path, options)), 1500));";
        stage.page.ask::<()>(deaf, &[]).await?;
        stage.gateway.resolve(&card.id, "deny").await?;
        card.press("Approve once").await?;
        card.says("Your decision did not count").await?;
        card.says("Denied by api:").await?;
        ensure!(build_is_there(stage), "a late click ran something");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_cards_the_second_is_decided_first_and_only_it_runs() -> Result<()> {
    play("two_cards", &[], async |stage| {
        let workspace = stage.gateway.workspace();
        std::fs::create_dir_all(workspace.join("one"))?;
        std::fs::create_dir_all(workspace.join("two"))?;
        stage.sign_in().await?;
        stage.gateway.tell("run& rm -rf one\nrun& rm -rf two").await?;
        stage.gateway.pending(2).await?;
        let first = stage.page.card("rm -rf one").await?;
        let second = stage.page.card("rm -rf two").await?;
        stage.page.is_titled("(2) Countersign").await?;
        second.press("Approve once").await?;
        second.becomes("executed").await?;
        ensure!(first.status().await? == "pending", "the other card changed");
        ensure!(workspace.join("one").exists(), "the other command ran");
        ensure!(!workspace.join("two").exists(), "the approved command did not run");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approvals_own_page_shows_all_of_it_and_its_history() -> Result<()> {
    play("own_page", &[], async |stage| {
        make_build(stage)?;
        stage.sign_in().await?;
        let run = stage.gateway.tell("run rm -rf build").await?;
        let ids = stage.gateway.pending(1).await?;
        for id in &ids {
            stage.visit(&format!("/approvals/{id}")).await?;
        }
        let card = stage.page.card(CLEAN).await?;
        stage.page.sees("What happened").await?;
        card.press("Approve once").await?;
        card.becomes("executed").await?;
        for moment in ["Asked", "Approved by operator", "Started", "Ended"] {
            stage.page.sees(moment).await?;
        }
        let session = text(&run, "session_id")?;
        stage.page.press("#main", &session).await?;
        stage.page.sees("Chat").await?;
        let path = stage.page.path().await?;
        ensure!(path == format!("/chat/{session}"), "the link leads to {path}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_edited_before_it_is_approved() -> Result<()> {
    play("edit", &[], async |stage| {
        stage.sign_in().await?;
        let run = stage.gateway.tell(&stage.gateway.write_outside("We are down.")).await?;
        let card = stage.page.card(OUTSIDE).await?;
        card.says("We are down.").await?;
        card.press("Edit the content").await?;
        stage.page.picture(&artifacts()?.join("edit-open.png")).await?;
        ensure!(
            !card.text().await?.contains("Approve once"),
            "it can be approved while it is typed"
        );
        let area = stage.page.element("textarea.draft").await?;
        area.clear().await?;
        area.send_keys("We are back.").await?;
        card.press("Save the new content").await?;
        card.says("We are back.").await?;
        ensure!(stage.gateway.written_outside().is_none(), "saving decided it");
        stage.page.picture(&artifacts()?.join("edit-saved.png")).await?;
        card.press("Approve once").await?;
        card.becomes("executed").await?;
        ensure!(
            stage.gateway.written_outside().as_deref() == Some("We are back."),
            "not as edited"
        );
        let ended = stage.gateway.ended(&run).await?;
        ensure!(text(&ended, "output")?.contains("changed the content"), "the agent was not told");
        stage.visit(&format!("/approvals/{}", card.id)).await?;
        stage.page.sees("Content changed by operator").await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_that_runs_is_shown_and_told_when_it_has_changed() -> Result<()> {
    play("script", &[], async |stage| {
        let script = stage.gateway.workspace().join("x.sh");
        std::fs::write(&script, "rm -rf ~/old\n")?;
        stage.sign_in().await?;
        stage.gateway.tell("run bash x.sh").await?;
        let ids = stage.gateway.pending(1).await?;
        let page = format!("/approvals/{}", ids.first().map_or("", String::as_str));
        // The list, which does not hold the script, is drawn before the approval itself arrives.
        let list_first = "const get = window.fetch; const id = arguments[0]; \
             window.fetch = async (...call) => { \
               if (String(call[0]).endsWith(id)) { \
                 window.fetch = get; \
                 await import('/assets/approvals.js').then((approvals) => approvals.reload()); \
               } \
               return get(...call); \
             }; return 1";
        stage.page.card("bash x.sh").await?;
        let _: u64 = stage.page.ask(list_first, &[ids.first().cloned().into()]).await?;
        stage.page.press(".card", "Details").await?;
        let card = stage.page.card("bash x.sh").await?;
        card.says("What it says").await?;
        stage.page.element(".preview summary").await?.click().await?;
        card.says("rm -rf ~/old").await?;
        stage.page.picture(&artifacts()?.join("script.png")).await?;
        // Lists are read anew whenever the connection comes back; they do not hold the script.
        let read_anew = "return import('/assets/approvals.js').then(a => a.reload()).then(() => 1)";
        let _: u64 = stage.page.ask(read_anew, &[]).await?;
        card.says("What it says").await?;
        std::fs::write(&script, "true\n")?;
        stage.visit(&page).await?;
        stage.page.card("bash x.sh").await?.says("It has changed since").await
    })
    .await
}
