//! Conversations on platforms.

use countersign_domain::approvals::Choice;
use countersign_domain::chat::{
    Address, CardNonce, ChatRun, ChatScope, Conversation, Delivery, Earlier, GroupSessions, Note,
    OwedCard, Paired, Pairing, PairingCode, PersonId, PostedCard, SessionKey, Unasked,
};
use countersign_domain::digest::Digest;
use countersign_domain::identity::Principal;
use countersign_ports::store::{Change, SharedStore, Standing, Version, Versioned};

use super::samples::{approval, at, decided, id, run, session};
use super::{attempt, commit, missing, stale};

/// A chat of a platform.
pub fn address(chat: &str) -> Address {
    Address {
        platform: "mattermost".parse().unwrap(),
        account: "bot-1".parse().unwrap(),
        chat: chat.parse().unwrap(),
        thread: Some("t1".parse().unwrap()),
    }
}

/// A conversation there.
pub fn conversation(chat: &str) -> Conversation {
    let address = address(chat);
    let person = PersonId::on(&address.platform, "ann").unwrap();
    Conversation {
        key: SessionKey::of(&address, ChatScope::Group, &person, GroupSessions::PerPerson),
        address,
        scope: ChatScope::Group,
        session: id("sess_", 1),
        title: Some("Deploy".to_owned()),
        model: None,
        spoken_at: at(1),
        undone: Vec::new(),
        earlier: vec![Earlier {
            session: id("sess_", 2),
            title: None,
            spoken_at: at(0),
            undone: Vec::new(),
        }],
    }
}

/// What is owed for a run.
pub fn chat_run(number: u32, session: u32) -> ChatRun {
    ChatRun {
        run_id: id("run_", number),
        session_id: id("sess_", session),
        address: address("town"),
        told: 4,
        growing: None,
        answers: (number == 2).then(|| "m7".parse().unwrap()),
    }
}

/// A card that the approvers' channel is owed.
pub fn owed_card(number: u32, run: u32) -> OwedCard {
    OwedCard { approval_id: id("appr_", number), run_id: id("run_", run), address: address("ops") }
}

/// A card of an approval.
pub fn card(number: u32, chat: &str) -> PostedCard {
    PostedCard {
        id: id("card_", number),
        approval_id: id("appr_", number),
        run_id: id("run_", 1),
        address: address(chat),
        nonce: CardNonce::new([7; 16]),
        message: None,
        shows: 3,
        digest: Digest::of(b"rm -r build"),
        count: 1,
        whole: true,
        spoken_after: false,
    }
}

/// Somebody who asked to be heard.
pub fn pairing(number: u32, person: &str) -> Pairing {
    let platform = "mattermost".parse().unwrap();
    Pairing {
        id: id("pair_", number),
        person: PersonId::on(&platform, person).unwrap(),
        platform,
        code: PairingCode::new([3; 8]),
        asked_at: at(number),
        expires_at: at(number + 60),
        paired: Some(Paired { by: Principal::Operator, at: at(number) }),
    }
}

/// What an adapter remembers.
pub fn note(text: &str) -> Note {
    let Address { platform, account, .. } = address("town");
    Note { platform, account, name: "read_until".to_owned(), text: text.to_owned() }
}

/// Nobody is asked in session 1 for so many seconds.
pub fn unasked(seconds: u32) -> Unasked {
    Unasked { session_id: id("sess_", 1), until: at(seconds), by: Principal::Operator, of: None }
}

/// A message that a bot was brought.
pub fn delivery(account: &str, name: &str) -> Change {
    Change::AddDelivery(Box::new(Delivery {
        platform: "mattermost".parse().unwrap(),
        account: account.parse().unwrap(),
        id: name.to_owned(),
        at: at(1),
    }))
}

/// Within its week, and per account.
pub async fn a_delivery_is_taken_once(store: SharedStore) {
    let is_taken = async |account: &str, name: &str| {
        let Change::AddDelivery(delivery) = delivery(account, name) else { return Ok(false) };
        store.chats().is_taken(&delivery).await
    };
    assert_eq!(is_taken("a", "1").await, Ok(false));
    commit(&*store, [delivery("a", "1"), delivery("b", "1"), delivery("a", "2")]).await;
    assert_eq!(is_taken("a", "1").await, Ok(true));
    assert_eq!(is_taken("b", "2").await, Ok(false));
    assert_eq!(attempt(&*store, [delivery("a", "1")]).await, stale("1"));
    commit(&*store, [Change::Forget(at(7 * 24 * 60 * 60)), Change::Forget(at(1))]).await;
    assert_eq!(attempt(&*store, [delivery("a", "1")]).await, stale("1"));
    commit(&*store, [Change::Forget(at(8 * 24 * 60 * 60))]).await;
    commit(&*store, [delivery("a", "1")]).await;
}

