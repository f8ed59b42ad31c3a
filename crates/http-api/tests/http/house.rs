//! A gateway that listens, and what clients do with it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Once};
use std::time::Duration;

use countersign_command_risk::{Engine, Policy};
use countersign_domain::access::Scope;
use countersign_domain::action::Action;
use countersign_domain::ids::{ApprovalId, CallId, GatewayId, RunId};
use countersign_domain::outbound::OutboundPolicy;
use countersign_domain::redaction::Redactor;
use countersign_domain::runs::{RunFailure, Usage};
use countersign_domain::signing::{KeyRing, SigningKey};
use countersign_domain::time::Timestamp;
use countersign_event_bus::InProcessBus;
use countersign_gateway::config::{ApprovalsConfig, RunsConfig};
use countersign_gateway::{
    Caller, Gateway, Guard, GuardParts, KeyHolder, NewKey, OperatorRules, Parts,
};
use countersign_http_api::{
    About, HttpConfig, OperatorToken, ServerParts, Setting, SettingSource, SettingValue,
    SettingsView, router, serve_with,
};
use countersign_ports::effect_gate::{EffectGate as _, Passage, Slot};
use countersign_ports::file_witness::{FileWitness, Found, Room};
use countersign_ports::model_provider::{ModelCall, ModelReply};
use countersign_ports::run_journal::{RunEnd, RunJournal as _};
use countersign_ports::store::SharedStore;
use countersign_storage::SqliteStore;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::machine::{TestClock, TestEntropy};

pub(crate) const OPERATOR_TOKEN: &str = "cs_operator_of_the_tests_0123456789";
pub(crate) const ENV_KEY: &str = "env-key-of-the-tests-9f86d081";
pub(crate) const METRICS_TOKEN: &str = "metrics-of-the-tests-5b0c7a1e";

/// No wait of a test lasts longer than this in real time.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// How a house is furnished.
#[derive(Default)]
pub(crate) struct Furnishing {
    pub(crate) config: HttpConfig,
    pub(crate) approvals: ApprovalsConfig,
    pub(crate) runs: RunsConfig,
}

/// A gateway that listens.
pub(crate) struct House {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) store: SharedStore,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: CancellationToken,
    pub(crate) server: tokio::task::JoinHandle<std::io::Result<()>>,
    client: Client,
    _home: TempDir,
}

/// A machine without files.
struct NoFiles;

#[async_trait::async_trait]
impl FileWitness for NoFiles {
    async fn look(&self, paths: Vec<String>, _: Room) -> Vec<Found> {
        vec![Found::Absent; paths.len()]
    }
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("the gateway answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("the answer is complete");
        Self { status, headers, text }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The JSON of an answer with this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self.json()
    }

