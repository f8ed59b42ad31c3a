//! A server with a team, a channel and people, and a house that the bot belongs to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use countersign_domain::chat::PlatformName;
use countersign_domain::ids::ApprovalId;
use countersign_domain::slash_access::{
    AccessPolicy, CommandList, ListedIds, PlatformAccess, ScopeAccess,
};
use countersign_fakes::mattermost::{
    Bot, ChannelId, Clock, FakeMattermost, Person, Post, PostId, Settings, TeamId, TeamRole,
};
use countersign_gateway::{Admission, ChatSettings, Gateway};
use countersign_http_api::{
    About, HttpConfig, OperatorToken, ServerParts, SettingsView, Timeouts, router, serve_with,
};
use countersign_mattermost::{AccountConfig, AccountsConfig, Mattermost, Parts, settings};
use countersign_ports::secret::Secret;
use countersign_test_kit::{House, ManualClock, SeededEntropy};
use reqwest::{Method, RequestBuilder};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// What takes an approval.
pub(crate) const ASKS: &str = "run rm -r made";

/// What proves the operator to the API.
const OPERATOR: &str = "operator-token-of-the-town";

/// When it is, for the house and the server.
pub(crate) const NOW: i64 = 1_795_000_000_000;

/// A server, people, and a house.
pub(crate) struct Town {
    pub(crate) server: FakeMattermost,
    pub(crate) team: TeamId,
    pub(crate) square: ChannelId,
    /// May talk, and run what is listed.
    pub(crate) ann: Person,
    /// The same, and asks for nothing here.
    pub(crate) bob: Person,
    /// May not talk to the bot.
    pub(crate) stranger: Person,
    /// May do everything.
    pub(crate) boss: Person,
    pub(crate) bot: Bot,
    pub(crate) house: House,
    pub(crate) adapter: Arc<Mattermost>,
    pub(crate) account: AccountConfig,
    door: Door,
}

/// Where the server calls.
#[derive(Clone)]
struct Door {
    address: SocketAddr,
    /// The surface of the gateway that is there, if one is.
    house: Arc<Mutex<Option<Router>>>,
}

/// How a town is built.
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    pub(crate) account: AccountConfig,
    pub(crate) team_role: TeamRole,
    pub(crate) chat: Box<dyn FnOnce(&mut ChatSettings)>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) in_company: bool,
    /// What happens to the server before the bot comes.
    pub(crate) before: Box<dyn FnOnce(&FakeMattermost)>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            settings: Settings { clock: Clock::standing_at(NOW), ..Settings::default() },
            account: AccountConfig::default(),
            team_role: TeamRole::Admin,
            chat: Box::new(|_| {}),
            timeout: None,
            in_company: false,
            before: Box::new(|_| {}),
        }
    }
}

impl Town {
    pub(crate) async fn open() -> Self {
        Self::built(Plan::default()).await
    }

