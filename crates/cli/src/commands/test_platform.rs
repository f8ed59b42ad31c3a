//! `platforms test`: whether chat platforms are set up as they should be.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use clap::Args;
use countersign_mattermost::{Checked, Health, Mattermost, Parts};
use countersign_ports::clock::Clock as _;
use countersign_ports::platform::{NoteName, Notes, NotesError};
use countersign_whatsapp_platform::cloud;
use serde_json::{Value, json};

use super::{Global, JsonFlag};
use crate::clock::SystemClock;
use crate::config::{Loaded, load};
use crate::entropy::SystemEntropy;
use crate::environment::Environment;
use crate::failure::{Answer, Failure, Outcome};
use crate::home::{Home, signing_keys};
use crate::output::Screen;
use crate::{business_number, platforms};

/// Look at everything that the bots of a platform need, and say what to set.
///
/// The gateway should be running: the platform is made to call it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign platforms test mattermost
  countersign platforms test mattermost --json
  countersign platforms test whatsapp

Exit codes: 0 all works, 1 something does not, 2 usage or configuration error.")]
pub(crate) struct TestArgs {
    /// The platform
    platform: Tested,
    #[command(flatten)]
    json: JsonFlag,
}

/// A platform that can be looked at.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Tested {
    Mattermost,
    /// The business number on the Cloud API
    Whatsapp,
}

/// Looks at what is asked for.
pub(crate) async fn run(args: TestArgs, global: &Global) -> Outcome {
    let TestArgs { platform, json } = args;
    let screen = Screen::detect();
    let environment = Environment::read()?;
    let home = Home::open(&Home::place(global.home.as_deref())?)?;
    let loaded = load(&home.config(), &[])?;
    let found = match platform {
        Tested::Mattermost => of_mattermost(&loaded, &environment, &home).await?,
        Tested::Whatsapp => of_whatsapp(&loaded, &environment, &home).await?,
    };
    let (mut rows, mut outcome) = (Vec::new(), Answer::Yes);
    for Finding { account, checked } in &found {
        if checked.health == Health::Bad {
            outcome = Answer::No;
        }
        let (status, says) = (checked.health.as_str().to_owned(), checked.says.clone());
        rows.push(vec![account.clone(), checked.what.to_owned(), status, says]);
    }
    if json.json {
        let all: Vec<Value> = found.iter().map(Finding::to_json).collect();
        screen.json(&json!({"data": all}))?;
    } else {
        screen.table(&["ACCOUNT", "CHECK", "STATUS", "WHAT WAS FOUND"], &rows)?;
    }
    Ok(outcome)
}

async fn of_mattermost(
    loaded: &Loaded,
    environment: &Environment,
    home: &Home,
) -> Result<Vec<Finding>, Failure> {
    if platforms::mattermost(loaded, environment, listening(home, loaded))?.is_empty() {
        let what = "no bot is configured: set MATTERMOST_URL and MATTERMOST_TOKEN, or \
                    platforms.mattermost.accounts";
        return Err(Failure::Usage(what.to_owned()));
    }
    look(home, loaded, environment).await
}

async fn of_whatsapp(
    loaded: &Loaded,
    environment: &Environment,
    home: &Home,
) -> Result<Vec<Finding>, Failure> {
    let Some(settings) = business_number::settings(loaded, |name| environment.get(name))? else {
        let what = "no business number is configured: set WHATSAPP_CLOUD_PHONE_NUMBER_ID and what \
                    goes with it, or platforms.whatsapp.accounts";
        return Err(Failure::Usage(what.to_owned()));
    };
    let account = settings.account.to_string();
    let entropy = SystemEntropy::new().map_err(Failure::refused)?;
    let keys = signing_keys::open(home, &entropy, SystemClock.now());
    let secret = keys.map_err(Failure::refused)?.platform_secret();
    let number = business_number::made(settings, Arc::new(NoNotes), secret)?;
    let finding = |cloud::Checked { what, health, says }: cloud::Checked| {
        let health = match health {
            cloud::Health::Good => Health::Good,
            cloud::Health::Poor => Health::Poor,
            cloud::Health::Bad => Health::Bad,
        };
        Finding { account: account.clone(), checked: Checked { what, health, says } }
    };
    Ok(number.check().await.into_iter().map(finding).collect())
}

/// What was found of one account.
pub(crate) struct Finding {
    /// The bot, as the configuration names it.
    pub(crate) account: String,
    /// What was looked at, and how it is.
    pub(crate) checked: Checked,
}

impl Finding {
    fn to_json(&self) -> Value {
        let Self { account, checked } = self;
        let status = checked.health.as_str();
        json!({"account": account, "check": checked.what, "status": status, "message": checked.says})
    }
}

/// Looks at every bot on Mattermost that is configured: nothing where there is none. The servers are
/// made to call the gateway, which should be running.
pub(crate) async fn look(
    home: &Home,
    loaded: &Loaded,
    environment: &Environment,
) -> Result<Vec<Finding>, Failure> {
    let accounts = platforms::mattermost(loaded, environment, listening(home, loaded))?;
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let entropy = Arc::new(SystemEntropy::new().map_err(Failure::refused)?);
    let keys = signing_keys::open(home, entropy.as_ref(), SystemClock.now());
    let secret = keys.map_err(Failure::refused)?.platform_secret();
    let mut found = Vec::new();
    for settings in accounts {
        let account = settings.account.to_string();
        let parts = Parts {
            clock: Arc::new(SystemClock),
            entropy: entropy.clone(),
            notes: Arc::new(NoNotes),
            secret,
        };
        let bot = Mattermost::new(settings, parts).map_err(Failure::refused)?;
        let all = bot.check().await.into_iter();
        found.extend(all.map(|checked| Finding { account: account.clone(), checked }));
    }
    Ok(found)
}

/// Where the gateway of this home listens, or would.
fn listening(home: &Home, loaded: &Loaded) -> SocketAddr {
    let running = home.running().ok().and_then(|running| running.announcement.address.parse().ok());
    let configured = || loaded.config.gateway.listen.parse().ok();
    running.or_else(configured).unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 8642).into())
}

/// Looking leaves nothing behind.
struct NoNotes;

#[async_trait]
impl Notes for NoNotes {
    async fn read(&self, _: &NoteName) -> Result<Option<String>, NotesError> {
        Ok(None)
    }

    async fn write(&self, _: &NoteName, _: String) -> Result<(), NotesError> {
        Ok(())
    }
}
