//! A Mattermost server to try things by hand: says where it is and who is on it, and runs until it
//! is stopped.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use clap::Parser;
use countersign_fakes::mattermost::{Account, FakeMattermost, Settings, TeamRole};
use serde_json::{Map, json};

/// A strict model of a Mattermost server.
#[derive(Debug, Parser)]
#[command(name = "fake-mattermost", version)]
struct Args {
    /// Where to listen; port 0 takes one that is free.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The team, with a public channel `town` in it.
    #[arg(long, default_value = "main")]
    team: String,
    /// People; the password of `ann` is `ann-password`.
    #[arg(long = "user", default_values_t = ["ann".to_owned(), "bob".to_owned()])]
    users: Vec<String>,
    /// Bots, each with an access token and the rights of a team administrator.
    #[arg(long = "bot", default_values_t = ["countersign".to_owned()])]
    bots: Vec<String>,
    /// Hosts and ranges of this network that buttons and commands may lead to.
    #[arg(long, default_value = "127.0.0.1 localhost")]
    untrusted_internal_connections: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let settings = Settings {
        untrusted_internal_connections: args.untrusted_internal_connections,
        ..Settings::default()
    };
    let server = FakeMattermost::start_on(args.listen, settings).await;
    let team = server.team(&args.team);
    let people: Vec<_> = args.users.iter().map(|name| server.user(name)).collect();
    let bots: Vec<_> = args.bots.iter().map(|name| server.bot(name)).collect();
    for bot in &bots {
        server.set_team_role(&team, bot, Some(TeamRole::Admin));
    }
    let members: Vec<&dyn Account> = people
        .iter()
        .map(|person| person as &dyn Account)
        .chain(bots.iter().map(|bot| bot as &dyn Account))
        .collect();
    let town = server.channel(&team, "town", &members);
    let told = json!({
        "url": server.url(),
        "team": {"id": team, "name": args.team},
        "channel": {"id": town, "name": "town"},
        "users": people.iter().map(|person| (person.name.clone(), json!({
            "id": person.id, "password": person.password,
        }))).collect::<Map<_, _>>(),
        "bots": bots.iter().map(|bot| (bot.name.clone(), json!({
            "id": bot.id, "token": bot.token,
        }))).collect::<Map<_, _>>(),
    });
    let mut out = std::io::stdout().lock();
    std::io::Write::write_all(&mut out, format!("{told}\n").as_bytes())
        .context("standard output")?;
    std::io::Write::flush(&mut out).context("standard output")?;
    drop(out);
    std::future::pending().await
}
