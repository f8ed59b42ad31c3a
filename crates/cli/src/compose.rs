//! The wiring: store, bus, guard, gateway, agent and HTTP surface made into one process.
//!
//! The agent and the gateway do not know each other; they are joined here.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_agent::{Agent, AgentParts, DiskShelf, DiskWitness, Sending, Toolbox};
use countersign_command_risk::SelfDescription;
use countersign_domain::redaction::Redactor;
use countersign_event_bus::{InProcessBus, NatsBus};
use countersign_gateway::{Caller, ChatSettings, Gateway, Guard, GuardParts, Parts, Settings};
use countersign_http_api::{About, OperatorToken, ServerParts, SettingsView};
use countersign_ports::clock::Clock as _;
use countersign_ports::event_bus::EventBus;
use countersign_ports::model_provider::ModelProvider;
use countersign_ports::platform::Platform;
use countersign_ports::store::{SharedStore, StoreError};
use countersign_storage::config::filled;
use countersign_storage::{Place, PostgresStore, SqliteStore};
use countersign_whatsapp_platform::BridgeProcess;

use crate::bridge_link::Linked;
use crate::clock::SystemClock;
use crate::config::{Loaded, in_force};
use crate::credentials;
use crate::entropy::SystemEntropy;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::home::{Home, make_directory, signing_keys};
use crate::platforms::AdapterParts;
use crate::sending::{self, outbound_policy};
use crate::{bridge, bridge_link, business_number, logging, model, operators_chat, platforms};

/// The files of a home without which the gateway is none.
const OWN_FILES: [&str; 10] = [
    "audit.checkpoint",
    "config.yaml",
    "countersign.db",
    "countersign.db-wal",
    "countersign.db-shm",
    "gateway.json",
    "gateway.lock",
    "operator.token",
    "signing-keys.json",
    "whatsapp-bridge.token",
];

/// A gateway, ready to be served.
pub(crate) struct Composition {
    /// The verbs.
    pub(crate) gateway: Arc<Gateway>,
    /// Drives the runs.
    pub(crate) agent: Arc<Agent>,
    /// Where everything is kept.
    pub(crate) store: SharedStore,
    /// What the web page says of this gateway.
    pub(crate) about: About,
    /// The configuration as people may read it.
    pub(crate) settings: SettingsView,
    /// Where the agent works.
    pub(crate) workspace: PathBuf,
    /// The bots on chat platforms. Nothing is connected yet.
    pub(crate) adapters: Vec<Arc<dyn Platform>>,
    /// The bridge that is to be started.
    pub(crate) bridge: Option<Arc<BridgeProcess>>,
}

/// What a composition is made from.
pub(crate) struct Ingredients<'a> {
    /// The configuration.
    pub(crate) loaded: &'a Loaded,
    /// The home directory.
    pub(crate) home: &'a Home,
    /// The process's environment.
    pub(crate) environment: &'a Environment,
    /// The store of that home.
    pub(crate) store: SharedStore,
    /// What wakes those who wait, on this node and the others.
    pub(crate) bus: Arc<dyn EventBus>,
    /// Where the listener is bound.
    pub(crate) local_addr: SocketAddr,
    /// What the command line on this machine proves itself with.
    pub(crate) operator_token: &'a str,
}

/// Where the store of a home is.
pub(crate) fn place_of_store(
    home: &Home,
    loaded: &Loaded,
    environment: &Environment,
) -> Result<Place, Failure> {
    let place = loaded.config.store.place(home.database(), |name| environment.get(name));
    match place.map_err(|error| loaded.problem(error.key, &error.problem))? {
        Place::Sqlite(path) => Ok(Place::Sqlite(crate::environment::expanded(&path))),
        server @ Place::Postgres(_) => Ok(server),
    }
}

/// Opens the store of a home.
pub(crate) async fn open_store(
    home: &Home,
    loaded: &Loaded,
    environment: &Environment,
) -> Result<SharedStore, Failure> {
    let node = loaded.config.audit.node(&crate::environment::host());
    let node = node.map_err(|error| loaded.problem(&error.key, &error.problem.to_string()))?;
    let place = place_of_store(home, loaded, environment)?;
    let shown = match &place {
        Place::Sqlite(path) => path.display().to_string(),
        server @ Place::Postgres(_) => server.to_string(),
    };
    let refused = |error: StoreError| Failure::Refused(format!("{shown}: {error}"));
    match place {
        Place::Sqlite(path) => {
            let opened = tokio::task::spawn_blocking(move || SqliteStore::open_as(&path, node));
            let store = opened.await.map_err(Failure::refused)?.map_err(refused)?;
            Ok(Arc::new(store))
        }
        Place::Postgres(server) => {
            let readers = loaded.config.store.connections.map(usize::from);
            let store = PostgresStore::open_with(*server, node, readers).await.map_err(refused)?;
            Ok(Arc::new(store))
        }
    }
}