    pub(crate) async fn built(plan: Plan) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let server = FakeMattermost::start(plan.settings).await;
        let team = server.team("main");
        let [ann, bob, stranger, boss] =
            ["ann", "bob", "stranger", "boss"].map(|name| server.user(name));
        let bot = server.bot("signer");
        server.set_team_role(&team, &bot, Some(plan.team_role));
        let square = server.channel(&team, "square", &[&ann, &bob, &stranger, &boss, &bot]);
        let people: Vec<String> =
            [&ann, &bob, &boss].iter().map(|person| person.id.to_string()).collect();
        let (chief, change) = (boss.id.to_string(), plan.chat);
        let timeout = plan.timeout;
        let house = if plan.in_company { House::with().in_company() } else { House::with() };
        let mattermost: PlatformName = "mattermost".parse().unwrap();
        let house = house
            .carrying_to(&mattermost)
            .chat(move |chat| {
                admit(chat, &people, &chief);
                change(chat);
            })
            .approvals(move |approvals| {
                if let Some(timeout) = timeout {
                    approvals.timeout = countersign_ports::duration::HumanDuration(timeout);
                }
            })
            .open()
            .await;
        std::fs::create_dir_all(house.workspace().join("made/deep")).unwrap();
        let door = Door::open(&house.gateway).await;
        let account = AccountConfig {
            url: Some(server.url()),
            token: Some(Secret::new(bot.token.clone())),
            callback_url: Some(format!("http://{}", door.address)),
            ..plan.account
        };
        (plan.before)(&server);
        let adapter = adapter(&account, (&house.clock, &house.gateway), 1);
        house.gateway.attach_platform(adapter.clone()).await.unwrap();
        let town = Self {
            server,
            team,
            square,
            ann,
            bob,
            stranger,
            boss,
            bot,
            house,
            adapter,
            account,
            door,
        };
        town.connected().await;
        town
    }

    /// Returns when the bot hears.
    pub(crate) async fn connected(&self) {
        self.server.wait_until_connected(&self.bot).await;
    }

    /// Returns when this command is registered.
    pub(crate) async fn registered(&self, trigger: &str) {
        let there = |server: &FakeMattermost| {
            server
                .commands(&self.team)
                .iter()
                .any(|command| command.trigger == trigger)
                .then_some(())
        };
        self.server.wait_for(trigger, there).await;
        // It counts when the gateway has noted its token.
        self.when_registered(|adapter| adapter.is_registered(trigger).then_some(())).await;
    }

    /// What `look` finds after commands were registered.
    pub(crate) async fn when_registered<T>(&self, look: impl Fn(&Mattermost) -> Option<T>) -> T {
        let mut registrations = self.adapter.registrations();
        let looking = async {
            loop {
                registrations.mark_unchanged();
                if let Some(found) = look(&self.adapter) {
                    return found;
                }
                registrations.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(20), looking).await.unwrap()
    }

    /// The gateway's process is killed, and another one takes its place.
    pub(crate) async fn crash(self) -> Self {
        let Self {
            server,
            team,
            square,
            ann,
            bob,
            stranger,
            boss,
            bot,
            house,
            adapter,
            account,
            door,
        } = self;
        *door.house.lock().unwrap() = None;
        drop(adapter);
        let house = house.crash().await;
        server
            .wait_for("the old socket to go", |server| {
                (server.open_sockets(&bot) == 0).then_some(())
            })
            .await;
        let adapter = self::adapter(&account, (&house.clock, &house.gateway), 2);
        door.leads_to(&house.gateway);
        house.gateway.attach_platform(adapter.clone()).await.unwrap();
        let town = Self {
            server,
            team,
            square,
            ann,
            bob,
            stranger,
            boss,
            bot,
            house,
            adapter,
            account,
            door,
        };
        town.connected().await;
        town
    }

    /// From now on the server calls this node, which has an adapter of its own.
    pub(crate) async fn call_at(&self, node: &Arc<Gateway>, seed: u64) {
        let adapter = adapter(&self.account, (&self.house.clock, node), seed);
        node.attach_platform(adapter).await.unwrap();
        self.door.leads_to(node);
    }

    /// Another bot of the same house, which hears as soon as this returns.
    pub(crate) async fn joined_by(&self, name: &str, bot: &Bot) -> Arc<Mattermost> {
        let account =
            AccountConfig { token: Some(Secret::new(bot.token.clone())), ..self.account.clone() };
        let parts = (&self.house.clock, &self.house.gateway);
        let adapter = adapter_called(name, &account, parts, 11);
        self.house.gateway.attach_platform(adapter.clone()).await.unwrap();
        self.server.wait_until_connected(bot).await;
        adapter
    }

    /// A request of the operator to the gateway's API.
    pub(crate) fn api(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.door.address);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.request(method, url).bearer_auth(OPERATOR)
    }

    /// Ann asks for something that takes an approval; what she wrote, and its card.
    pub(crate) async fn asked(&self) -> (PostId, Post) {
        let said = self.ann.posts(&self.square, None, &format!("@signer {ASKS}")).await;
        let card = self.card().await;
        (said, card)
    }

    /// The newest card that can be decided.
    pub(crate) async fn card(&self) -> Post {
        self.server
            .wait_for("a card", |server| {
                let mut posts: Vec<Post> = server.posts(&self.square);
                posts.extend(server.posts(&self.ann.direct_with(&self.bot)));
                posts.into_iter().rev().find(|post| !post.buttons().is_empty())
            })
            .await
    }

    /// The card once it says `words`.
    pub(crate) async fn card_says(&self, card: &Post, words: &str) -> Post {
        let what = format!("the card to say {words}");
        self.server
            .wait_for(&what, |server| {
                let post = server.post(&card.id)?;
                shown(&post).contains(words).then_some(post)
            })
            .await
    }

    /// The approval that a card shows.
    pub(crate) fn approval(card: &Post) -> ApprovalId {
        let text = shown(card);
        let line = text.lines().find_map(|line| line.strip_prefix("Id: ")).unwrap();
        line.trim_matches('`').replace('\\', "").parse().unwrap()
    }

    /// Whether the command that was asked for has run.
    pub(crate) fn has_run(&self) -> bool {
        !self.house.workspace().join("made").exists()
    }
}