    /// Checks that this is a refusal in the one form, with this status, code and param.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str, param: Option<&str>) -> Value {
        let body = self.expect(status);
        let error = &body["error"];
        assert_eq!(
            (error["code"].as_str(), error["param"].as_str()),
            (Some(code), param),
            "{body}"
        );
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
        assert!(error["type"].as_str().is_some_and(|text| text.ends_with("_error")), "{body}");
        body
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::furnished(Furnishing::default()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut HttpConfig)) -> Self {
        let mut furnishing = Furnishing::default();
        change(&mut furnishing.config);
        Self::furnished(furnishing).await
    }

    pub(crate) async fn furnished(furnishing: Furnishing) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            drop(rustls::crypto::ring::default_provider().install_default());
        });
        let Furnishing { config, approvals, runs } = furnishing;
        let home = tempfile::tempdir().expect("a temporary directory");
        let store = SqliteStore::open(&home.path().join("countersign.db")).expect("a store");
        let store: SharedStore = Arc::new(store);
        let clock = Arc::new(TestClock::new());
        let gateway = Gateway::new(Parts {
            store: store.clone(),
            bus: Arc::new(InProcessBus::new()),
            clock: clock.clone(),
            entropy: Arc::new(TestEntropy::default()),
            signer: Arc::new(KeyHolder::new(ring(), |_| Ok(()))),
            guard: guard(),
            witness: Arc::new(NoFiles),
            settings: approvals
                .settings(&runs, "test-host".to_owned(), "rehearsal".to_owned())
                .expect("good settings"),
            redactor: Arc::new(Redactor::new([])),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let timeouts = config.timeouts();
        let routes = router(ServerParts {
            gateway: gateway.clone(),
            config,
            about: About {
                version: "1.2.3".to_owned(),
                model: "rehearsal".to_owned(),
                rehearsal: true,
                hint: Some("do something".to_owned()),
            },
            settings: SettingsView {
                file: "/home/ada/config.yaml".to_owned(),
                settings: vec![
                    Setting {
                        key: "approvals.timeout".to_owned(),
                        value: SettingValue::Shown("30m".into()),
                        source: SettingSource::File(Some(12)),
                    },
                    Setting {
                        key: "model.api_key".to_owned(),
                        value: SettingValue::SecretSet,
                        source: SettingSource::Argument("--set model".to_owned()),
                    },
                ],
            },
            operator_token: OperatorToken::new(OPERATOR_TOKEN.to_owned()),
            env_key: Some(ENV_KEY.to_owned()),
            metrics_token: Some(METRICS_TOKEN.to_owned()),
            local_addr: address,
        });
        let server = tokio::spawn(serve_with(listener, routes, timeouts, shutdown.clone()));
        let client = Client::builder().no_proxy().build().expect("a client");
        Self { gateway, store, clock, address, shutdown, server, client, _home: home }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request without any credential.
    pub(crate) fn anonymous(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        self.client.request(method, self.url(path))
    }

    /// A request with a key.
    pub(crate) fn with_key(&self, key: &str, method: &str, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(key)
    }

    /// A request of the operator.
    pub(crate) fn operator(&self, method: &str, path: &str) -> RequestBuilder {
        self.with_key(OPERATOR_TOKEN, method, path)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.operator("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.operator("POST", path).json(&body)).await
    }

    /// Makes a key with these scopes.
    pub(crate) async fn key(&self, name: &str, scopes: &[Scope]) -> String {
        let name = name.parse().expect("a name");
        let new = NewKey { name, scopes: scopes.iter().copied().collect(), expires_at: None };
        let made = self.gateway.create_key(new, &Caller::operator()).await;
        made.expect("a key").1.reveal().to_owned()
    }

    /// Starts a run of the operator.
    pub(crate) async fn run(&self, input: &str) -> RunId {
        let started = self.post("/v1/runs", json!({ "input": input })).await.expect(202);
        id(&started["run_id"])
    }

    /// The agent takes the run up and wants to do this; the call and, if asked, the approval.
    pub(crate) async fn wants(&self, run: RunId, action: Action) -> (CallId, ApprovalId) {
        let call = self.calls_tool(run, "http_request").await;
        let passage = self.gateway.propose(run, call, action, Slot::Free).await.expect("a passage");
        let Passage::Waiting(approval) = passage else { panic!("nobody is asked: {passage:?}") };
        (call, approval)
    }

    /// The model calls a tool.
    pub(crate) async fn calls_tool(&self, run: RunId, tool: &str) -> CallId {
        self.gateway.open(run).await.expect("the run opens");
        let reply = ModelReply {
            calls: vec![model_call(tool)],
            usage: Usage { input_tokens: 10, output_tokens: 5, ..Usage::default() },
            ..ModelReply::default()
        };
        let message = self.gateway.new_message();
        self.gateway.reply(run, message, reply).await.expect("a reply");
        let snapshot = self.gateway.read(run).await.expect("a snapshot");
        snapshot.calls.last().expect("the call").call.id
    }

    /// The model says something, in one piece.
    pub(crate) async fn says(&self, run: RunId, text: &str) {
        let message = self.gateway.new_message();
        let said = self.gateway.delta(run, message, text.to_owned()).await;
        said.expect("a delta");
    }

    /// The run ends well.
    pub(crate) async fn ends(&self, run: RunId) {
        let end = RunEnd::Completed { output: "done".to_owned() };
        self.gateway.end(run, end).await.expect("the end");
    }

    /// Sends these bytes and reads until the gateway closes.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        let read = tokio::time::timeout(LIMIT, stream.read_to_end(&mut answer)).await;
        read.expect("in time").expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }
}

fn model_call(tool: &str) -> ModelCall {
    ModelCall { id: "call_1".to_owned(), tool: tool.to_owned(), arguments: "{}".to_owned() }
}

/// The keys of every house.
pub(crate) fn ring() -> KeyRing {
    let key = SigningKey::from_seed([7; 32]).expect("the curve takes this seed");
    let gateway = GatewayId::from_uuid(uuid::Uuid::from_u128(7));
    KeyRing::new(gateway, key, Timestamp::from_millis(1_795_000_000_000))
}

fn guard() -> Guard {
    let parts = GuardParts {
        workspace: "/workspace".to_owned(),
        gateway_home: "/gateway".to_owned(),
        user_home: "/home/user".to_owned(),
        user: "user".to_owned(),
        protected_paths: Vec::new(),
        outbound: OutboundPolicy::default(),
        scanner: Arc::new(Redactor::new([])),
        own_port: 8642,
    };
    Guard::new(Engine::new(Policy::builtin()), OperatorRules::default(), parts)
}

/// Parses an id out of JSON.
#[track_caller]
pub(crate) fn id<T: std::str::FromStr>(value: &Value) -> T {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.unwrap_or_else(|| panic!("{value} is not the id that was expected"))
}

/// An action about which people are always asked, and which lasting choices are offered for.
pub(crate) fn request_to(host: &str) -> Action {
    Action::HttpRequest {
        method: "POST".to_owned(),
        url: format!("https://{host}/hook"),
        headers: BTreeMap::new(),
        body: "hello".to_owned(),
    }
}

/// Scopes for a new key, as the API names them.
pub(crate) fn scopes(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Adds a header to a request.
pub(crate) fn header(request: RequestBuilder, name: &str, value: &str) -> RequestBuilder {
    let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
    request.header(name, HeaderValue::from_str(value).expect("a value"))
}

impl House {
    /// The time so many seconds from now, as the API writes it.
    pub(crate) fn clock_after(&self, seconds: u64) -> String {
        use countersign_ports::clock::Clock as _;
        self.clock.now().after(Duration::from_secs(seconds)).to_string()
    }
}

impl House {
    /// The newest run, once there are so many.
    pub(crate) async fn newest_run(&self, count: usize) -> RunId {
        loop {
            let list = self.get("/v1/runs").await.expect(200);
            let runs = list["data"].as_array().expect("a list");
            if runs.len() == count {
                return id(&runs[0]["run_id"]);
            }
        }
    }

    /// The run, once it has this status.
    pub(crate) async fn run_once(&self, run: RunId, status: &str) -> Value {
        loop {
            let read = self.get(&format!("/v1/runs/{run}")).await.expect(200);
            if read["status"] == status {
                return read;
            }
        }
    }

    /// The model says this, and the run ends with it.
    pub(crate) async fn replies(&self, run: RunId, text: &str) {
        self.gateway.open(run).await.expect("the run opens");
        let message = self.gateway.new_message();
        let (first, rest) = text.split_at(text.len() / 2);
        for piece in [first, rest] {
            self.gateway.delta(run, message, piece.to_owned()).await.expect("a delta");
        }
        let usage = Usage { input_tokens: 10, output_tokens: 5, ..Usage::default() };
        let reply = ModelReply { text: text.to_owned(), usage, ..ModelReply::default() };
        self.gateway.reply(run, message, reply).await.expect("a reply");
        let end = RunEnd::Completed { output: text.to_owned() };
        self.gateway.end(run, end).await.expect("the end");
    }

    /// The run fails.
    pub(crate) async fn fails(&self, run: RunId) {
        self.gateway.open(run).await.expect("the run opens");
        let (code, message) = ("model_unavailable".to_owned(), "no model answers".to_owned());
        let end = RunEnd::Failed(RunFailure { code, message });
        self.gateway.end(run, end).await.expect("the end");
    }
}
