//! Operators' own chats with the agent on `WhatsApp`, as the section `platforms.whatsapp` says.

use std::sync::Arc;

use countersign_domain::chat::{PersonId, PlatformName};
use countersign_domain::service_conversations::ServiceChatId;
use countersign_gateway::config::{PairingText, PlatformConfig};
use countersign_ports::platform::Platform;
use countersign_whatsapp_platform::cloud::{AccountConfig, Cloud, NUMBER};
use countersign_whatsapp_platform::{BridgeClient, WhatsApp};

use crate::config::Loaded;
use crate::environment::{Environment, is_set};
use crate::failure::Failure;

/// The section of the configuration.
const SECTION: &str = "platforms.whatsapp";

/// The bot in the chats of operators, if there are any.
pub(crate) fn adapter(
    loaded: &Loaded,
    environment: &Environment,
    (bridge, number): (Option<&Arc<BridgeClient>>, Option<&Arc<Cloud>>),
) -> Result<Option<Arc<dyn Platform>>, Failure> {
    check_named(loaded, environment)?;
    let section = loaded.config.platforms.whatsapp.as_ref();
    let adapter = match (number, bridge) {
        // What comes to the number comes through its adapter, whoever writes it.
        (Some(number), _) => number.platform(),
        (None, Some(bridge)) if section.is_some() => WhatsApp::over_bridge(bridge.clone()),
        (None, None) if section.is_some() && loaded.config.whatsapp.bridge.is_none() => {
            return Err(no_way(loaded));
        }
        (None, _) => return Ok(None),
    };
    Ok(Some(Arc::new(adapter.map_err(Failure::refused)?)))
}

/// Nothing, or what is wrong with the section and the people that the environment names.
pub(crate) fn check_named(loaded: &Loaded, environment: &Environment) -> Result<(), Failure> {
    match &loaded.config.platforms.whatsapp {
        Some(section) => check_section(loaded, section, environment.get("WHATSAPP_ALLOWED_USERS")),
        None => Ok(()),
    }
}

/// Nothing, or the first value of the section that a start would refuse.
pub(crate) fn check(loaded: &Loaded) -> Result<(), Failure> {
    let Some(section) = &loaded.config.platforms.whatsapp else {
        return Ok(());
    };
    check_section(loaded, section, None)?;
    // A number may be described by the environment alone.
    let is_described = !section.accounts.is_empty() || is_set(NUMBER);
    if loaded.config.whatsapp.bridge.is_none() && !is_described {
        return Err(no_way(loaded));
    }
    Ok(())
}

fn no_way(loaded: &Loaded) -> Failure {
    let what = "there is no way to the platform: set `whatsapp.bridge.url`, or describe a business \
                number in `accounts`";
    loaded.problem(SECTION, what).into()
}

fn check_section(
    loaded: &Loaded,
    section: &PlatformConfig<AccountConfig>,
    named: Option<String>,
) -> Result<(), Failure> {
    let problem =
        |key: &str, what: &str| Err(loaded.problem(&format!("{SECTION}.{key}"), what).into());
    if section.pairing == PairingText::Code {
        // The account is a person's: whoever writes to it is no business of a bot's.
        let what = "`code` is not accepted: nobody who writes to your account is answered unasked; \
                    list people in `allow_from`";
        return problem("pairing", what);
    }
    let more = named.into_iter().flat_map(|text| {
        let items: Vec<String> = text.split(',').map(str::to_owned).collect();
        items
    });
    let platform = PlatformName::whatsapp();
    let operators: Vec<PersonId> = section
        .allow_from
        .items()
        .into_iter()
        .chain(more)
        .filter_map(|item| PersonId::on(&platform, &item))
        .collect();
    let settings = loaded.config.whatsapp.service_conversations.settings();
    let approved = settings.map(|settings| settings.approved_chats).unwrap_or_default();
    let is_operators = |chat: &&ServiceChatId| {
        PersonId::on(&platform, &chat.jid()).is_some_and(|person| operators.contains(&person))
    };
    match approved.iter().find(is_operators) {
        None => Ok(()),
        Some(both) => problem(
            "allow_from",
            &format!(
                "`{both}` is in `whatsapp.service_conversations.approved_chats`, too: a chat is \
                 somebody's who may talk to the agent, or a service chat, never both"
            ),
        ),
    }
}
