//! People in chats: who is heard, what the gate lets through, and what becomes of answers.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

mod cards;
mod conversations;
mod hearing;

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_domain::approvals::Status;
use countersign_domain::chat::PlatformName;
use countersign_domain::ids::{ApprovalId, RunId};
use countersign_domain::slash_access::{
    AccessPolicy, CommandList, ListedIds, PlatformAccess, ScopeAccess,
};
use countersign_gateway::{Admission, ChatSettings, InSession, Saying};
use countersign_ports::store::{PageRequest, RunFilter};
use countersign_test_kit::{House, TestingPlatform};

fn testing() -> PlatformName {
    "testing".parse().unwrap()
}

fn ids(people: &[&str]) -> ListedIds {
    let people: Vec<String> = people.iter().map(|&one| one.to_owned()).collect();
    ListedIds::on(&testing(), &people)
}

/// Boss, chief, Ann and Bob may talk everywhere.
fn admitted(chat: &mut ChatSettings) {
    let people = ids(&["boss", "chief", "ann", "bob"]);
    let admission = Admission { dm: people.clone(), group: people, ..Admission::default() };
    chat.admission.insert(testing(), admission);
}

/// Boss administers direct messages, the chief groups; others may run what is listed.
fn gated(listed: &[&str]) -> impl FnOnce(&mut ChatSettings) {
    let listed: Vec<String> = listed.iter().map(|&one| one.to_owned()).collect();
    move |chat| {
        admitted(chat);
        let scope = |admin| ScopeAccess {
            admins: Some(ids(&[admin])),
            commands: Some(CommandList::new(&listed)),
        };
        let access = PlatformAccess { dm: scope("boss"), group: scope("chief") };
        chat.access = AccessPolicy::new(BTreeMap::from([(testing(), access)]));
    }
}

async fn open(chat: impl FnOnce(&mut ChatSettings)) -> (House, Arc<TestingPlatform>) {
    let platform = TestingPlatform::new();
    let house = House::with().chat(chat).platform(&platform).open().await;
    (house, platform)
}

async fn runs(house: &House) -> Vec<RunId> {
    let page = PageRequest { before: None, limit: 1000 };
    let found = house.gateway.runs(RunFilter::default(), page, &house.operator).await.unwrap();
    found.items.into_iter().map(|view| view.run.id).rev().collect()
}

/// What takes an approval.
const ASKS: &str = "run rm -r made";

fn furnish(house: &House) {
    std::fs::create_dir_all(house.workspace().join("made/deep")).unwrap();
}

async fn status(house: &House, approval: ApprovalId) -> Status {
    house.gateway.approval(approval, &house.operator).await.unwrap().status
}

fn in_main(text: &str) -> Saying<'_> {
    Saying { chat: "main", session: InSession::Present, key: None, text }
}