/// And a stale change of it is refused.
pub async fn a_conversation_reads_back_as_written(store: SharedStore) {
    let first = conversation("town");
    assert_eq!(store.chats().conversation(&first.key).await, Ok(None));
    let added = || Change::AddConversation(Box::new(first.clone()));
    commit(&*store, [added()]).await;
    assert_eq!(attempt(&*store, [added()]).await, stale(first.key.as_str()));
    let next = first.turned_to(id("sess_", 2), None, at(9));
    assert_eq!(next.earlier.len(), 1);
    let changed = || Change::UpdateConversation(Box::new(next.clone()), Version(1));
    commit(&*store, [changed()]).await;
    assert_eq!(attempt(&*store, [changed()]).await, stale(first.key.as_str()));
    let read = store.chats().conversation(&first.key).await;
    assert_eq!(read, Ok(Some(Versioned { value: next, version: Version(2) })));
    let other = Change::UpdateConversation(Box::new(conversation("hall")), Version(1));
    assert_eq!(attempt(&*store, [other]).await, missing(conversation("hall").key.as_str()));
}

/// One visit says what several would.
pub async fn how_things_stand_where_something_is_said(store: SharedStore) {
    let town = conversation("town");
    let standing = async |session: Option<u32>| {
        let session = session.map(|number| id("sess_", number));
        store.chats().standing(&town.key, session).await.unwrap()
    };
    let nothing = Standing { conversation: None, active: None, working: Some(0) };
    assert_eq!(standing(None).await, nothing);
    commit(&*store, [Change::AddSession(session(1)), Change::AddSession(session(2))]).await;
    commit(&*store, [2, 1].map(|number| Change::AddRun(Box::new(run(number, 2))))).await;
    assert_eq!(standing(None).await, Standing { working: Some(1), ..nothing.clone() });
    let active = Some(id("run_", 1));
    assert_eq!(standing(Some(2)).await, Standing { active, working: None, ..nothing });
    commit(&*store, [Change::AddConversation(Box::new(town.clone()))]).await;
    let conversation = store.chats().conversation(&town.key).await.unwrap();
    assert!(conversation.is_some());
    let idle = Standing { conversation: conversation.clone(), active: None, working: Some(1) };
    assert_eq!(standing(None).await, idle);
    assert_eq!(standing(Some(2)).await, Standing { conversation, active, working: None });
}

/// Until it is told.
pub async fn what_is_owed_to_a_chat_is_found(store: SharedStore) {
    let runs = [(1, 1), (2, 1), (3, 2)].map(|(n, s)| Change::AddRun(Box::new(run(n, s))));
    commit(&*store, [Change::AddSession(session(1)), Change::AddSession(session(2))]).await;
    commit(&*store, runs).await;
    let owed = [chat_run(2, 1), chat_run(1, 1), chat_run(3, 2)];
    commit(&*store, owed.map(|one| Change::AddChatRun(Box::new(one)))).await;
    let sessions = [id("sess_", 1), id("sess_", 2)];
    assert_eq!(store.chats().owed_sessions().await, Ok(sessions.to_vec()));
    let of_first = store.chats().chat_runs(sessions[0]).await;
    assert_eq!(of_first, Ok(vec![chat_run(1, 1), chat_run(2, 1)]));
    commit(&*store, [3, 3].map(|n| Change::RemoveChatRun(id("run_", n)))).await;
    assert_eq!(store.chats().owed_sessions().await, Ok(vec![sessions[0]]));
}

