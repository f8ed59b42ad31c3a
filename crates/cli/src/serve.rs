//! Running a composed gateway: from the bound listener to the drained end.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::audit::checkpoint::Checkpoint;
use countersign_gateway::{Gateway, NodeSettings, Retention};
use countersign_http_api::{router, serve_with};
use countersign_plugins::{Pace, PluginHost};
use countersign_ports::clock::Clock as _;
use countersign_ports::plugins::CommandDesk;
use countersign_ports::store::{SharedStore, StoreError};
use countersign_storage::Place;
use countersign_whatsapp_platform::{BridgePace, BridgeProcess};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::clock::SystemClock;
use crate::compose::{
    Composition, Ingredients, compose, has_living_key, open_bus, open_store, place_of_store,
    server_parts,
};
use crate::config::Loaded;
use crate::entropy::SystemEntropy;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::home::{Announcement, Home, HomeLock, write_private};

/// A gateway that listens.
pub(crate) struct Serving {
    /// What it is made of.
    pub(crate) composition: Composition,
    /// Where it is, for this machine.
    pub(crate) announcement: Announcement,
    /// What makes the operator.
    pub(crate) token: String,
    home: Home,
    drain_notice: Duration,
    drain_timeout: Duration,
    shutdown: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
    watches: Watches,
    place: String,
    plugins: Arc<PluginHost>,
    _lock: HomeLock,
}

/// What makes a gateway stop by itself.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// The store is unusable for good.
    Store(StoreError),
    /// The listener failed.
    Listener(String),
}

/// Starts the gateway of `home`, of which `lock` is held.
pub(crate) async fn start(
    home: &Home,
    lock: HomeLock,
    loaded: &Loaded,
    environment: &Environment,
) -> Result<Serving, Failure> {
    let entropy = SystemEntropy::new().map_err(Failure::refused)?;
    let token = entropy.secret_text("cs_operator_");
    let store = open_store(home, loaded, environment).await?;
    let (place, is_alone) = place_of_work(home, loaded, environment)?;
    let keep = loaded.config.retention.retention();
    let keep = keep.map_err(|error| loaded.problem(&error.key, &error.problem.to_string()))?;
    let listener = bind(loaded).await?;
    let local_addr = listener.local_addr()?;
    let composition = compose(Ingredients {
        loaded,
        home,
        environment,
        store,
        bus: open_bus(loaded, environment).await?,
        local_addr,
        operator_token: &token,
    })?;
    refuse_open_door(&composition, environment, local_addr).await?;
    let parts = server_parts(&composition, loaded, environment, &token, local_addr)?;
    // Before anything else: from here on, what is written says who writes it.
    let node = as_node(&composition, loaded, local_addr, is_alone).await?;
    home.place_token(&token)?;
    let shutdown = CancellationToken::new();
    let timeouts = loaded.config.gateway.timeouts();
    let server = tokio::spawn(serve_with(listener, router(parts), timeouts, shutdown.clone()));
    let every = loaded.config.audit.checkpoint_every;
    let mut watches = Watches::start(&composition.gateway, home, node, (every, keep));
    let plugins = plugins(home, &composition.gateway)?;
    connect(&composition, &mut watches).await?;
    composition.agent.resume().await.map_err(Failure::refused)?;
    let announcement = Announcement {
        url: format!("http://{}", reachable(local_addr)),
        address: local_addr.to_string(),
        pid: std::process::id(),
        started_at: SystemClock.now(),
    };
    home.announce(&announcement)?;
    Ok(Serving {
        composition,
        announcement,
        token,
        home: home.clone(),
        drain_notice: loaded.config.gateway.drain_notice.0,
        drain_timeout: timeouts.drain,
        shutdown,
        server,
        watches,
        place,
        plugins,
        _lock: lock,
    })
}

/// Connects the gateway to what people and approvers use, and starts what waits for it.
async fn connect(composition: &Composition, watches: &mut Watches) -> Result<(), Failure> {
    if let Some(bridge) = &composition.bridge {
        bridge.start(BridgePace::default());
    }
    for adapter in &composition.adapters {
        let attached = composition.gateway.attach_platform(adapter.clone()).await;
        attached.map_err(Failure::refused)?;
    }
    // What is due may be the approvers' channel, which is on one of these platforms.
    watches.keep_time(&composition.gateway);
    if let Some(why) = composition.gateway.channel_problem() {
        tracing::warn!(%why, "approvers cannot be asked in `approvals.channel`");
    }
    Ok(())
}

