//! A chat platform in memory, as strict as real ones.
//!
//! It outlives the gateway that it is connected to, as a real one does. What a gateway may not do
//! (a text that is too long, an edit of nothing, a card that goes back in time, an answer after the
//! deadline) is a violation, which fails the test as soon as it looks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use countersign_domain::approvals::Choice;
use countersign_domain::chat::{Address, CardNonce, ChatScope, MessageId, PersonId};
use countersign_domain::ids::{ApprovalId, CardId};
use countersign_ports::platform::{
    About, AccountState, BroughtFile, Callbacks, CardPost, Feature, Inbound, Inbox, KnownChat,
    Markup, Mention, NativeCommand, Platform, PlatformError, Receipt, SenderKind, SentFile,
    TextEdit, TextPost,
};
use tokio::sync::watch;

mod member;

pub(crate) use member::told;

/// How long a gateway may take to answer.
const DEADLINE: Duration = Duration::from_secs(3);

/// No wait of a test lasts longer than this.
const LIMIT: Duration = Duration::from_mins(1);

/// A chat platform in memory.
pub struct TestingPlatform {
    about: About,
    /// Who listens, the newest last.
    lines: watch::Sender<Vec<(u64, Weak<dyn Inbox>)>>,
    state: watch::Sender<State>,
}

/// A message that is in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The message.
    pub message: MessageId,
    /// Where.
    pub address: Address,
    /// What it says now.
    pub text: String,
    /// The message that it quotes.
    pub reply_to: Option<MessageId>,
    /// Who alone sees it.
    pub only_for: Option<PersonId>,
    /// The card that it is, if it is one.
    pub card: Option<ShownCard>,
    /// The names and contents of the files that came with it.
    pub files: Vec<(String, Bytes)>,
    /// How often its text was changed.
    pub edits: usize,
}

/// A card that is in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownCard {
    /// The card.
    pub id: CardId,
    /// Its approval.
    pub approval: ApprovalId,
    /// What its buttons bring back.
    pub nonce: CardNonce,
    /// Its buttons.
    pub buttons: Vec<Choice>,
    /// Every version that it has shown.
    pub versions: Vec<u64>,
}

/// Somebody in a chat.
#[derive(Clone)]
pub struct Member {
    platform: Arc<TestingPlatform>,
    id: Option<String>,
    chat: String,
    chat_type: Option<String>,
    thread: Option<String>,
    kind: SenderKind,
    mention: Mention,
    reply_to: Option<MessageId>,
    files: Vec<BroughtFile>,
}

#[derive(Debug, Default)]
struct State {
    shown: Vec<Shown>,
    texts: BTreeMap<String, MessageId>,
    commands: Vec<NativeCommand>,
    faults: VecDeque<PlatformError>,
    violations: Vec<String>,
    deliveries: u64,
    typing: BTreeSet<Address>,
    chats: Vec<KnownChat>,
    files: BTreeMap<String, Bytes>,
    account: Option<AccountState>,
    problems: Vec<String>,
    /// Messages that somebody has deleted.
    lost: BTreeSet<MessageId>,
    /// Requests in the present second, as the limit counts them.
    rate: Option<Rate>,
}

/// A limit on requests: so many in a window, then the rest of the window nothing.
#[derive(Debug, Clone, Copy)]
struct Rate {
    most: u32,
    window: Duration,
    taken: u32,
    since: Instant,
}

impl TestingPlatform {
    /// A platform that can do everything.
    pub fn new() -> Arc<Self> {
        Self::with(|_| {})
    }

    /// A platform that can do what `change` leaves.
    pub fn with(change: impl FnOnce(&mut About)) -> Arc<Self> {
        let mut about = About {
            platform: "testing".parse().expect("a name"),
            account: "bot".parse().expect("a name"),
            bot_name: Some("signer".to_owned()),
            features: BTreeSet::from([
                Feature::Buttons,
                Feature::Edits,
                Feature::NativeCommands,
                Feature::Typing,
                Feature::Replies,
                Feature::Ephemerals,
                Feature::Once,
                Feature::Directory,
                Feature::Files,
            ]),
            markup: Markup::Mattermost,
            longest_text: 4000,
            most_buttons: 4,
        };
        change(&mut about);
        let (lines, state) = (watch::Sender::default(), watch::Sender::default());
        Arc::new(Self { about, lines, state })
    }