/// What a card says.
pub(crate) fn shown(card: &Post) -> String {
    let text =
        card.props.get("attachments").and_then(|all| all.get(0)).and_then(|one| one.get("text"));
    text.and_then(|text| text.as_str()).unwrap_or_default().to_owned()
}

fn adapter(
    account: &AccountConfig,
    parts: (&Arc<ManualClock>, &Arc<Gateway>),
    seed: u64,
) -> Arc<Mattermost> {
    adapter_called("main", account, parts, seed)
}

fn adapter_called(
    name: &str,
    account: &AccountConfig,
    (clock, gateway): (&Arc<ManualClock>, &Arc<Gateway>),
    seed: u64,
) -> Arc<Mattermost> {
    let accounts = AccountsConfig::from([(name.to_owned(), account.clone())]);
    let [settings] =
        settings(&accounts, |_| None, "http://127.0.0.1:1").unwrap().try_into().unwrap();
    let parts = Parts {
        clock: clock.clone(),
        entropy: Arc::new(SeededEntropy::new(seed)),
        notes: gateway.clone(),
        secret: [7; 32],
    };
    Mattermost::new(settings, parts).unwrap()
}

fn admit(chat: &mut ChatSettings, people: &[String], chief: &str) {
    let mattermost: PlatformName = "mattermost".parse().unwrap();
    let people = ListedIds::on(&mattermost, people);
    let admission = Admission { dm: people.clone(), group: people, ..Admission::default() };
    chat.admission.insert(mattermost.clone(), admission);
    let listed = ["approve", "deny", "approvals", "stop", "status", "title"].map(str::to_owned);
    let scope = || ScopeAccess {
        admins: Some(ListedIds::on(&mattermost, &[chief.to_owned()])),
        commands: Some(CommandList::new(&listed)),
    };
    let access = PlatformAccess { dm: scope(), group: scope() };
    chat.access = AccessPolicy::new(BTreeMap::from([(mattermost.clone(), access)]));
}

impl Door {
    /// The real surface of the gateway, on a port that stays the same when the gateway is another one.
    async fn open(gateway: &Arc<Gateway>) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let door = Self { address, house: Arc::default() };
        door.leads_to(gateway);
        let router = Router::new().fallback(enter).with_state(door.clone());
        tokio::spawn(serve_with(listener, router, Timeouts::default(), CancellationToken::new()));
        door
    }

    fn leads_to(&self, gateway: &Arc<Gateway>) {
        let surface = router(ServerParts {
            gateway: gateway.clone(),
            config: HttpConfig::default(),
            about: About {
                version: "test".to_owned(),
                model: "rehearsal".to_owned(),
                rehearsal: true,
                hint: None,
            },
            settings: SettingsView::default(),
            operator_token: OperatorToken::new(OPERATOR.to_owned()),
            env_key: None,
            metrics_token: None,
            local_addr: self.address,
        });
        *self.house.lock().unwrap() = Some(surface);
    }
}

async fn enter(State(door): State<Door>, request: Request) -> Response {
    let house = door.house.lock().unwrap().clone();
    match house {
        Some(house) => house.oneshot(request).await.into_response(),
        None => StatusCode::BAD_GATEWAY.into_response(),
    }
}
