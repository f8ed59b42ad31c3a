//! Service chats.

use std::collections::BTreeSet;

use countersign_domain::identity::{Actor, Principal};
use countersign_domain::service_conversations::{
    Basis, Blocked, ChatMode, ChatState, Counted, CountedKind, FirstContact, Place, Said, SaidBy,
    ServiceChat, ServiceChatId, Window,
};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{Change, SharedStore, Version, Versioned};

use super::chats::address;
use super::samples::{at, id};
use super::{attempt, commit, missing, stale};

/// A chat of which everything is known.
pub fn service_chat(number: u32) -> ServiceChat {
    ServiceChat {
        id: format!("+346001112{number:02}").parse().unwrap(),
        name: Some("Movistar".to_owned()),
        state: ChatState::Approved {
            mode: ChatMode::Autonomous,
            basis: Basis::FirstContact,
            first_contact: FirstContact::Released { approval: id("appr_", 1) },
            at: at(2),
            by: Actor::Principal(Principal::Operator),
        },
        place: Some(Place {
            session: id("sess_", 1),
            address: Some(address("town")),
            owner: Principal::Operator,
        }),
        purpose: Some("the line is down".to_owned()),
        before_pause: None,
        drafts: BTreeSet::from([id("appr_", 1)]),
        by_hand_at: Some(at(1)),
        heard_at: Some(at(3)),
        blocked: Some(Blocked { untold: 2, told_at: at(1) }),
        limited: Some(Blocked { untold: 1, told_at: at(2) }),
        updated_at: at(4),
    }
}

/// A message of a thread.
pub fn said(number: u32, chat: u32, by: SaidBy) -> Said {
    let chat = service_chat(chat).id;
    Said { id: id("said_", number), chat, at: at(number), by, text: "hello".to_owned() }
}

/// Of the provider.
pub fn provider() -> SaidBy {
    SaidBy::Provider { message: "3EB0".to_owned(), given: true }
}

/// Of the agent.
pub fn house() -> SaidBy {
    SaidBy::House { call: id("call_", 1), approval: Some(id("appr_", 1)) }
}

/// One that counts, in a window of so many.
pub fn counted(number: u32, chat: u32, kind: CountedKind, when: Timestamp, most: u32) -> Change {
    Change::CountInService(Box::new(Counted {
        id: format!("one-{number}"),
        chat: service_chat(chat).id,
        kind,
        at: when,
        window: Window { since: at(0), most },
    }))
}

/// Versions as of any other value; what only was kept out is not listed.
pub async fn a_service_chat_reads_back_as_written(store: SharedStore) {
    let known = service_chat(1);
    let silent = ServiceChat::unknown(service_chat(2).id, at(1));
    let added = |chat: &ServiceChat| Change::AddServiceChat(Box::new(chat.clone()));
    assert_eq!(store.service().chat(&known.id).await, Ok(None));
    commit(&*store, [added(&known), added(&silent)]).await;
    let found = store.service().chat(&known.id).await.unwrap();
    assert_eq!(found, Some(Versioned { value: known.clone(), version: Version(1) }));
    assert_eq!(store.service().chats().await, Ok(vec![known.clone()]));
    assert_eq!(attempt(&*store, [added(&known)]).await, stale(&known.id));
    let next = ServiceChat { name: None, ..known.clone() };
    let update = |version| Change::UpdateServiceChat(Box::new(next.clone()), Version(version));
    commit(&*store, [update(1)]).await;
    assert_eq!(attempt(&*store, [update(1)]).await, stale(&known.id));
    let expect = |version| Change::ExpectServiceChat(known.id.clone(), Version(version));
    assert_eq!(attempt(&*store, [expect(2)]).await, Ok(()));
    assert_eq!(attempt(&*store, [expect(1)]).await, stale(&known.id));
    let nobody = service_chat(3);
    let unknown = Change::UpdateServiceChat(Box::new(nobody.clone()), Version(1));
    assert_eq!(attempt(&*store, [unknown]).await, missing(&nobody.id));
}

/// The last word of the platform counts.
pub async fn a_lid_belongs_to_one_number(store: SharedStore) {
    let lid = "77@lid".parse().unwrap();
    assert_eq!(store.service().number_of(&lid).await, Ok(None));
    for number in [1, 2] {
        let number = service_chat(number).id;
        commit(&*store, [Change::LearnAlias(lid.clone(), number.clone())]).await;
        assert_eq!(store.service().number_of(&lid).await, Ok(Some(number)));
    }
}