    /// How many gateways listen, once `wanted` do.
    pub async fn listeners(&self, wanted: usize) {
        let mut lines = self.lines.subscribe();
        let waiting = lines.wait_for(|lines| lines.len() == wanted);
        let ended = tokio::time::timeout(LIMIT, waiting).await;
        drop(ended.expect("they never were so many").expect("the platform lives"));
    }

    async fn inbox(&self) -> Arc<dyn Inbox> {
        let mut lines = self.lines.subscribe();
        let newest = |lines: &Vec<(u64, Weak<dyn Inbox>)>| lines.last().is_some();
        let found = async {
            let lines = lines.wait_for(newest).await.expect("the platform lives");
            lines.last().and_then(|(_, inbox)| inbox.upgrade()).expect("a gateway listens")
        };
        tokio::time::timeout(LIMIT, found).await.expect("nobody listens")
    }

    /// `id` in direct messages.
    pub fn dm(self: &Arc<Self>, id: &str) -> Member {
        self.member(Some(id), &format!("dm-{id}"), Some("dm"))
    }

    /// `id` in the group `chat`, naming the bot.
    pub fn in_group(self: &Arc<Self>, id: &str, chat: &str) -> Member {
        self.member(Some(id), chat, Some("group"))
    }

    /// Somebody in a chat of a type.
    pub fn member(
        self: &Arc<Self>,
        id: Option<&str>,
        chat: &str,
        chat_type: Option<&str>,
    ) -> Member {
        Member {
            platform: self.clone(),
            id: id.map(str::to_owned),
            chat: chat.to_owned(),
            chat_type: chat_type.map(str::to_owned),
            thread: None,
            kind: SenderKind::Person,
            mention: Mention::Named,
            reply_to: None,
            files: Vec::new(),
        }
    }

    /// The next requests fail like this.
    pub fn fail_with(&self, faults: impl IntoIterator<Item = PlatformError>) {
        self.state.send_modify(|state| state.faults.extend(faults));
    }

    /// Returns once every fault has been met.
    pub async fn has_failed(&self) {
        let mut state = self.state.subscribe();
        let met = state.wait_for(|state| state.faults.is_empty());
        drop(tokio::time::timeout(LIMIT, met).await.expect("every fault is met"));
    }

    /// From now on at most so many requests are taken in each `window`.
    pub fn limit(&self, most: u32, window: Duration) {
        let rate = Rate { most, window, taken: 0, since: Instant::now() };
        self.state.send_modify(|state| state.rate = Some(rate));
    }

