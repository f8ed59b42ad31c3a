//! With what messages are sent, as the section `outbound` says.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_agent::Sending;
use countersign_delivery::{MailSettings, SmtpMailer, Tls, WebhookSettings, Webhooks};
use countersign_domain::outbound::OutboundPolicy;
use countersign_gateway::config::{ConfigProblem, EmailConfig, MailTls, WebhookConfig};
use countersign_ports::callbacks::Callbacks;
use countersign_ports::clock::Clock;
use countersign_ports::delivery::{Mailer, Messenger};
use url::Url;

use crate::config::Loaded;
use crate::failure::Failure;

/// What may leave the house, and how.
pub(crate) fn outbound_policy(loaded: &Loaded) -> Result<OutboundPolicy, Failure> {
    loaded.config.outbound.policy().map_err(|error| told(loaded, &error))
}

/// What there is to send with, and what carries callbacks. Nothing is connected yet.
pub(crate) fn sending(
    loaded: &Loaded,
    environment: impl Fn(&str) -> Option<String>,
    clock: Arc<dyn Clock>,
    chats: Vec<Arc<dyn Messenger>>,
) -> Result<(Sending, Option<Arc<dyn Callbacks>>), Failure> {
    let config = &loaded.config.outbound;
    let names = config.webhook_names().map_err(|error| told(loaded, &error))?;
    let mut hooks = BTreeMap::new();
    for (name, hook) in names {
        let settings = webhook(loaded, name.as_str(), hook, &environment)?;
        hooks.insert(name, settings);
    }
    let mut messengers = chats;
    let mut callbacks: Option<Arc<dyn Callbacks>> = None;
    if !hooks.is_empty() {
        let webhooks = Arc::new(Webhooks::new(hooks, clock).map_err(Failure::refused)?);
        messengers.push(webhooks.clone());
        callbacks = Some(webhooks);
    }
    let mail = config.email.as_ref().map(|mail| {
        let from = mail.from().map_err(|error| told(loaded, &error))?;
        let mailer: Arc<dyn Mailer> = Arc::new(mailer(loaded, mail, &environment)?);
        Ok::<_, Failure>((mailer, from))
    });
    let sending = Sending {
        directory: config.directory().map_err(|error| told(loaded, &error))?,
        messengers: messengers.into_iter().collect(),
        mail: mail.transpose()?,
    };
    Ok((sending, callbacks))
}

/// Nothing, or the first value that a start would refuse. Whether a variable with a secret is set
/// is known only where the gateway is started.
pub(crate) fn check(loaded: &Loaded) -> Result<(), Failure> {
    let given = |_: &str| Some("given at the start".to_owned());
    sending(loaded, given, Arc::new(crate::clock::SystemClock), Vec::new()).map(drop)
}

fn webhook(
    loaded: &Loaded,
    name: &str,
    hook: &WebhookConfig,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<WebhookSettings, Failure> {
    let key = format!("outbound.webhooks.{name}.url");
    let url = Url::parse(&hook.url).map_err(|error| loaded.problem(&key, &error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() {
        let what = "write an absolute http or https address without a user name";
        return Err(loaded.problem(&key, what).into());
    }
    let secret = hook.resolve_secret(name, environment).map_err(|error| told(loaded, &error))?;
    let secret = secret.expose().to_owned();
    Ok(WebhookSettings { url, secret, idempotent: hook.idempotent })
}

fn mailer(
    loaded: &Loaded,
    mail: &EmailConfig,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<SmtpMailer, Failure> {
    let password = mail.resolve_password(environment).map_err(|error| told(loaded, &error))?;
    let credentials = match (&mail.user, password) {
        (Some(user), Some(password)) => Some((user.clone(), password.expose().to_owned())),
        (None, None) => None,
        (Some(_), None) => {
            return Err(loaded.problem("outbound.email.password", "missing for this user").into());
        }
        (None, Some(_)) => {
            return Err(loaded.problem("outbound.email.user", "missing for this password").into());
        }
    };
    let trusted = match &mail.ca_file {
        None => None,
        Some(path) => Some(std::fs::read_to_string(path).map_err(|error| {
            loaded.problem("outbound.email.ca_file", &format!("{}: {error}", path.display()))
        })?),
    };
    let settings = MailSettings {
        host: mail.host.clone(),
        port: mail.port(),
        tls: match mail.tls {
            MailTls::Starttls => Tls::Starttls,
            MailTls::Implicit => Tls::Implicit,
            MailTls::None => Tls::None,
        },
        credentials,
        trusted,
    };
    Ok(SmtpMailer::new(settings)
        .map_err(|error| loaded.problem("outbound.email.tls", &error.to_string()))?)
}

fn told(loaded: &Loaded, error: &ConfigProblem) -> Failure {
    loaded.problem(&error.key, &error.problem.to_string()).into()
}