/// Opens the bus between the nodes, if there are several. One that cannot be reached is tried for
/// ever, and is no reason not to start.
pub(crate) async fn open_bus(
    loaded: &Loaded,
    environment: &Environment,
) -> Result<Arc<dyn EventBus>, Failure> {
    let server = credentials::bus(loaded, environment);
    match server.map_err(|error| loaded.problem(error.key, &error.problem))? {
        None => Ok(Arc::new(InProcessBus::new())),
        Some(server) => Ok(Arc::new(NatsBus::connect(&server).await.map_err(Failure::refused)?)),
    }
}

/// Joins everything. Nothing runs yet.
pub(crate) fn compose(from: Ingredients<'_>) -> Result<Composition, Failure> {
    let Ingredients { loaded, home, environment, store, bus, local_addr, operator_token } = from;
    let entropy = Arc::new(SystemEntropy::new().map_err(Failure::refused)?);
    let signer = signing_keys::open(home, entropy.as_ref(), SystemClock.now());
    let signer = Arc::new(signer.map_err(Failure::refused)?);
    let bridge_token = bridge::token(loaded, home, &entropy)?;
    let tokens: Vec<&str> = bridge_token.as_deref().into_iter().chain([operator_token]).collect();
    let held = credentials::held(loaded, environment, &tokens, &signer);
    // What leaves is searched for secrets also where they are not masked.
    let scanner = Redactor::new(held.clone());
    let shown = in_force(loaded, environment, &scanner);
    let masks = loaded.config.security.redact_secrets;
    let redactor = Arc::new(if masks { Redactor::new(held) } else { Redactor::off() });
    logging::mask_with(redactor.clone());
    let provider = provider(loaded, environment, &redactor)?;
    let fallbacks = fallbacks(loaded, environment, &redactor)?;
    let workspace = workspace(loaded, home)?;
    let config = &loaded.config;
    let secret = signer.platform_secret();
    let gateway = Gateway::new(Parts {
        store: store.clone(),
        bus,
        clock: Arc::new(SystemClock),
        entropy: entropy.clone(),
        signer,
        guard: guard(loaded, home, &workspace, (local_addr.port(), Arc::new(scanner)))?,
        witness: Arc::new(DiskWitness),
        settings: settings(loaded, environment, provider.model())?,
        redactor: redactor.clone(),
    });
    let place = (workspace.as_path(), local_addr.port());
    let adapters = AdapterParts { gateway: &gateway, entropy, secret, local_addr };
    let mut adapters = platforms::adapters(loaded, environment, &adapters)?;
    let mut messengers = platforms::messengers(&gateway, &adapters);
    let client = bridge::client(loaded, bridge_token)?;
    let Linked { client, process } = bridge_link::link((loaded, home), client, &gateway)?;
    let number = business_number::client(loaded, environment, (&gateway, secret))?;
    let ways = (client.as_ref(), number.as_ref());
    adapters.extend(operators_chat::adapter(loaded, environment, ways)?);
    messengers.extend(client.map(|client| bridge::attach(client, &gateway)));
    messengers.extend(number.map(|number| business_number::attach(number, &gateway)));
    let (sending, callbacks) =
        sending::sending(loaded, |name| environment.get(name), Arc::new(SystemClock), messengers)?;
    if let Some(callbacks) = callbacks {
        gateway.attach_callbacks(callbacks);
    }
    let models = (&provider, fallbacks);
    let agent = agent(loaded, environment, (place, sending), (&gateway, models, &redactor))?;
    gateway.attach_runner(agent.clone());
    gateway.attach_shelf(Arc::new(DiskShelf::new(workspace.clone())));
    Ok(Composition {
        about: model::about(config, provider.as_ref()),
        settings: shown,
        gateway,
        agent,
        store,
        workspace,
        adapters,
        bridge: process,
    })
}

fn settings(loaded: &Loaded, environment: &Environment, model: &str) -> Result<Settings, Failure> {
    let config = &loaded.config;
    let problem = |error: countersign_gateway::config::ConfigProblem| {
        loaded.problem(&error.key, &error.problem.to_string())
    };
    let host = crate::environment::host();
    let settings = config.approvals.settings(&config.runs, host, model.to_owned());
    let known = platforms::known();
    let variable = |name: &str| environment.get(name);
    let web_page = config.gateway.public_url.clone();
    let chat = config
        .sessions
        .chat((&config.platforms.people(variable), &config.quick_commands), &known, variable)
        .map_err(problem)?;
    let service = config.whatsapp.service_conversations.settings().map_err(problem)?;
    let chat = ChatSettings { web_page, ..chat };
    let fallbacks = config.model.fallbacks.iter().map(|one| one.model.clone()).collect();
    let prices = config.model.prices();
    Ok(Settings { chat, service, fallbacks, prices, ..settings.map_err(problem)? })
}

