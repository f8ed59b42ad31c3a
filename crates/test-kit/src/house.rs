//! The whole gateway in one process, and what a person does with it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use countersign_agent::{Agent, DiskShelf, DiskWitness};
use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::chat::PlatformName;
use countersign_domain::grants::{Grant, for_decision};
use countersign_domain::identity::Principal;
use countersign_domain::ids::{ApprovalId, GrantId, RunId, SessionId};
use countersign_domain::redaction::Redactor;
use countersign_domain::runs::{EventRecord, RunStatus, Stream, ToolCall};
use countersign_domain::service_conversations::ServiceSettings;
use countersign_domain::signing::Purpose;
use countersign_domain::slash_access::ListedIds;
use countersign_domain::time::Timestamp;
use countersign_event_bus::InProcessBus;
use countersign_fakes::whatsapp_bridge::FakeBridge;
use countersign_fakes::whatsapp_cloud::FakeCloud;
use countersign_gateway::config::{ApprovalsConfig, OutboundConfig, RunsConfig};
use countersign_gateway::{
    Admission, Answer, ApprovalView, Caller, ChatSettings, Gateway, NodeSettings, ResolveError,
    Resolved, Role, RunView, StartRun,
};
use countersign_ports::clock::Clock as _;
use countersign_ports::delivery::Mailer;
use countersign_ports::event_bus::EventBus;
use countersign_ports::file_witness::FileWitness;
use countersign_ports::model_provider::ToolSpec;
use countersign_ports::run_journal::RunJournal as _;
use countersign_ports::signer::Signer as _;
use countersign_ports::store::{
    ApprovalFilter, Change, IssuedGrant, PageRequest, SharedStore, StoreError, UnitOfWork,
};
use countersign_storage::SqliteStore;
use countersign_whatsapp_platform::{BridgeClient, BridgeSettings, cloud};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use self::wiring::{agent, attach_account, gateway, sending, toolbox};
use crate::{BreakableSigner, BreakableStore, ManualClock, TestingPlatform};

pub mod business;
mod wiring;

/// No wait of a test lasts longer than this in real time.
const LIMIT: Duration = Duration::from_mins(1);

/// How a house is furnished.
pub struct HouseBuilder {
    approvals: ApprovalsConfig,
    outbound: OutboundConfig,
    mailer: Option<Arc<dyn Mailer>>,
    driven: bool,
    in_company: bool,
    seed: u64,
    witness: Arc<dyn FileWitness>,
    chat: ChatSettings,
    platforms: Vec<Arc<TestingPlatform>>,
    carried: Vec<PlatformName>,
    most_working: u64,
    bus: Arc<dyn EventBus>,
    service: ServiceSettings,
    bridge: Option<BridgeSettings>,
    cloud: Option<Box<cloud::Settings>>,
}

/// The real gateway on a temporary directory.
pub struct House {
    /// The use cases.
    pub gateway: Arc<Gateway>,
    /// The time.
    pub clock: Arc<ManualClock>,
    /// Signs grants, until it is broken.
    pub signer: Arc<BreakableSigner>,
    /// Where everything is kept, until it is broken.
    pub breakable: Arc<BreakableStore>,
    /// The operator, as a caller.
    pub operator: Caller,
    /// What the model is told of the tools.
    pub tools: Vec<ToolSpec>,
    home: TempDir,
    agent: Arc<Agent>,
    store: SharedStore,
    watcher: JoinHandle<StoreError>,
    writer: JoinHandle<()>,
    listener: JoinHandle<()>,
    builder: HouseBuilder,
}

/// Another node beside a house.
pub struct Neighbour {
    /// The use cases.
    pub gateway: Arc<Gateway>,
    /// Its time.
    pub clock: Arc<ManualClock>,
    /// Drives the runs that it takes.
    pub agent: Arc<Agent>,
    /// How it joins.
    pub settings: NodeSettings,
}

impl Default for HouseBuilder {
    fn default() -> Self {
        Self {
            approvals: ApprovalsConfig::default(),
            outbound: OutboundConfig::default(),
            mailer: None,
            driven: true,
            in_company: false,
            seed: 0,
            witness: Arc::new(DiskWitness),
            chat: ChatSettings::default(),
            platforms: Vec::new(),
            carried: Vec::new(),
            most_working: RunsConfig::default().max_working,
            bus: Arc::new(InProcessBus::new()),
            service: ServiceSettings::default(),
            bridge: None,
            cloud: None,
        }
    }
}