    /// The bot is in these chats: their ids, names and kinds.
    pub fn knows<'n>(&self, chats: impl IntoIterator<Item = (&'n str, &'n str, ChatScope)>) {
        let chats = chats.into_iter().map(|(id, name, scope)| KnownChat {
            id: id.parse().expect("a name"),
            name: Some(name.to_owned()),
            scope,
        });
        let chats = chats.collect();
        self.state.send_modify(|state| state.chats = chats);
    }

    /// From now on the bot's connection is like this.
    pub fn is_now(&self, account: AccountState) {
        self.state.send_modify(|state| state.account = Some(account));
    }

    /// Somebody deletes a message: it is still listed here, and cannot be changed.
    pub fn loses(&self, message: &MessageId) {
        self.state.send_modify(|state| {
            state.lost.insert(message.clone());
        });
    }

    /// From now on this is to be set for the bot.
    pub fn wants(&self, problem: &str) {
        self.state.send_modify(|state| state.problems.push(problem.to_owned()));
    }

    /// The commands that the gateway has registered.
    pub fn commands(&self) -> Vec<NativeCommand> {
        self.state.borrow().commands.clone()
    }

    /// Everything that is shown.
    pub fn shown(&self) -> Vec<Shown> {
        self.state.borrow().shown.clone()
    }

    /// What is shown once `found` finds something in it.
    pub async fn when<T>(&self, found: impl Fn(&[Shown]) -> Option<T>) -> T {
        let mut state = self.state.subscribe();
        let looking = async {
            loop {
                self.check();
                let here = found(&state.borrow_and_update().shown);
                if let Some(here) = here {
                    return here;
                }
                state.changed().await.expect("the platform lives");
            }
        };
        let outcome = tokio::time::timeout(LIMIT, looking).await;
        outcome.unwrap_or_else(|_| panic!("it was never shown; there is {:#?}", self.shown()))
    }

    /// Whether the bot was ever shown at work there.
    pub fn typed_at(&self, address: &Address) -> bool {
        self.state.borrow().typing.contains(address)
    }

    /// The message that says `words`, once it is there.
    pub async fn says(&self, words: &str) -> Shown {
        self.when(|shown| shown.iter().find(|one| one.text.contains(words)).cloned()).await
    }

    /// The newest card that can be decided, once there is one.
    pub async fn open_card(&self) -> Shown {
        let open = |one: &&Shown| one.card.as_ref().is_some_and(|card| !card.buttons.is_empty());
        self.when(|shown| shown.iter().rev().find(open).cloned()).await
    }

    /// The card once it begins with `words`.
    pub async fn card_says(&self, card: CardId, words: &str) -> Shown {
        let is_it = |one: &&Shown| {
            one.card.as_ref().is_some_and(|shown| shown.id == card) && one.text.starts_with(words)
        };
        self.when(|shown| shown.iter().find(is_it).cloned()).await
    }

    async fn deliver(&self, inbound: Inbound) -> Receipt {
        let inbox = self.inbox().await;
        self.check();
        let Ok(receipt) = tokio::time::timeout(DEADLINE, inbox.receive(inbound)).await else {
            self.violate("no answer within the deadline".to_owned());
            return Receipt::Later;
        };
        receipt
    }

    fn next_message(&self) -> MessageId {
        self.next_delivery().replace("delivery", "said").parse().expect("a name")
    }

    pub(crate) fn next_delivery(&self) -> String {
        let mut number = 0;
        self.state.send_modify(|state| {
            state.deliveries += 1;
            number = state.deliveries;
        });
        format!("delivery-{number}")
    }

    /// Panics if the platform was misused.
    pub fn check(&self) {
        let violations = self.state.borrow().violations.clone();
        assert!(violations.is_empty(), "the platform was misused: {violations:#?}");
    }

    fn violate(&self, what: String) {
        self.state.send_modify(|state| state.violations.push(what));
    }

    fn check_feature(&self, used: bool, feature: Feature) {
        if used && !self.about.features.contains(&feature) {
            self.violate(format!("{feature:?}, which this platform does not have"));
        }
    }

    fn check_text(&self, text: &str) {
        let length = text.encode_utf16().count();
        if length == 0 || length > self.about.longest_text {
            self.violate(format!("a text of {length} units"));
        }
    }

    fn check_card(&self, card: &CardPost) {
        self.check_text(&card.text);
        let distinct: BTreeSet<Choice> = card.buttons.iter().copied().collect();
        let buttons = card.buttons.len();
        let may = self.about.features.contains(&Feature::Buttons) || buttons == 0;
        if distinct.len() != buttons || buttons > self.about.most_buttons || !may {
            self.violate(format!("the buttons {:?}", card.buttons));
        }
    }

    /// Whether the request is taken: not if a fault is due, and not beyond the limit. Who knocks
    /// again before the pause is over is at fault itself.
    fn fault(&self) -> Result<(), PlatformError> {
        let (mut fault, mut hasty) = (None, false);
        self.state.send_modify(|state| {
            fault = state.faults.pop_front();
            if let (None, Some(rate)) = (&fault, &mut state.rate) {
                match rate.pause() {
                    Pause::None => {}
                    Pause::First(wait) => fault = Some(PlatformError::SlowDown(wait)),
                    Pause::Again(wait) => {
                        fault = Some(PlatformError::SlowDown(wait));
                        hasty = true;
                    }
                }
            }
        });
        if hasty {
            self.violate("a request within the pause that was asked for".to_owned());
        }
        fault.map_or(Ok(()), Err)
    }
}