impl Serving {
    /// How many plugins are beside the gateway.
    pub(crate) fn plugins(&self) -> usize {
        self.plugins.count()
    }

    /// Returns when the gateway cannot go on.
    pub(crate) async fn failed(&mut self) -> Stopped {
        let store = self.composition.store.clone();
        tokio::select! {
            error = store.broken() => Stopped::Store(error),
            stopped = self.watches.ended() => stopped,
            ended = &mut self.server => Stopped::Listener(match ended {
                Ok(Ok(())) => "the listener has ended".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            }),
        }
    }

    /// Says for a while that it is not ready, takes nothing new, lets what works end, and closes the
    /// store.
    pub(crate) async fn drain(mut self) -> Result<(), Failure> {
        let gateway = &self.composition.gateway;
        gateway.announce_stop();
        if !self.drain_notice.is_zero() {
            tracing::info!("stopping soon: not ready any more, and still at work");
            tokio::time::sleep(self.drain_notice).await;
        }
        tracing::info!("draining: no new runs are taken");
        if let Err(error) = gateway.stop_taking_work().await {
            tracing::warn!(%error, "the other nodes could not be told");
        }
        self.shutdown.cancel();
        let agent = &self.composition.agent;
        let both = async { tokio::join!(agent.drain(self.drain_timeout), self.server).1 };
        // Both keep to the time-out themselves; this is for what does not.
        let ended = tokio::time::timeout(self.drain_timeout + Duration::from_secs(2), both).await;
        if ended.is_err() {
            tracing::warn!("the listener was cut off");
        }
        stop_programs(&self.plugins, self.composition.bridge.as_ref()).await;
        self.watches.stop();
        let gateway = &self.composition.gateway;
        if let Err(error) = gateway.leave().await {
            tracing::warn!(%error, "the other nodes take over when this one has been silent for long");
        }
        keep(&self.home, gateway.newest_checkpoint().borrow().as_ref());
        close(&self.composition.store).await;
        self.home.withdraw()?;
        tracing::info!("stopped; pending approvals stay in the store");
        Ok(())
    }

    /// Ends at once after something broke.
    pub(crate) async fn give_up(mut self, why: Stopped) -> Failure {
        self.shutdown.cancel();
        self.composition.agent.drain(Duration::ZERO).await;
        stop_programs(&self.plugins, self.composition.bridge.as_ref()).await;
        self.watches.stop();
        drop(self.home.withdraw());
        match why {
            Stopped::Store(error) => Failure::Refused(format!(
                "{}: {error}\nThe gateway has stopped. Everything that it confirmed is stored; \
                 nothing is half written.",
                self.place
            )),
            Stopped::Listener(error) => Failure::Refused(format!("the listener failed: {error}")),
        }
    }
}

/// What a gateway does by itself.
struct Watches {
    /// Ends only when the store is unusable for good.
    lasting: JoinSet<StoreError>,
    others: JoinSet<()>,
}

impl Watches {
    /// Starts them for the gateway of `home`, which is `node`.
    fn start(
        gateway: &Arc<Gateway>,
        home: &Home,
        node: NodeSettings,
        (checkpoint_every, keep): (u64, Retention),
    ) -> Self {
        let (mut lasting, mut others) = (JoinSet::new(), JoinSet::new());
        let each = || gateway.clone();
        let member = each();
        lasting.spawn(async move { member.keep_membership(&node).await });
        let notary = each();
        lasting.spawn(async move { notary.watch_checkpoints(checkpoint_every).await });
        let sweeper = each();
        lasting.spawn(async move { sweeper.watch_retention(keep).await });
        others.spawn(keep_checkpoints(home.clone(), each()));
        let teller = each();
        others.spawn(async move { teller.serve_chats().await });
        let keeper = each();
        others.spawn(async move { keeper.serve_channel().await });
        let listener = each();
        others.spawn(async move { listener.serve_platforms().await });
        let listener = each();
        others.spawn(async move { listener.serve_bridge().await });
        others.spawn(each().serve_callbacks());
        Self { lasting, others }
    }

    /// Sees to deadlines from now on.
    fn keep_time(&mut self, gateway: &Arc<Gateway>) {
        let timekeeper = gateway.clone();
        self.lasting.spawn(async move { timekeeper.watch_deadlines().await });
    }

    /// Returns when one of them cannot go on.
    async fn ended(&mut self) -> Stopped {
        match self.lasting.join_next().await {
            Some(Ok(error)) => Stopped::Store(error),
            Some(Err(error)) => Stopped::Listener(error.to_string()),
            None => std::future::pending().await,
        }
    }

