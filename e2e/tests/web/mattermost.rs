use anyhow::{Context as _, Result, ensure};
use countersign_e2e::play_at;
use countersign_fakes::mattermost::{FakeMattermost, Post, PostId, Settings, TeamRole};

/// What the first attachment of a post says.
fn shown(post: &Post) -> &str {
    let attachment = post.props.get("attachments").and_then(|all| all.get(0));
    attachment.and_then(|one| one.get("text")?.as_str()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_in_a_channel_is_approved_in_the_page_and_the_card_there_tells() -> Result<()>
{
    let server = FakeMattermost::start(Settings::default()).await;
    let team = server.team("main");
    let (ann, bot) = (server.user("ann"), server.bot("signer"));
    server.set_team_role(&team, &bot, Some(TeamRole::Admin));
    let square = server.channel(&team, "square", &[&ann, &bot]);
    // Nobody presses a button there: what the server would call is not needed.
    let config = format!(
        "platforms:\n  mattermost:\n    accounts:\n      main: {{url: '{}', token: '{}', \
         callback_url: 'http://127.0.0.1:9'}}\n    allow_from: [{ann}]\n    group_allow_from: [{ann}]\n",
        server.url(),
        bot.token,
        ann = ann.id,
    );
    let files = [("config.yaml", config.as_str())];
    play_at("mattermost", &files, &[], async |stage| {
        let made = stage.gateway.workspace().join("made/deep");
        std::fs::create_dir_all(&made)?;
        stage.sign_in().await?;
        server.wait_for("the bot", |server| (server.open_sockets(&bot) > 0).then_some(())).await;
        let said: PostId = ann.posts(&square, None, "@signer run rm -r made").await;
        let asked = server.wait_for_post(&square, |post| !post.buttons().is_empty()).await;
        ensure!(asked.root_id == said.as_str(), "the card is not in the thread: {asked:?}");
        ensure!(shown(&asked).contains("rm -r made"), "the card does not show it: {asked:?}");

        let card = stage.page.card("rm -r made").await?;
        card.says("mattermost").await?;
        ensure!(made.exists(), "it ran before anybody decided");
        card.press("Approve once").await?;
        card.becomes("executed").await?;
        ensure!(!made.exists(), "it did not run");

        let told = server
            .wait_for("the card's end", |server| {
                server.post(&asked.id).filter(|post| shown(post).contains("It ran"))
            })
            .await;
        ensure!(told.buttons().is_empty(), "there are buttons still: {told:?}");
        ensure!(shown(&told).contains("operator"), "the card does not tell by whom: {told:?}");
        let answers = |post: &Post| post.root_id == said.as_str() && post.id != asked.id;
        let answer = server.wait_for_post(&square, answers).await;
        (!answer.message.is_empty()).then_some(()).context("the agent says nothing in the thread")
    })
    .await
}