#[async_trait]
impl Platform for TestingPlatform {
    fn about(&self) -> &About {
        &self.about
    }

    async fn post_text(&self, text: &TextPost) -> Result<MessageId, PlatformError> {
        self.fault()?;
        self.check_text(&text.text);
        self.check_feature(text.reply_to.is_some(), Feature::Replies);
        if !self.about.features.contains(&Feature::DirectChats) {
            self.check_feature(text.only_for.is_some(), Feature::Ephemerals);
        }
        let mut taken = None;
        self.state.send_modify(|state| {
            let known = state.texts.get(&text.id).cloned();
            taken = Some(known.unwrap_or_else(|| {
                let who = (text.reply_to.clone(), text.only_for.clone());
                let message = state.add(&text.address, &text.text, who, None);
                state.texts.insert(text.id.clone(), message.clone());
                message
            }));
        });
        Ok(taken.expect("it was set"))
    }

    async fn post_files(
        &self,
        text: &TextPost,
        files: &[SentFile],
    ) -> Result<MessageId, PlatformError> {
        self.check_feature(!files.is_empty(), Feature::Files);
        let message = self.post_text(text).await?;
        self.state.send_modify(|state| {
            let shown = state.shown.iter_mut().find(|shown| shown.message == message);
            let kept = files.iter().map(|file| (file.name.clone(), file.content.clone()));
            shown.expect("it was posted").files = kept.collect();
        });
        Ok(message)
    }

    async fn edit_text(&self, edit: &TextEdit) -> Result<(), PlatformError> {
        self.fault()?;
        self.check_feature(true, Feature::Edits);
        self.check_text(&edit.text);
        if self.state.borrow().lost.contains(&edit.message) {
            return Err(PlatformError::Refused("no such message".to_owned()));
        }
        let mut found = false;
        self.state.send_modify(|state| {
            let text = |shown: &&mut Shown| shown.message == edit.message && shown.card.is_none();
            if let Some(shown) = state.shown.iter_mut().find(text) {
                shown.text.clone_from(&edit.text);
                shown.edits += 1;
                found = true;
            }
        });
        if found {
            return Ok(());
        }
        self.violate(format!("an edit of {}, which is no text", edit.message));
        Err(PlatformError::Refused("no such message".to_owned()))
    }

    fn problems(&self) -> Vec<String> {
        self.state.borrow().problems.clone()
    }

    async fn post_card(&self, card: &CardPost) -> Result<MessageId, PlatformError> {
        self.fault()?;
        self.check_card(card);
        self.check_feature(card.reply_to.is_some(), Feature::Replies);
        let shown = ShownCard {
            id: card.id,
            approval: card.approval,
            nonce: card.nonce.clone(),
            buttons: card.buttons.clone(),
            versions: vec![card.version],
        };
        let mut taken = None;
        self.state.send_modify(|state| {
            let who = (card.reply_to.clone(), None);
            taken = Some(state.add(&card.address, &card.text, who, Some(shown)));
        });
        Ok(taken.expect("it was set"))
    }