    fn stop(&mut self) {
        self.lasting.abort_all();
        self.others.abort_all();
    }
}

/// Starts the plugins of `home`.
fn plugins(home: &Home, gateway: &Arc<Gateway>) -> Result<Arc<PluginHost>, Failure> {
    let (folder, desk) = (home.plugins(), gateway.clone() as Arc<dyn CommandDesk>);
    let host = PluginHost::start(&folder, &desk, Pace::default())
        .map_err(|error| Failure::Refused(format!("{}: {error}", folder.display())))?;
    gateway.attach_plugins(host.clone());
    Ok(host)
}

/// Ends what was started beside the gateway.
async fn stop_programs(plugins: &PluginHost, bridge: Option<&Arc<BridgeProcess>>) {
    plugins.stop().await;
    if let Some(bridge) = bridge {
        bridge.stop().await;
    }
}

/// Where the store is, for people, and whether nobody else can be at work there: the home is locked,
/// and what is in it is this process's; another file may be anybody's.
fn place_of_work(
    home: &Home,
    loaded: &Loaded,
    environment: &Environment,
) -> Result<(String, bool), Failure> {
    let place = place_of_store(home, loaded, environment)?;
    let is_alone = matches!(&place, Place::Sqlite(path) if *path == home.database());
    Ok((place.to_string(), is_alone))
}

/// Joins the nodes.
async fn as_node(
    composition: &Composition,
    loaded: &Loaded,
    local_addr: SocketAddr,
    is_alone: bool,
) -> Result<NodeSettings, Failure> {
    let problem = |error: countersign_gateway::config::ConfigProblem| {
        loaded.problem(&error.key, &error.problem.to_string())
    };
    let settings = NodeSettings {
        name: loaded.config.audit.node(&crate::environment::host()).map_err(problem)?,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        address: local_addr.to_string(),
        ttl: loaded.config.nodes.ttl().map_err(problem)?,
        is_alone,
    };
    composition.gateway.join(&settings).await.map_err(Failure::refused)?;
    Ok(settings)
}

/// Writes every new checkpoint into the file beside the database.
async fn keep_checkpoints(home: Home, gateway: Arc<Gateway>) {
    let mut newest = gateway.newest_checkpoint();
    while newest.changed().await.is_ok() {
        keep(&home, newest.borrow_and_update().as_ref());
    }
}

fn keep(home: &Home, checkpoint: Option<&Checkpoint>) {
    let Some(Checkpoint { token, .. }) = checkpoint else {
        return;
    };
    if let Err(error) = write_private(&home.audit_checkpoint(), &format!("{token}\n")) {
        tracing::warn!(%error, "the newest checkpoint could not be kept beside the database");
    }
}

async fn close(store: &SharedStore) {
    let closed = tokio::time::timeout(Duration::from_secs(5), store.close()).await;
    if closed.is_err() {
        tracing::warn!("the store took too long to close");
    }
}

async fn bind(loaded: &Loaded) -> Result<TcpListener, Failure> {
    let listen = &loaded.config.gateway.listen;
    let refused = |what: String| Failure::from(loaded.problem("gateway.listen", &what));
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host(listen)
        .await
        .map_err(|error| {
            refused(format!("{error}; write an address and a port, such as `127.0.0.1:8642`"))
        })?
        .collect();
    let bound = TcpListener::bind(addresses.as_slice()).await;
    bound.map_err(|error| {
        if error.kind() != std::io::ErrorKind::AddrInUse {
            return refused(error.to_string());
        }
        let free = addresses.first().map_or_else(
            || "127.0.0.1:0".to_owned(),
            |address| SocketAddr::new(address.ip(), 0).to_string(),
        );
        refused(format!(
            "another program listens there; stop it, or give another port: --listen {free}"
        ))
    })
}

/// Beyond this machine only who has a key may knock.
async fn refuse_open_door(
    composition: &Composition,
    environment: &Environment,
    local_addr: SocketAddr,
) -> Result<(), Failure> {
    if local_addr.ip().to_canonical().is_loopback()
        || environment.api_server_key().is_some()
        || has_living_key(&composition.gateway).await?
    {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "gateway.listen is {local_addr}, which other machines can reach, and there is no API key \
         yet. Make one first:\n  countersign keys create NAME --scope runs\nor set \
         API_SERVER_KEY, or listen on 127.0.0.1."
    )))
}

/// Where this machine reaches a listener that is bound to `address`.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}