/// By its id, by its run, and by its place while its approval is pending.
pub async fn a_card_is_found_in_every_way(store: SharedStore) {
    commit(&*store, [Change::AddSession(session(1)), Change::AddRun(Box::new(run(1, 1)))]).await;
    commit(&*store, [1, 2].map(|n| Change::AddApproval(Box::new(approval(n, 1, 1))))).await;
    let (town, first, second) = (address("town"), card(1, "town"), card(2, "hall"));
    commit(&*store, [&first, &second].map(|one| Change::AddCard(Box::new(one.clone())))).await;
    let next = PostedCard { message: Some("m1".parse().unwrap()), shows: 4, ..first.clone() };
    commit(&*store, [Change::UpdateCard(Box::new(next.clone()), Version(1))]).await;
    let stale_change = Change::UpdateCard(Box::new(first.clone()), Version(1));
    assert_eq!(attempt(&*store, [stale_change]).await, stale(first.id));
    let read = store.chats().card(first.id).await;
    assert_eq!(read, Ok(Some(Versioned { value: next.clone(), version: Version(2) })));
    let of_run = store.chats().cards_of_run(id("run_", 1)).await.unwrap();
    let of_run: Vec<_> = of_run.into_iter().map(|one| one.value).collect();
    assert_eq!(of_run, [next.clone(), second]);
    assert_eq!(store.chats().open_cards_at(&address("town")).await, Ok(vec![next.clone()]));
    let pending = store.approvals().approval(id("appr_", 1)).await.unwrap().unwrap();
    let denied = decided(&pending.value, Choice::Deny, "operator");
    commit(&*store, [Change::UpdateApproval(Box::new(denied), pending.version)]).await;
    assert_eq!(store.chats().open_cards_at(&address("town")).await, Ok(Vec::new()));
    let last = |most| store.chats().last_cards_at(&town, most);
    let newer = PostedCard { approval_id: id("appr_", 2), ..card(3, "town") };
    commit(&*store, [Change::AddCard(Box::new(newer.clone()))]).await;
    assert_eq!(last(5).await, Ok(vec![newer.clone(), next]));
    assert_eq!(last(1).await, Ok(vec![newer]));
}

/// Until it is given.
pub async fn what_the_approvers_channel_is_owed_is_found(store: SharedStore) {
    commit(&*store, [Change::AddSession(session(1)), Change::AddRun(Box::new(run(1, 1)))]).await;
    commit(&*store, [1, 2].map(|n| Change::AddApproval(Box::new(approval(n, 1, 1))))).await;
    let owed = |number| Change::AddOwedCard(Box::new(owed_card(number, 1)));
    commit(&*store, [owed(2), owed(1)]).await;
    assert_eq!(attempt(&*store, [owed(1)]).await, stale(owed_card(1, 1).approval_id));
    let both = vec![owed_card(1, 1), owed_card(2, 1)];
    assert_eq!(store.chats().owed_cards().await, Ok(both));
    commit(&*store, [1, 1].map(|n| Change::RemoveOwedCard(id("appr_", n)))).await;
    assert_eq!(store.chats().owed_cards().await, Ok(vec![owed_card(2, 1)]));
}

/// Whoever asks meanwhile; and is forgotten when somebody says so.
pub async fn who_was_let_in_stays_so(store: SharedStore) {
    let let_in = pairing(1, "ann");
    let asking = Pairing { id: id("pair_", 2), paired: None, ..let_in.clone() };
    let put = |pairing: &Pairing| Change::PutPairing(Box::new(pairing.clone()));
    let (chats, platform) = (store.chats(), let_in.platform.clone());
    assert_eq!(chats.pairing(&platform, &let_in.person).await, Ok(None));
    commit(&*store, [put(&asking)]).await;
    assert_eq!(chats.pairing(&platform, &let_in.person).await, Ok(Some(asking.clone())));
    commit(&*store, [put(&let_in), put(&pairing(3, "bob"))]).await;
    assert_eq!(attempt(&*store, [put(&asking)]).await, stale(asking.id));
    assert_eq!(chats.pairings().await, Ok(vec![let_in.clone(), pairing(3, "bob")]));
    commit(&*store, [Change::RemovePairing(let_in.id)]).await;
    assert_eq!(attempt(&*store, [Change::RemovePairing(let_in.id)]).await, missing(let_in.id));
    assert_eq!(chats.pairing(&platform, &let_in.person).await, Ok(None));
}

/// However often it was said.
pub async fn the_last_word_on_questions_counts(store: SharedStore) {
    assert_eq!(store.chats().unasked(id("sess_", 1)).await, Ok(None));
    for seconds in [5, 3] {
        commit(&*store, [Change::PutUnasked(Box::new(unasked(seconds)))]).await;
        assert_eq!(store.chats().unasked(id("sess_", 1)).await, Ok(Some(unasked(seconds))));
    }
}

/// And each bot has its own.
pub async fn what_an_adapter_remembers_is_replaced(store: SharedStore) {
    let key = |note: &Note| Note::key(&note.platform, &note.account, &note.name);
    let other = Note { account: "bot-2".parse().unwrap(), ..note("other") };
    assert_eq!(store.chats().note(&key(&other)).await, Ok(None));
    commit(&*store, [Change::PutNote(Box::new(other.clone()))]).await;
    for text in ["one", "two"] {
        commit(&*store, [Change::PutNote(Box::new(note(text)))]).await;
        assert_eq!(store.chats().note(&key(&note(text))).await, Ok(Some(note(text))));
    }
    assert_eq!(store.chats().note(&key(&other)).await, Ok(Some(other)));
}