    async fn edit_card(&self, message: &MessageId, card: &CardPost) -> Result<(), PlatformError> {
        self.fault()?;
        self.check_card(card);
        let mut violation = None;
        self.state.send_modify(|state| {
            let found = state.shown.iter_mut().find(|shown| shown.message == *message);
            let Some((shown, old)) =
                found.and_then(|shown| shown.card.take().map(|old| (shown, old)))
            else {
                violation = Some(format!("an edit of {message}, which is no card"));
                return;
            };
            if old.versions.last().is_some_and(|last| *last >= card.version) || old.id != card.id {
                violation = Some(format!("version {} after {:?}", card.version, old.versions));
            }
            shown.text.clone_from(&card.text);
            let mut versions = old.versions;
            versions.push(card.version);
            shown.card = Some(ShownCard {
                buttons: card.buttons.clone(),
                nonce: card.nonce.clone(),
                versions,
                ..old
            });
        });
        if let Some(violation) = violation {
            self.violate(violation);
            return Err(PlatformError::Refused("no such message".to_owned()));
        }
        Ok(())
    }

    async fn show_typing(&self, address: &Address) -> Result<(), PlatformError> {
        self.state.send_modify(|state| {
            state.typing.insert(address.clone());
        });
        Ok(())
    }

    async fn register_commands(&self, commands: &[NativeCommand]) -> Result<(), PlatformError> {
        self.fault()?;
        for command in commands {
            let description = command.description.chars().count();
            if command.name.len() > 32 || !(1..=100).contains(&description) {
                self.violate(format!("the command {command:?}"));
            }
        }
        self.state.send_modify(|state| state.commands = commands.to_vec());
        Ok(())
    }

    async fn listen(&self, inbox: &Arc<dyn Inbox>) -> PlatformError {
        let mut number = 0;
        self.lines.send_modify(|lines| {
            number = lines.last().map_or(0, |(number, _)| number + 1);
            lines.push((number, Arc::downgrade(inbox)));
        });
        let _line = Line { platform: self, number };
        std::future::pending().await
    }

    fn callbacks(&self) -> Option<&dyn Callbacks> {
        Some(self)
    }

    fn state(&self) -> AccountState {
        self.state.borrow().account.clone().unwrap_or(AccountState::Connected)
    }

    async fn chats(&self) -> Result<Vec<KnownChat>, PlatformError> {
        self.fault()?;
        Ok(self.state.borrow().chats.clone())
    }

    async fn fetch_file(&self, file: &BroughtFile, most: u64) -> Result<Bytes, PlatformError> {
        self.fault()?;
        let found = self.state.borrow().files.get(&file.id).cloned();
        let content =
            found.ok_or_else(|| PlatformError::Refused("there is no such file".to_owned()))?;
        if u64::try_from(content.len()).is_ok_and(|size| size <= most) {
            Ok(content)
        } else {
            Err(PlatformError::Refused("it is too large".to_owned()))
        }
    }
}

/// A line of a gateway that listens; it ends with this.
struct Line<'p> {
    platform: &'p TestingPlatform,
    number: u64,
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.platform.lines.send_modify(|lines| lines.retain(|(line, _)| *line != self.number));
    }
}

/// What a limit says to a request.
enum Pause {
    None,
    First(Duration),
    Again(Duration),
}

impl Rate {
    fn pause(&mut self) -> Pause {
        let past = self.since.elapsed();
        if past >= self.window {
            (self.since, self.taken) = (Instant::now(), 0);
        }
        self.taken += 1;
        let wait = self.window.saturating_sub(self.since.elapsed());
        match self.taken {
            taken if taken <= self.most => Pause::None,
            taken if taken == self.most + 1 => Pause::First(wait),
            _ => Pause::Again(wait),
        }
    }
}

impl State {
    fn add(
        &mut self,
        address: &Address,
        text: &str,
        (reply_to, only_for): (Option<MessageId>, Option<PersonId>),
        card: Option<ShownCard>,
    ) -> MessageId {
        let message = format!("message-{}", self.shown.len() + 1);
        let message: MessageId = message.parse().expect("a name");
        self.shown.push(Shown {
            message: message.clone(),
            address: address.clone(),
            text: text.to_owned(),
            reply_to,
            only_for,
            card,
            files: Vec::new(),
            edits: 0,
        });
        message
    }
}