/// What the HTTP surface is made of.
pub(crate) fn server_parts(
    composition: &Composition,
    loaded: &Loaded,
    environment: &Environment,
    token: &str,
    local_addr: SocketAddr,
) -> Result<ServerParts, Failure> {
    let metrics_token = loaded.config.gateway.metrics_token(|name| environment.get(name));
    Ok(ServerParts {
        metrics_token: metrics_token.map_err(|error| loaded.problem(error.key, &error.problem))?,
        gateway: composition.gateway.clone(),
        config: loaded.config.gateway.clone(),
        about: composition.about.clone(),
        settings: composition.settings.clone(),
        operator_token: OperatorToken::new(token.to_owned()),
        env_key: environment.api_server_key().map(str::to_owned),
        local_addr,
    })
}

/// A gateway over a store that nobody listens to: for what must be done before a start.
pub(crate) fn bare_gateway(
    loaded: &Loaded,
    home: &Home,
    store: SharedStore,
) -> Result<Arc<Gateway>, Failure> {
    let config = &loaded.config;
    let settings = config
        .approvals
        .settings(&config.runs, crate::environment::host(), String::new())
        .map_err(|error| loaded.problem(&error.key, &error.problem.to_string()))?;
    let entropy = Arc::new(SystemEntropy::new().map_err(Failure::refused)?);
    let signer = signing_keys::open(home, entropy.as_ref(), SystemClock.now());
    Ok(Gateway::new(Parts {
        store,
        bus: Arc::new(InProcessBus::new()),
        clock: Arc::new(SystemClock),
        entropy,
        signer: Arc::new(signer.map_err(Failure::refused)?),
        guard: guard(loaded, home, &home.workspace(), (0, Arc::new(Redactor::new([]))))?,
        witness: Arc::new(DiskWitness),
        settings,
        redactor: Arc::new(Redactor::off()),
    }))
}

/// Whether some key other than the one in the environment lets callers in.
pub(crate) async fn has_living_key(gateway: &Gateway) -> Result<bool, Failure> {
    let now = SystemClock.now();
    let keys = gateway.keys(&Caller::operator()).await;
    let keys = keys.map_err(Failure::refused)?;
    Ok(keys.iter().any(|key| key.expires_at.is_none_or(|end| now < end)))
}

/// The guard under this configuration.
pub(crate) fn guard(
    loaded: &Loaded,
    home: &Home,
    workspace: &Path,
    (own_port, scanner): (u16, Arc<Redactor>),
) -> Result<Guard, Failure> {
    let parts = GuardParts {
        workspace: resolved(workspace),
        gateway_home: resolved(home.root()),
        user_home: crate::environment::user_home(),
        user: crate::environment::user_name(),
        protected_paths: loaded.config.security.protected_paths.clone(),
        outbound: outbound_policy(loaded)?,
        scanner,
        own_port,
    };
    guard_of(loaded, parts)
}

/// The guard under this configuration that knows this of the house.
pub(crate) fn guard_of(loaded: &Loaded, parts: GuardParts) -> Result<Guard, Failure> {
    let config = &loaded.config;
    let problem = |error: countersign_gateway::config::ConfigProblem| {
        loaded.problem(&error.key, &error.problem.to_string())
    };
    let mut risk = config.risk.clone();
    risk.belongings = Some(belongings(risk.belongings.unwrap_or_default(), &parts));
    let engine =
        risk.engine(&config.security, |path| std::fs::read_to_string(path)).map_err(problem)?;
    let operator = config.approvals.operator_rules().map_err(problem)?;
    Ok(Guard::new(engine, operator, parts))
}

/// What belongs to this very gateway: its port and its home. The agent's workspace may lie in the
/// home; the engine knows that it does not belong to the gateway then.
fn belongings(mut known: SelfDescription, parts: &GuardParts) -> SelfDescription {
    let own = &mut known.guard;
    if parts.own_port != 0 && !own.ports.contains(&parts.own_port) {
        own.ports.push(parts.own_port);
    }
    let home = parts.gateway_home.trim_end_matches('/');
    own.paths.push(format!("{home}/"));
    // Named one by one, because losing one of them disables the gateway.
    own.paths.extend(OWN_FILES.map(|name| format!("{home}/{name}")));
    own.policy_files.push(format!("{home}/config.yaml"));
    known
}

fn provider(
    loaded: &Loaded,
    environment: &Environment,
    redactor: &Arc<Redactor>,
) -> Result<Arc<dyn ModelProvider>, Failure> {
    let provider = loaded.config.model.provider(|name| environment.get(name), redactor.clone());
    Ok(provider.map_err(|error| loaded.problem(error.key, &error.problem))?)
}