/// With all that was counted and said in it.
pub async fn a_chat_that_is_another_becomes_part_of_it(store: SharedStore) {
    let (kept, gone) = (service_chat(1), service_chat(2));
    let added = |chat: &ServiceChat| Change::AddServiceChat(Box::new(chat.clone()));
    commit(&*store, [added(&kept), added(&gone)]).await;
    let spoken = said(1, 2, provider());
    let send = counted(1, 2, CountedKind::AutoSend, at(5), 9);
    commit(&*store, [Change::AddSaid(Box::new(spoken.clone())), send]).await;
    let merge =
        |version| Change::MergeServiceChat(gone.id.clone(), Version(version), kept.id.clone());
    assert_eq!(attempt(&*store, [merge(2)]).await, stale(&gone.id));
    commit(&*store, [merge(1)]).await;
    assert_eq!(store.service().chat(&gone.id).await, Ok(None));
    assert_eq!(store.service().said(&kept.id, None, 9).await, Ok(vec![spoken]));
    let kind = CountedKind::AutoSend;
    assert_eq!(store.service().counted(kind, Some(&kept.id), at(0)).await, Ok(1));
}

/// New chats together, texts by chat; what is at the edge of the window does not count.
pub async fn what_is_counted_slides_out_of_its_window(store: SharedStore) {
    let (new, auto) = (CountedKind::NewChat, CountedKind::AutoSend);
    for (number, chat, kind, when) in
        [(1, 1, new, 10), (2, 2, new, 20), (3, 1, auto, 10), (4, 2, auto, 20)]
    {
        commit(&*store, [counted(number, chat, kind, at(when), 9)]).await;
    }
    let (one, two) = (service_chat(1).id, service_chat(2).id);
    for (kind, chat, since, expected) in [
        (new, None, 0, 2),
        (new, None, 10, 1),
        (new, None, 20, 0),
        (auto, Some(&one), 0, 1),
        (auto, Some(&two), 10, 1),
        (auto, Some(&two), 20, 0),
    ] {
        assert_eq!(store.service().counted(kind, chat, at(since)).await, Ok(expected));
    }
    let again = counted(1, 1, new, at(30), 9);
    assert_eq!(attempt(&*store, [again]).await, stale("one-1"));
    // What ran out long ago is forgotten.
    commit(&*store, [Change::Forget(at(15 + 172_800))]).await;
    assert_eq!(store.service().counted(new, None, at(0)).await, Ok(1));
}

/// Many at one time for three places: new chats of all kinds, and texts into one chat.
pub async fn no_more_is_counted_than_there_is_room_for(store: SharedStore) {
    for kind in [CountedKind::NewChat, CountedKind::AutoSend] {
        let rush: Vec<_> = (1..=20)
            .map(|number| {
                let (store, chat) =
                    (store.clone(), if kind == CountedKind::NewChat { number } else { 1 });
                let id = number + if kind == CountedKind::NewChat { 100 } else { 200 };
                let one = counted(id, chat, kind, at(10), 3);
                tokio::spawn(async move { attempt(&*store, [one]).await })
            })
            .collect();
        let mut passed = 0;
        for one in rush {
            passed += u32::from(one.await.unwrap().is_ok());
        }
        assert_eq!(passed, 3, "{kind:?}");
    }
}

/// Whoever ends a conversation and whoever sends the last message of it change the same chat: in
/// each of many duels one is first, and the other is refused whole, with the place that it counted.
pub async fn of_a_revoke_and_a_message_one_is_first(store: SharedStore) {
    let duels: Vec<_> =
        (1..=50).map(|number| tokio::spawn(revoked_or_sent(store.clone(), number))).collect();
    let mut sent = 0;
    for duel in duels {
        sent += u64::from(duel.await.unwrap());
    }
    let counted = store.service().counted(CountedKind::NewChat, None, at(0)).await;
    assert_eq!(counted, Ok(sent));
}

