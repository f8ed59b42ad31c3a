//! A business number, people who write to it, and a house that it belongs to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::ids::{ApprovalId, CardId};
use countersign_domain::service_conversations::{ServiceSettings, Switch};
use countersign_fakes::whatsapp_cloud::{Clock, FakeCloud, Person, SentMessage, Settings};
use countersign_gateway::Gateway;
use countersign_ports::platform::{Callback, CallbackMethod};
use countersign_ports::store::Store as _;
use countersign_test_kit::{House, HouseBuilder, business};

/// What takes an approval.
pub(crate) const ASKS: &str = "run rm -r made";

/// When it is, for the house and the fake.
pub(crate) const NOW: i64 = 1_795_000_000_000;

/// Whom the house listens to.
pub(crate) const ANN: &str = "34600000001";
pub(crate) const BOB: &str = "34600000002";

/// A provider.
pub(crate) const MOVISTAR: &str = "34600111222";

/// Everything that there is.
pub(crate) struct Town {
    pub(crate) cloud: FakeCloud,
    pub(crate) house: House,
    /// May talk.
    pub(crate) ann: Person,
    /// The same.
    pub(crate) bob: Person,
    /// May not, and is written to as a provider.
    pub(crate) movistar: Person,
    pub(crate) door: Door,
}

/// Where Meta calls.
#[derive(Clone)]
pub(crate) struct Door {
    address: SocketAddr,
    gateway: Arc<Mutex<Option<Arc<Gateway>>>>,
}

/// How a town is built.
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    pub(crate) house: Box<dyn FnOnce(HouseBuilder) -> HouseBuilder>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            settings: Settings { clock: Clock::standing_at(NOW), ..Settings::default() },
            house: Box::new(|house| house),
        }
    }
}

/// Service conversations are on, and everything else is as it is by default.
pub(crate) fn on(settings: &mut ServiceSettings) {
    settings.enabled = Switch::On;
}

impl Town {
    pub(crate) async fn open() -> Self {
        Self::built(Plan::default()).await
    }

    /// The same with service conversations.
    pub(crate) async fn serving() -> Self {
        Self::built(Plan { house: Box::new(|house| house.service(on)), ..Plan::default() }).await
    }

    pub(crate) async fn built(plan: Plan) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let cloud = FakeCloud::start(plan.settings).await;
        let [ann, bob, movistar] = [(ANN, "Ann"), (BOB, "Bob"), (MOVISTAR, "Movistar")]
            .map(|(number, name)| cloud.person(number, name));
        let house = House::with().operators(&[ANN, BOB]).cloud(&cloud);
        let house = (plan.house)(house).open().await;
        std::fs::create_dir_all(house.workspace().join("made/deep")).unwrap();
        let door = Door::open(&house.gateway).await;
        cloud.subscribes(&door.webhook(), business::VERIFY_TOKEN).await.unwrap();
        Self { cloud, house, ann, bob, movistar, door }
    }

    /// Ann asks for something that takes an approval; its card, once the house knows where it is.
    pub(crate) async fn asked(&self) -> SentMessage {
        let written = self.ann.writes(ASKS).await;
        assert_eq!(written.status, 200);
        let card = self.cloud.wait_for_list(&self.ann).await;
        self.stands(&card).await;
        card
    }

    /// Waits until the house knows where a card is: the phone does a moment sooner.
    pub(crate) async fn stands(&self, card: &SentMessage) {
        let row = card.content.rows().first().unwrap();
        let id: CardId = row.id.split('.').nth(1).unwrap().parse().unwrap();
        loop {
            let found = self.house.breakable.chats().card(id).await.unwrap();
            if found.is_some_and(|found| found.value.message.is_some()) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Time passes, for the house and for Meta.
    pub(crate) fn pass(&self, span: Duration) {
        self.house.clock.advance(span);
        self.cloud.settings().clock.advance(span);
    }

    /// Whether the command that was asked for has run.
    pub(crate) fn has_run(&self) -> bool {
        !self.house.workspace().join("made").exists()
    }

    /// What the audit log says of messages that did not arrive, once it says so of so many.
    pub(crate) async fn undelivered(&self, count: usize) -> Vec<AuditRecord> {
        let looking = async {
            loop {
                let noted = self.house.audited(AuditKind::OutboundFailed).await;
                if noted.len() >= count {
                    return noted;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), looking).await.unwrap()
    }

    /// The gateway's process is killed, and another one takes its place.
    pub(crate) async fn crash(self) -> Self {
        let Self { cloud, house, ann, bob, movistar, door } = self;
        door.call_at(None);
        let house = house.crash().await;
        door.call_at(Some(&house.gateway));
        Self { cloud, house, ann, bob, movistar, door }
    }
}

/// The approval that a card shows.
pub(crate) fn approval(card: &SentMessage) -> ApprovalId {
    let line = card.content.text().lines().find_map(|line| line.strip_prefix("Id: "));
    line.unwrap().trim_matches('`').parse().unwrap()
}

/// What can be tapped on a card.
pub(crate) fn titles(card: &SentMessage) -> Vec<&str> {
    card.content.rows().iter().map(|row| row.title.as_str()).collect()
}

impl Door {
    async fn open(gateway: &Arc<Gateway>) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let door = Self { address, gateway: Arc::new(Mutex::new(Some(gateway.clone()))) };
        let router = Router::new()
            .route("/platforms/{platform}/{account}/{what}", get(bring).post(bring))
            .with_state(door.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        door
    }

    /// Where webhooks go.
    pub(crate) fn webhook(&self) -> String {
        format!("http://{}/platforms/whatsapp/main/webhook", self.address)
    }

    /// From now on this gateway answers, or none.
    pub(crate) fn call_at(&self, gateway: Option<&Arc<Gateway>>) {
        *self.gateway.lock().unwrap() = gateway.cloned();
    }
}

/// What the HTTP surface does, without its limits.
async fn bring(
    State(door): State<Door>,
    Path((platform, account, what)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    (method, headers): (Method, HeaderMap),
    body: Bytes,
) -> Response {
    let gateway = door.gateway.lock().unwrap().clone();
    let Some(gateway) = gateway else { return StatusCode::BAD_GATEWAY.into_response() };
    let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        Some((name.to_string(), value.to_str().ok()?.to_owned()))
    };
    let is_get = method == Method::GET;
    let callback = Callback {
        method: if is_get { CallbackMethod::Get } else { CallbackMethod::Post },
        what,
        query: query.unwrap_or_default(),
        headers: headers.iter().filter_map(text).collect(),
        body,
    };
    match gateway.call_platform(&format!("{platform}/{account}"), callback).await {
        Some(reply) => (StatusCode::from_u16(reply.status).unwrap(), reply.body).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