impl HouseBuilder {
    /// Changes the `approvals` section.
    #[must_use]
    pub fn approvals(mut self, change: impl FnOnce(&mut ApprovalsConfig)) -> Self {
        change(&mut self.approvals);
        self
    }

    /// Somebody else looks at files.
    #[must_use]
    pub fn witness(mut self, witness: Arc<dyn FileWitness>) -> Self {
        self.witness = witness;
        self
    }

    /// It has another bus than one of its own.
    #[must_use]
    pub fn bus(mut self, bus: impl EventBus) -> Self {
        self.bus = Arc::new(bus);
        self
    }

    /// Changes the `outbound` section.
    #[must_use]
    pub fn outbound(mut self, change: impl FnOnce(&mut OutboundConfig)) -> Self {
        change(&mut self.outbound);
        self
    }

    /// Who carries mail.
    #[must_use]
    pub fn mailer(mut self, mailer: impl Mailer) -> Self {
        self.mailer = Some(Arc::new(mailer));
        self
    }

    /// Changes who may talk and command, and how conversations go.
    #[must_use]
    pub fn chat(mut self, change: impl FnOnce(&mut ChatSettings)) -> Self {
        change(&mut self.chat);
        self
    }

    /// A chat platform that the gateway is connected to.
    #[must_use]
    pub fn platform(mut self, platform: &Arc<TestingPlatform>) -> Self {
        self.platforms.push(platform.clone());
        self
    }

    /// The agent can send to the chats of this platform, once a bot of it is attached.
    #[must_use]
    pub fn carrying_to(mut self, platform: &PlatformName) -> Self {
        self.carried.push(platform.clone());
        self
    }

    /// Changes the settings of service conversations.
    #[must_use]
    pub fn service(mut self, change: impl FnOnce(&mut ServiceSettings)) -> Self {
        change(&mut self.service);
        self
    }

    /// The bridge to the user's account.
    #[must_use]
    pub fn bridge(mut self, bridge: &FakeBridge) -> Self {
        self.bridge = Some(BridgeSettings {
            url: bridge.url(),
            token: bridge.token().to_owned(),
            account: "own".parse().expect("a name"),
        });
        self
    }

    /// Who may talk to the agent in chats of the bridge's account.
    #[must_use]
    pub fn operators(mut self, people: &[&str]) -> Self {
        let platform = PlatformName::whatsapp();
        let people: Vec<String> = people.iter().map(|&one| one.to_owned()).collect();
        let dm = ListedIds::on(&platform, &people);
        self.chat.admission.insert(platform, Admission { dm, ..Admission::default() });
        self
    }

    /// A business number on the Cloud API, as the account `main`.
    #[must_use]
    pub fn cloud(mut self, fake: &FakeCloud) -> Self {
        self.cloud = Some(Box::new(business::settings(fake)));
        self
    }

    /// How many runs may work at one time.
    #[must_use]
    pub fn most_working(mut self, runs: u64) -> Self {
        self.most_working = runs;
        self
    }

    /// Nobody drives runs: what is decided stays unused.
    #[must_use]
    pub fn undriven(mut self) -> Self {
        self.driven = false;
        self
    }

    /// Other nodes may work on the same store.
    #[must_use]
    pub fn in_company(mut self) -> Self {
        self.in_company = true;
        self
    }

    fn client(&self) -> Option<Arc<BridgeClient>> {
        rustls::crypto::ring::default_provider().install_default().ok();
        let settings = self.bridge.clone()?;
        Some(Arc::new(BridgeClient::new(settings).expect("a client")))
    }

    /// Opens the house.
    pub async fn open(self) -> House {
        let home = tempfile::tempdir().expect("a temporary directory");
        let now = Timestamp::from_millis(1_795_000_000_000);
        House::on(home, Arc::new(ManualClock::at(now)), self).await
    }
}

impl House {
    /// A house with the default configuration.
    pub async fn open() -> Self {
        HouseBuilder::default().open().await
    }

    /// A house to be furnished.
    pub fn with() -> HouseBuilder {
        HouseBuilder::default()
    }