/// The configured model, and those that stand in for it.
type Models<'m> = (&'m Arc<dyn ModelProvider>, Vec<Arc<dyn ModelProvider>>);

fn fallbacks(
    loaded: &Loaded,
    environment: &Environment,
    redactor: &Arc<Redactor>,
) -> Result<Vec<Arc<dyn ModelProvider>>, Failure> {
    let fallbacks = loaded.config.model.fallbacks(|name| environment.get(name), redactor);
    Ok(fallbacks.map_err(|error| loaded.problem(error.key, &error.problem))?)
}

fn agent(
    loaded: &Loaded,
    environment: &Environment,
    ((workspace, own_port), sending): ((&Path, u16), Sending),
    (gateway, models, redactor): (&Arc<Gateway>, Models<'_>, &Arc<Redactor>),
) -> Result<Arc<Agent>, Failure> {
    let config = &loaded.config;
    let problem = |error: countersign_agent::ConfigError| loaded.problem(error.key, &error.problem);
    let mut context = config
        .agent
        .tool_context(workspace, environment.all(), redactor.clone())
        .map_err(problem)?;
    context.own_port = Some(own_port);
    let messengers = sending.messengers.clone();
    let mut tools = Toolbox::builtin(context).and_sending(sending);
    if messengers.platforms().any(|platform| platform == "whatsapp") {
        tools = tools.and_service_chats(&messengers);
    }
    Ok(Agent::new(AgentParts {
        journal: gateway.clone(),
        gate: gateway.clone(),
        provider: models.0.clone(),
        fallbacks: models.1,
        tools,
        clock: Arc::new(SystemClock),
        limits: config.agent.limits(&config.model).map_err(problem)?,
        instructions: config.agent.instructions.clone(),
        redactor: redactor.clone(),
    }))
}

fn workspace(loaded: &Loaded, home: &Home) -> Result<PathBuf, Failure> {
    let place = match &loaded.config.agent.workspace {
        None => home.workspace(),
        Some(path) => crate::environment::expanded(path),
    };
    if !place.is_absolute() {
        let what = "write an absolute path, or one that begins with `~/`";
        return Err(loaded.problem("agent.workspace", what).into());
    }
    make_directory(&place)
        .map_err(|error| loaded.problem("agent.workspace", &error.to_string()))?;
    let place = std::fs::canonicalize(&place).unwrap_or(place);
    // The agent's tools work freely in the workspace, so it must not hold the gateway's own files.
    if Path::new(&resolved(home.root())).starts_with(&place) {
        let what = "holds the gateway's own home directory; choose a directory that does not";
        return Err(loaded.problem("agent.workspace", what).into());
    }
    Ok(place)
}

fn resolved(path: &Path) -> String {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    path.to_string_lossy().into_owned()
}

/// Nothing, or the first value that a start would refuse although it can be read.
pub(crate) fn check_values(loaded: &Loaded) -> Result<(), Failure> {
    let config = &loaded.config;
    let agent = |error: countersign_agent::ConfigError| loaded.problem(error.key, &error.problem);
    config
        .approvals
        .settings(&config.runs, String::new(), String::new())
        .map_err(|error| loaded.problem(&error.key, &error.problem.to_string()))?;
    config.agent.limits(&config.model).map_err(agent)?;
    // Whether a variable with a secret is set is known only where the gateway is started.
    let given = |_: &str| Some("given at the start".to_owned());
    config.model.provider(given, Arc::new(Redactor::off())).map_err(agent)?;
    config.model.fallbacks(given, &Arc::new(Redactor::off())).map_err(agent)?;
    sending::check(loaded)?;
    platforms::check(loaded)?;
    bridge::check(loaded)?;
    operators_chat::check(loaded)?;
    business_number::check(loaded)?;
    config.nodes.ttl().map_err(|error| loaded.problem(&error.key, &error.problem.to_string()))?;
    config
        .retention
        .retention()
        .map_err(|error| loaded.problem(&error.key, &error.problem.to_string()))?;
    config
        .gateway
        .check_metrics_token()
        .map_err(|error| loaded.problem(error.key, &error.problem))?;
    config.store.check().map_err(|error| loaded.problem(error.key, &error.problem))?;
    let given = |text: &str| filled(text, |_| Some("given-at-the-start".to_owned()));
    config.bus.check(given).map_err(|error| loaded.problem(error.key, &error.problem))?;
    let parts = GuardParts {
        workspace: "/".to_owned(),
        gateway_home: "/".to_owned(),
        user_home: "/".to_owned(),
        user: String::new(),
        protected_paths: Vec::new(),
        outbound: outbound_policy(loaded)?,
        scanner: Arc::new(Redactor::new([])),
        own_port: 0,
    };
    guard_of(loaded, parts).map(drop)
}
