use anyhow::{Result, ensure};
use countersign_e2e::{play, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_streams_asks_and_is_the_same_after_a_reload() -> Result<()> {
    play("chat", &[], async |stage| {
        std::fs::create_dir_all(stage.gateway.workspace().join("build"))?;
        stage.sign_in().await?;
        stage.visit("/chat").await?;
        stage.page.say("run echo hello\nstream 30\nask Which branch?\nrun rm -rf build").await?;
        stage.page.sees("Which branch?").await?;
        let answer = stage.page.element(".answer-form input").await?;
        answer.send_keys("main\u{e007}").await?;
        stage.page.sees("You answered: main").await?;
        let card = stage.page.card("rm -rf build").await?;
        stage.page.sees("Waits for your approval").await?;
        card.press("Approve once").await?;
        card.becomes("executed").await?;
        stage.page.sees("terminal ok hello").await?;
        stage.page.press(".tool", "terminal echo hello done").await?;
        stage.page.sees("from start to end").await?;

        let before = stage.page.ask::<String>(THREAD, &[]).await?;
        stage.page.reload().await?;
        stage.page.sees("terminal ok hello").await?;
        stage.page.card("rm -rf build").await?.becomes("executed").await?;
        let after = stage.page.ask::<String>(THREAD, &[]).await?;
        ensure!(before == after, "before the reload:\n{before}\nafter it:\n{after}");
        Ok(())
    })
    .await
}

const THREAD: &str = "return [...document.querySelectorAll('.thread .bubble-text, .thread .tool > summary')] \
    .map((node) => node.textContent).join('\\n')";

#[tokio::test(flavor = "multi_thread")]
async fn stop_ends_the_run_and_its_card() -> Result<()> {
    play("stop", &[], async |stage| {
        std::fs::create_dir_all(stage.gateway.workspace().join("build"))?;
        stage.sign_in().await?;
        stage.visit("/chat").await?;
        stage.page.say("run rm -rf build").await?;
        let card = stage.page.card("rm -rf build").await?;
        stage.page.press(".talk-head", "Stop the run").await?;
        card.becomes("cancelled").await?;
        stage.page.sees("Stopped by operator").await?;
        ensure!(stage.gateway.workspace().join("build").exists(), "it ran after the stop");
        stage.page.say("hello again").await?;
        stage.page.sees("hello again").await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_conversations_can_be_found_again() -> Result<()> {
    play("sessions", &[], async |stage| {
        stage.sign_in().await?;
        let run = stage.gateway.tell("the first conversation").await?;
        stage.gateway.ended(&run).await?;
        stage.visit("/chat").await?;
        stage.page.element(".sessions a").await?.click().await?;
        stage.page.element("[data-run]").await?;
        let path = stage.page.path().await?;
        ensure!(path.starts_with("/chat/sess_"), "it is at {path}");
        stage.page.press(".sessions-side", "New chat").await?;
        stage.page.sees("Say what you want done").await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_say_in_the_conversation_appears() -> Result<()> {
    play("others", &[], async |stage| {
        stage.sign_in().await?;
        let run = stage.gateway.tell("the first conversation").await?;
        stage.visit(&format!("/chat/{}", text(&run, "session_id")?)).await?;
        stage.page.sees("the first conversation").await?;
        stage.gateway.ended(&run).await?;
        stage.gateway.tell_again(&run, &stage.gateway.write_outside("later")).await?;
        let card = stage.page.card("outside.txt").await?;
        stage.gateway.resolve(&card.id, "deny").await?;
        card.becomes("denied").await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn slash_commands_are_answered_where_one_writes() -> Result<()> {
    play("commands", &[], async |stage| {
        std::fs::create_dir_all(stage.gateway.workspace().join("build"))?;
        stage.sign_in().await?;
        stage.visit("/chat").await?;
        stage.page.say("run rm -rf build").await?;
        let card = stage.page.card("rm -rf build").await?;
        let first = stage.page.path().await?;
        ensure!(first.starts_with("/chat/sess_"), "it is at {first}");
        // While the agent waits, one can write on, and a plain text decides nothing.
        stage.page.say("and then?").await?;
        stage.page.sees("It was not taken as a decision on the approval that waits.").await?;
        stage.page.say("/approvals").await?;
        stage.page.sees("Waiting for a decision").await?;
        stage.page.say("/deny not today").await?;
        card.becomes("denied").await?;
        stage.page.element(".talk-head .stop[hidden]").await?;
        stage.page.say("/new").await?;
        stage.page.sees("A new conversation begins.").await?;
        let second = stage.page.path().await?;
        ensure!(second != first && second.starts_with("/chat/sess_"), "it is at {second}");
        stage.page.say("say something else").await?;
        stage.page.element(".bubble.agent").await?;
        stage.page.element(".talk-head .stop[hidden]").await?;
        stage.page.say("/resume").await?;
        stage.page.sees("Back in").await?;
        ensure!(stage.page.path().await? == first, "it went elsewhere");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_let_in_by_their_code_alone() -> Result<()> {
    play("people", &[], async |stage| {
        stage.sign_in().await?;
        stage.visit("/people").await?;
        stage.page.sees("Nobody.").await?;
        stage.page.sees("None is configured.").await?;
        let field = stage.page.element("#pairing-code").await?;
        field.send_keys("AAAA-AAAA").await?;
        stage.page.press(".code-form", "Let in").await?;
        stage.page.sees("Nobody was let in.").await
    })
    .await
}