    async fn on(home: TempDir, clock: Arc<ManualClock>, builder: HouseBuilder) -> Self {
        let path = home.path().canonicalize().expect("the directory exists");
        let workspace = path.join("workspace");
        std::fs::create_dir_all(&workspace).expect("the workspace");
        let redactor = Arc::new(Redactor::new([]));
        let sqlite = SqliteStore::open(&path.join("countersign.db")).expect("the store opens");
        let breakable = Arc::new(BreakableStore::new(Arc::new(sqlite)));
        let store: SharedStore = breakable.clone();
        let signer = Arc::new(BreakableSigner::default());
        let gateway = gateway(&builder, &path, (&store, &clock, &signer), redactor.clone());
        let itself = as_node("house", !builder.in_company);
        gateway.join(&itself).await.expect("it may join");
        gateway.beat(&itself).await.expect("the store can be written");
        let number =
            builder.cloud.clone().map(|settings| business::number(*settings, &gateway, &clock));
        let sending = sending(&builder, (&gateway, number.as_ref()), &clock);
        let messengers = sending.messengers.clone();
        let mut toolbox = toolbox(&workspace, &redactor).and_sending(sending);
        if builder.bridge.is_some() || number.is_some() {
            toolbox = toolbox.and_service_chats(&messengers);
        }
        let tools = toolbox.specs();
        let agent = agent(&gateway, &clock, toolbox, redactor);
        gateway.attach_shelf(Arc::new(DiskShelf::new(workspace.clone())));
        if builder.driven {
            gateway.attach_runner(agent.clone());
            agent.resume().await.expect("the store can be read");
        }
        for platform in &builder.platforms {
            gateway.attach_platform(platform.clone()).await.expect("the platform is taken");
        }
        let timekeeper = gateway.clone();
        let watcher = tokio::spawn(async move { timekeeper.watch_deadlines().await });
        let (teller, listener, keeper) = (gateway.clone(), gateway.clone(), gateway.clone());
        let writer = tokio::spawn(async move {
            tokio::join!(teller.serve_chats(), listener.serve_platforms(), keeper.serve_channel());
        });
        Box::pin(attach_account(&builder, number, &gateway)).await;
        let bridged = gateway.clone();
        let listener = tokio::spawn(async move { bridged.serve_bridge().await });
        Self {
            gateway,
            clock,
            signer,
            breakable,
            tools,
            operator: Caller::operator(),
            home,
            agent,
            store,
            watcher,
            writer,
            listener,
            builder,
        }
    }

    /// A second gateway on the directory of a house, as another process opens it: with the same
    /// key, and ids of its own.
    pub fn gateway_beside(path: &std::path::Path, seed: u64, now: Timestamp) -> Arc<Gateway> {
        let store = SqliteStore::open(&path.join("countersign.db")).expect("the store opens");
        let store: SharedStore = Arc::new(store);
        let parts =
            (&store, &Arc::new(ManualClock::at(now)), &Arc::new(BreakableSigner::default()));
        let builder = HouseBuilder { seed, ..HouseBuilder::default() };
        gateway(&builder, path, parts, Arc::new(Redactor::new([])))
    }

    /// Another node on the same store and bus and in the same workspace, that has not joined yet. The
    /// clocks are two.
    pub fn neighbour(&self, name: &str, seed: u64) -> Neighbour {
        let path = self.directory();
        let clock = Arc::new(ManualClock::at(self.clock.now()));
        let bus = self.builder.bus.clone();
        let chat = self.builder.chat.clone();
        let builder = HouseBuilder { seed, chat, bus, ..HouseBuilder::default() };
        let redactor = Arc::new(Redactor::new([]));
        let parts = (&self.store, &clock, &Arc::new(BreakableSigner::default()));
        let gateway = gateway(&builder, &path, parts, redactor.clone());
        let toolbox = toolbox(&self.workspace(), &redactor);
        let agent = agent(&gateway, &clock, toolbox, redactor);
        gateway.attach_runner(agent.clone());
        Neighbour { gateway, clock, agent, settings: as_node(name, false) }
    }

    /// How this house joins the nodes.
    pub fn as_node(&self) -> NodeSettings {
        as_node("house", !self.builder.in_company)
    }

    /// A second gateway on the store of this house, with a bus of its own, as on another node.
    pub fn gateway_on(&self, bus: impl EventBus, seed: u64) -> Arc<Gateway> {
        let service = self.builder.service.clone();
        let builder = HouseBuilder { seed, service, ..HouseBuilder::default() }.bus(bus);
        let parts = (&self.store, &self.clock, &self.signer);
        gateway(&builder, &self.directory(), parts, Arc::new(Redactor::new([])))
    }

    /// Where everything is kept.
    pub fn directory(&self) -> PathBuf {
        self.home.path().canonicalize().expect("the directory exists")
    }

