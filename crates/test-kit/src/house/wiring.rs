//! How the parts of a house are put together.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_agent::providers::rehearsal::Rehearsal;
use countersign_agent::{Agent, AgentConfig, AgentParts, ModelConfig, Sending, Toolbox};
use countersign_command_risk::SelfDescription;
use countersign_delivery::{WebhookSettings, Webhooks};
use countersign_domain::chat::PlatformName;
use countersign_domain::redaction::Redactor;
use countersign_gateway::config::{RiskConfig, RunsConfig, SecurityConfig};
use countersign_gateway::{Gateway, Guard, GuardParts, Parts, Settings};
use countersign_ports::delivery::Messenger;
use countersign_ports::platform::Platform as _;
use countersign_ports::store::SharedStore;
use countersign_whatsapp_platform::WhatsApp;
use countersign_whatsapp_platform::cloud::Cloud;

use super::{HouseBuilder, business};
use crate::{BreakableSigner, ManualClock, SeededEntropy};

pub(super) fn gateway(
    builder: &HouseBuilder,
    home: &std::path::Path,
    (store, clock, signer): (&SharedStore, &Arc<ManualClock>, &Arc<BreakableSigner>),
    redactor: Arc<Redactor>,
) -> Arc<Gateway> {
    let settings = builder.approvals.settings(
        &RunsConfig { max_working: builder.most_working },
        "test-host".to_owned(),
        "rehearsal".to_owned(),
    );
    let settings = settings
        .map(|settings| Settings {
            chat: builder.chat.clone(),
            service: builder.service.clone(),
            ..settings
        })
        .expect("the settings are good");
    Gateway::new(Parts {
        store: store.clone(),
        bus: builder.bus.clone(),
        clock: clock.clone(),
        entropy: Arc::new(SeededEntropy::new(builder.seed)),
        signer: signer.clone(),
        guard: guard(builder, home),
        witness: builder.witness.clone(),
        settings,
        redactor,
    })
}

fn guard(builder: &HouseBuilder, home: &std::path::Path) -> Guard {
    let security = SecurityConfig::default();
    let mut known = SelfDescription::default();
    known.guard.ports.push(8642);
    known.guard.paths.push(format!("{}/", home.display()));
    known.guard.policy_files.push(home.join("config.yaml").display().to_string());
    let engine = RiskConfig { belongings: Some(known), ..RiskConfig::default() }
        .engine(&security, |path| std::fs::read_to_string(path))
        .expect("the built-in policy is good");
    let operator = builder.approvals.operator_rules().expect("the rules are good");
    let parts = GuardParts {
        workspace: home.join("workspace").display().to_string(),
        gateway_home: home.display().to_string(),
        user_home: "/home/me".to_owned(),
        user: "me".to_owned(),
        protected_paths: security.protected_paths,
        outbound: builder.outbound.policy().expect("the policy is good"),
        scanner: Arc::new(Redactor::new([])),
        own_port: 8642,
    };
    Guard::new(engine, operator, parts)
}

/// The real webhooks of the section, and the mailer that was given.
pub(super) fn sending(
    builder: &HouseBuilder,
    (gateway, number): (&Arc<Gateway>, Option<&Arc<Cloud>>),
    clock: &Arc<ManualClock>,
) -> Sending {
    // A second call finds the first one's.
    rustls::crypto::ring::default_provider().install_default().ok();
    let names = builder.outbound.webhook_names().expect("the names are good");
    let hooks: BTreeMap<_, _> = names
        .into_iter()
        .map(|(name, hook)| {
            let secret = hook.resolve_secret(name.as_str(), |_| None).expect("a secret");
            let settings = WebhookSettings {
                url: hook.url.parse().expect("an address"),
                secret: secret.expose().to_owned(),
                idempotent: hook.idempotent,
            };
            (name, settings)
        })
        .collect();
    let mut messengers: Vec<Arc<dyn Messenger>> = Vec::new();
    for platform in &builder.platforms {
        messengers.push(gateway.messenger(platform.about().platform.clone()));
    }
    messengers.extend(builder.carried.iter().map(|platform| gateway.messenger(platform.clone())));
    if !hooks.is_empty() {
        messengers.push(Arc::new(Webhooks::new(hooks, clock.clone()).expect("a client")));
    }
    if let Some(bridge) = builder.client() {
        messengers.push(gateway.bridge_messenger(bridge));
    }
    if let Some(number) = number {
        messengers.push(gateway.bridge_messenger(number.clone()));
    }
    let from = "agent@example.org".parse().expect("an address");
    Sending {
        directory: builder.outbound.directory().expect("the directory is good"),
        messengers: messengers.into_iter().collect(),
        mail: builder.mailer.clone().map(|mailer| (mailer, from)),
    }
}

/// The account of `WhatsApp`, whichever way leads to it.
pub(super) async fn attach_account(
    builder: &HouseBuilder,
    number: Option<Arc<Cloud>>,
    gateway: &Arc<Gateway>,
) {
    if let Some(bridge) = builder.client() {
        if builder.chat.admission.contains_key(&PlatformName::whatsapp()) {
            let adapter = WhatsApp::over_bridge(bridge.clone()).expect("an adapter");
            gateway.attach_platform(Arc::new(adapter)).await.expect("the platform is taken");
        }
        gateway.attach_bridge(bridge);
    }
    if let Some(number) = number {
        business::attach(number, gateway).await;
    }
}

pub(super) fn toolbox(workspace: &std::path::Path, redactor: &Arc<Redactor>) -> Toolbox {
    let variables = [("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())];
    let context = AgentConfig::default().tool_context(workspace, variables, redactor.clone());
    Toolbox::builtin(context.expect("the context is good"))
}

pub(super) fn agent(
    gateway: &Arc<Gateway>,
    clock: &Arc<ManualClock>,
    tools: Toolbox,
    redactor: Arc<Redactor>,
) -> Arc<Agent> {
    let limits = AgentConfig::default().limits(&ModelConfig::default());
    Agent::new(AgentParts {
        journal: gateway.clone(),
        gate: gateway.clone(),
        provider: Arc::new(Rehearsal),
        fallbacks: Vec::new(),
        tools,
        clock: clock.clone(),
        limits: limits.expect("the limits are good"),
        instructions: String::new(),
        redactor,
    })
}
