use anyhow::{Result, ensure};
use countersign_e2e::play;

/// Hides, reorders, closes elements, steers terminals, looks like Latin.
const HOSTILE: &str = "rm -rf build \u{202e}gnihton\u{202c} \u{200b}x \u{1b}[2J \
    <img src=x onerror=\"document.title='owned'\"></code></pre><script>alert(1)</script> p\u{430}ypal";

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_is_inert_and_nothing_of_it_is_hidden() -> Result<()> {
    play("hostile", &[], async |stage| {
        stage.sign_in().await?;
        stage.gateway.tell(&format!("run {HOSTILE}")).await?;
        let card = stage.page.card("rm -rf build").await?;
        let command = card.command().await?;
        for mark in ["⟨U+202E⟩", "⟨U+202C⟩", "⟨U+200B⟩", "⟨U+001B⟩[2J"] {
            ensure!(command.contains(mark), "no {mark} in: {command}");
        }
        for raw in ['\u{202e}', '\u{202c}', '\u{200b}', '\u{1b}'] {
            let whole: String = stage.page.ask("return document.body.textContent", &[]).await?;
            ensure!(!whole.contains(raw), "U+{:04X} is in the page as it is", u32::from(raw));
        }
        ensure!(command.contains("<img src=x onerror="), "markup is not shown: {command}");
        let made: u64 = stage
            .page
            .ask("return document.querySelectorAll('main img, main script').length", &[])
            .await?;
        ensure!(made == 0, "text became elements");
        card.says("Letters in boxes are not the Latin ones").await?;
        stage.page.is_titled("(1) Countersign").await?;

        let session = stage.gateway.get("/v1/runs?limit=1").await?;
        let session = session["data"][0]["session_id"].as_str().unwrap_or_default().to_owned();
        stage.visit(&format!("/chat/{session}")).await?;
        stage.page.card("rm -rf build").await?;
        let whole: String = stage.page.ask("return document.body.textContent", &[]).await?;
        ensure!(!whole.contains(['\u{202e}', '\u{200b}', '\u{1b}']), "the chat shows it raw");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_command_is_shown_to_its_end() -> Result<()> {
    play("long", &[], async |stage| {
        stage.sign_in().await?;
        let padding = "x".repeat(20_000);
        stage.gateway.tell(&format!("run echo {padding}; rm -rf ~/keepsakes")).await?;
        let card = stage.page.card("keepsakes").await?;
        let command = card.command().await?;
        ensure!(command.chars().count() > 20_000, "only {} characters are shown", command.len());
        ensure!(command.ends_with("; rm -rf ~/keepsakes"), "the tail is missing");
        let visible: bool = stage
            .page
            .ask(
                "const block = document.querySelector('[data-card] .command'); \
                 const style = getComputedStyle(block); \
                 return block.scrollHeight <= block.clientHeight + 1 \
                     && block.scrollWidth <= block.clientWidth + 1 \
                     && style.whiteSpace.startsWith('pre-wrap')",
                &[],
            )
            .await?;
        ensure!(visible, "a part of the command can only be seen by scrolling within it");
        ensure!(stage.page.sideways_overflow().await? <= 0, "the page scrolls sideways");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_blanks_are_counted_instead_of_pushing_the_tail_away() -> Result<()> {
    play("blanks", &[], async |stage| {
        stage.sign_in().await?;
        let blanks = " ".repeat(400);
        stage.gateway.tell(&format!("run true;{blanks}rm -rf build")).await?;
        let card = stage.page.card("rm -rf build").await?;
        let command = card.command().await?;
        ensure!(command.contains("⟨400 blanks⟩"), "the blanks are not counted: {command}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_stand_where_the_findings_are_after_letters_of_many_bytes_too() -> Result<()> {
    play("marks", &[], async |stage| {
        stage.sign_in().await?;
        stage.gateway.tell("run echo 'äß漢🙂' && rm -rf build && echo 'ü'").await?;
        stage.page.card("rm -rf build").await?;
        let marked: Vec<String> = stage
            .page
            .ask(
                "return [...document.querySelectorAll('[data-card] mark')] \
                 .map((mark) => mark.textContent)",
                &[],
            )
            .await?;
        ensure!(marked == ["build"], "the marks are around {marked:?}");
        Ok(())
    })
    .await
}