    /// Stops everything and opens the house again on the same directory.
    pub async fn reopen(self) -> Self {
        let Self { gateway, clock, home, agent, watcher, writer, listener, mut builder, .. } = self;
        watcher.abort();
        writer.abort();
        listener.abort();
        agent.drain(LIMIT).await;
        drop(gateway);
        // Ids must not repeat those of the first life.
        builder.seed += 1;
        Self::on(home, clock, builder).await
    }

    /// Stops dead: what is at work is killed, and nothing of it is recorded.
    pub async fn crash(self) -> Self {
        let Self { gateway, clock, home, agent, watcher, writer, listener, mut builder, .. } = self;
        watcher.abort();
        writer.abort();
        listener.abort();
        agent.drain(Duration::ZERO).await;
        drop(gateway);
        builder.seed += 1;
        Self::on(home, clock, builder).await
    }

    /// The same, and nobody drives runs any more: what is decided stays unused.
    pub async fn reopen_undriven(mut self) -> Self {
        self.builder.driven = false;
        self.reopen().await
    }

    /// The same with a changed `outbound` section.
    pub async fn reopen_sending(mut self, change: impl FnOnce(&mut OutboundConfig)) -> Self {
        change(&mut self.builder.outbound);
        self.builder.driven = true;
        self.reopen().await
    }

    /// The same with a changed `approvals` section.
    pub async fn reopen_with(mut self, change: impl FnOnce(&mut ApprovalsConfig)) -> Self {
        change(&mut self.builder.approvals);
        self.reopen().await
    }

    /// The agent's workspace.
    pub fn workspace(&self) -> PathBuf {
        self.directory().join("workspace")
    }

    /// Whether a file or directory of this name is in the workspace.
    pub fn has(&self, name: &str) -> bool {
        self.workspace().join(name).exists()
    }

    /// A caller that holds an API key with every scope.
    pub fn key_holder(&self, name: &str) -> Caller {
        let name = name.parse().expect("a key name");
        Caller { principal: Principal::ApiKey(name), scopes: self.operator.scopes.clone() }
    }

    /// Says `text` to the agent in a new session.
    pub async fn say(&self, text: &str) -> RunId {
        self.say_in(None, text).await
    }

    /// Says `text` to the agent in a session.
    pub async fn say_in(&self, session_id: Option<SessionId>, text: &str) -> RunId {
        let input = vec![(Role::User, text.to_owned())];
        let request = StartRun { input, session_id, ..StartRun::default() };
        let started = self.gateway.start_run(request, &self.operator, None).await;
        started.expect("the run is accepted").run_id
    }

    /// The run as it is.
    pub async fn run(&self, id: RunId) -> RunView {
        self.gateway.run_view(id, &self.operator).await.expect("the run exists")
    }

    /// The run once it is in this state.
    pub async fn run_when(&self, id: RunId, status: RunStatus) -> RunView {
        self.until(Stream::Run(id), || async {
            let view = self.run(id).await;
            (view.run.status() == status).then_some(view)
        })
        .await
    }

    /// The approvals of a run once `count` of them are pending, oldest first.
    pub async fn pending(&self, run: RunId, count: usize) -> Vec<ApprovalView> {
        self.until(Stream::Run(run), || async {
            let pending = self.approvals_of(run, Some(Status::Pending)).await;
            (pending.len() == count).then_some(pending)
        })
        .await
    }

    /// The approvals of a run, oldest first.
    pub async fn approvals_of(&self, run: RunId, status: Option<Status>) -> Vec<ApprovalView> {
        let filter = ApprovalFilter { run_id: Some(run), status, ..ApprovalFilter::default() };
        let page = PageRequest { before: None, limit: 1000 };
        let found = self.gateway.approvals(filter, page, &self.operator).await;
        found.expect("approvals can be read").items.into_iter().rev().collect()
    }

    /// The approval once it is in this state.
    pub async fn approval_when(&self, id: ApprovalId, status: Status) -> ApprovalView {
        let read = || async {
            let view = self.gateway.approval(id, &self.operator).await;
            view.expect("the approval exists")
        };
        let run = read().await.run_id;
        self.until(Stream::Run(run), || async {
            let view = read().await;
            (view.status == status).then_some(view)
        })
        .await
    }

    /// The operator decides.
    pub async fn decide(&self, id: ApprovalId, choice: Choice) {
        let decided = self.answer(id, choice, None, &self.operator).await;
        assert!(matches!(decided, Ok(Resolved::Now(_))), "{decided:?}");
    }