/// Whether the message was first.
async fn revoked_or_sent(store: SharedStore, number: u32) -> bool {
    let chat = service_chat(number);
    commit(&*store, [Change::AddServiceChat(Box::new(chat.clone()))]).await;
    let by = Actor::Principal(Principal::Operator);
    let state = ChatState::Revoked { at: at(9), by };
    let ended = ServiceChat { state: state.clone(), ..chat.clone() };
    let went = ServiceChat { updated_at: at(9), ..chat.clone() };
    let revoke = vec![Change::UpdateServiceChat(Box::new(ended), Version(1))];
    let letter = vec![
        counted(number, number, CountedKind::NewChat, at(9), 1000),
        Change::UpdateServiceChat(Box::new(went), Version(1)),
    ];
    let [revoked, sent] = [revoke, letter].map(|unit| {
        let store = store.clone();
        tokio::spawn(async move { attempt(&*store, unit).await })
    });
    let (revoked, sent) = (revoked.await.unwrap(), sent.await.unwrap());
    let found = store.service().chat(&chat.id).await.unwrap().unwrap();
    let (first, lost) = if sent.is_ok() { (&sent, &revoked) } else { (&revoked, &sent) };
    assert_eq!((first, lost), (&Ok(()), &stale(&chat.id)));
    assert_eq!(found.value.state == state, revoked.is_ok());
    sent.is_ok()
}

/// Newest first, and only its own.
pub async fn a_thread_is_read_backwards(store: SharedStore) {
    let all = [said(1, 1, provider()), said(2, 1, house()), said(3, 2, provider())];
    commit(&*store, all.iter().map(|one| Change::AddSaid(Box::new(one.clone())))).await;
    let [first, second, other] = all;
    let service = store.service();
    let chat = first.chat.clone();
    assert_eq!(service.said(&chat, None, 9).await, Ok(vec![second.clone(), first.clone()]));
    assert_eq!(service.said(&chat, None, 1).await, Ok(vec![second.clone()]));
    assert_eq!(service.said(&chat, Some(second.id), 9).await, Ok(vec![first]));
    assert_eq!(service.said(&other.chat, None, 9).await, Ok(vec![other.clone()]));
}

/// Strangers with their LIDs, unless something was noted of them meanwhile; the oldest words first.
pub async fn what_is_old_of_threads_and_strangers_is_removed(store: SharedStore) {
    let service = store.service();
    let known = service_chat(1);
    let strangers = [2, 3].map(|n| ServiceChat::unknown(service_chat(n).id, at(1)));
    let all = strangers.iter().chain([&known]);
    commit(&*store, all.map(|chat| Change::AddServiceChat(Box::new(chat.clone())))).await;
    let [first, second] = strangers.map(|value| Versioned { value, version: Version(1) });
    let lid = "77@lid".parse().unwrap();
    commit(&*store, [Change::LearnAlias(ServiceChatId::clone(&lid), first.value.id.clone())]).await;
    let found = service.strangers(None, 9).await;
    assert_eq!(found, Ok(vec![first.clone(), second.clone()]));
    assert_eq!(service.strangers(Some(&first.value.id), 9).await, Ok(vec![second.clone()]));
    assert_eq!(service.strangers(None, 1).await, Ok(vec![first.clone()]));
    let remove = |version| Change::RemoveStranger(first.value.id.clone(), Version(version));
    assert_eq!(attempt(&*store, [remove(2)]).await, stale(&first.value.id));
    commit(&*store, [remove(1)]).await;
    assert_eq!(attempt(&*store, [remove(1)]).await, missing(&first.value.id));
    assert_eq!(service.strangers(None, 9).await, Ok(vec![second]));
    assert_eq!(service.number_of(&lid).await, Ok(None));
    // What was said, in whichever chat.
    let said = [said(1, 1, provider()), said(2, 2, house()), said(3, 1, provider())];
    assert_eq!(service.oldest_said().await, Ok(None));
    commit(&*store, said.iter().map(|one| Change::AddSaid(Box::new(one.clone())))).await;
    assert_eq!(service.oldest_said().await, Ok(Some(said[0].id)));
    commit(&*store, [Change::ForgetSaid(said[2].id, 1)]).await;
    assert_eq!(service.oldest_said().await, Ok(Some(said[1].id)));
    commit(&*store, [Change::ForgetSaid(said[2].id, 9)]).await;
    assert_eq!(service.said(&known.id, None, 9).await, Ok(vec![said[2].clone()]));
    assert_eq!(service.oldest_said().await, Ok(Some(said[2].id)));
}