    /// Somebody answers.
    pub async fn answer(
        &self,
        id: ApprovalId,
        choice: Choice,
        reason: Option<&str>,
        caller: &Caller,
    ) -> Result<Resolved, ResolveError> {
        let answer =
            Answer { choice, reason: reason.map(str::to_owned), digest: None, count: None };
        self.gateway.resolve_approval(id, &answer, caller).await
    }

    /// Everything that a run's stream has told so far.
    pub async fn events(&self, run: RunId) -> Vec<EventRecord> {
        let mut feed = self.gateway.follow(Stream::Run(run), 0);
        let mut events = Vec::new();
        loop {
            let more = feed.ready().await.expect("events can be read");
            if more.is_empty() {
                return events;
            }
            events.extend(more);
        }
    }

    /// The lines of the audit log of one kind.
    pub async fn audited(&self, kind: AuditKind) -> Vec<AuditRecord> {
        let mut records: Vec<AuditRecord> = Vec::new();
        loop {
            let after = records.len() as u64;
            let lines = self.store.access().audit(after, 10_000).await;
            let lines = lines.expect("the log can be read");
            if lines.is_empty() {
                records.retain(|record| record.kind == kind);
                return records;
            }
            records.extend(lines.into_iter().map(|line| line.record));
        }
    }

    /// Where everything is kept, past the gateway.
    pub const fn store(&self) -> &SharedStore {
        &self.store
    }

    /// A grant as the store knows it.
    pub async fn grant(&self, id: GrantId) -> Option<IssuedGrant> {
        self.store.approvals().grant(id).await.expect("grants can be read")
    }

    /// The grant of a decision.
    pub async fn grant_of(&self, approval: ApprovalId) -> IssuedGrant {
        let found = self.store.approvals().approval(approval).await.expect("it can be read");
        let approval = found.expect("the approval exists").value;
        let decision = approval.state.decision().expect("it is decided");
        self.grant(decision.grant.expect("it has a grant")).await.expect("it was issued")
    }

    /// What the grant of a decision says.
    pub async fn claims_of(&self, approval: ApprovalId) -> Grant {
        let found = self.store.approvals().approval(approval).await.expect("it can be read");
        let approval = found.expect("the approval exists").value;
        for_decision(&approval, self.signer.gateway()).expect("it is decided in favour")
    }

    /// Issues a grant of these claims, as if the gateway had.
    pub async fn issue(&self, grant: Grant) -> Grant {
        let issued = IssuedGrant {
            id: grant.jti,
            approval_id: grant.appr,
            expires_at: grant.exp,
            used_at: None,
            revoked_at: None,
        };
        let work = UnitOfWork::new().and(Change::AddGrant(issued));
        self.store.commit(work).await.expect("a new grant");
        grant
    }

    /// The token of these claims, signed with this gateway's key.
    pub fn sign(&self, grant: &Grant) -> String {
        self.signer.sign(Purpose::Grant, &grant.to_json()).expect("the key works")
    }

    /// The run that an approval is about.
    pub async fn run_of(&self, approval: ApprovalId) -> RunId {
        self.gateway.approval(approval, &self.operator).await.expect("it exists").run_id
    }

    /// The tool calls of a run, as they are stored.
    pub async fn calls(&self, run: RunId) -> Vec<ToolCall> {
        let calls = self.store.runs().calls(run).await.expect("calls can be read");
        calls.into_iter().map(|call| call.value).collect()
    }

    /// Runs that would be taken up at a start of the process.
    pub async fn unfinished(&self) -> Vec<RunId> {
        self.gateway.unfinished().await.expect("runs can be read")
    }

    /// Waits until `look` finds something, looking again whenever the stream grows.
    async fn until<T, F: Future<Output = Option<T>>>(
        &self,
        stream: Stream,
        look: impl Fn() -> F,
    ) -> T {
        let looking = async {
            let mut feed = self.gateway.follow(stream, 0);
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                // Some changes have no event of their own, so a pause without one is no end.
                let soon = Duration::from_millis(20);
                drop(tokio::time::timeout(soon, feed.next()).await);
            }
        };
        tokio::time::timeout(LIMIT, looking).await.expect("it did not come to pass")
    }
}

/// How a gateway of a test joins.
pub(crate) fn as_node(name: &str, is_alone: bool) -> NodeSettings {
    NodeSettings {
        name: name.parse().expect("a node's name"),
        version: "test".to_owned(),
        address: "127.0.0.1:8642".to_owned(),
        ttl: Duration::from_secs(10),
        is_alone,
    }
}
