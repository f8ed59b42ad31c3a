//! Random histories of the real gateway on its real store against a small reference model, under a
//! clock that the test moves. Nobody drives the run: the test proposes, claims and finishes calls
//! itself, loses them in crashes, and reads every approval back after each step.
//!
//! Seeded; `MODEL_SEED` and `MODEL_STEPS` make it other and longer.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]
#![expect(
    clippy::indexing_slicing,
    reason = "a test that looks for what is not there fails where it is"
)]
#![expect(clippy::panic, reason = "an answer that came out otherwise fails the test where it is")]
#![expect(clippy::print_stdout, reason = "the figures of the run are for people")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use countersign_domain::action::Action;
use countersign_domain::approvals::{Choice, HistoryEntry, Status};
use countersign_domain::digest::Digest;
use countersign_domain::ids::{ApprovalId, CallId, RunId};
use countersign_domain::runs::{EntryBody, ToolResult, ToolStatus};
use countersign_gateway::config::SeverityText;
use countersign_gateway::{
    Answer, ApprovalView, EditApprovalError, NewContent, ResolveError, Resolved, Role, RuleText,
    StartRun,
};
use countersign_ports::effect_gate::{EffectGate as _, Passage, Slot};
use countersign_ports::model_provider::{ModelCall, ModelReply};
use countersign_ports::run_journal::RunJournal as _;
use countersign_test_kit::House;

const TIMEOUT_S: u64 = 900;
const START_WITHIN_S: u64 = 120;
const MOST_PENDING: usize = 4;
const PEOPLE: [&str; 4] = ["req", "ann", "bob", "cat"];

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    /// Making a directory.
    Make(usize),
    /// Running a script as it is in this version.
    Script(usize),
    /// Writing a text of this version, which a person may change.
    Text(usize),
}

#[derive(Debug, Clone)]
struct Expected {
    status: Status,
    deed: Deed,
    edited: bool,
    calls: BTreeSet<CallId>,
    votes: BTreeSet<usize>,
    ends: Option<u64>,
}

struct World {
    random: u64,
    house: Option<House>,
    run: RunId,
    now: u64,
    /// The version of the script that is on the disk.
    script: usize,
    cards: BTreeMap<ApprovalId, Expected>,
    starts: BTreeMap<CallId, u32>,
    histories: BTreeMap<ApprovalId, Vec<HistoryEntry>>,
    counts: BTreeMap<&'static str, u64>,
}

impl World {
    async fn new(seed: u64) -> Self {
        let house = House::with()
            .approvals(|approvals| {
                approvals.ask =
                    ["mkdir *", "bash *"].map(|c| RuleText::Command(c.to_owned())).to_vec();
                approvals.approvers = PEOPLE.map(|name| format!("api:{name}")).to_vec();
                approvals.separation_of_duties = true;
                for severity in [SeverityText::Low, SeverityText::Medium, SeverityText::High] {
                    approvals.quorum.insert(severity, 2);
                }
                approvals.max_pending_per_session = MOST_PENDING as u64;
                approvals.denials_before_stop = 0;
                approvals.start_within = "2m".parse().unwrap();
            })
            .undriven()
            .open()
            .await;
        let run = start(&house).await;
        write_script(&house, 0);
        Self {
            random: seed,
            house: Some(house),
            run,
            now: 0,
            script: 0,
            cards: BTreeMap::new(),
            starts: BTreeMap::new(),
            histories: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    fn house(&self) -> &House {
        self.house.as_ref().unwrap()
    }

    /// The generator `SplitMix64`.
    fn below(&mut self, limit: usize) -> usize {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }

    fn any_card(&mut self, favoured: Status) -> Option<ApprovalId> {
        let all = self.below(5) == 0;
        let fits = |card: &&Expected| all || card.status == favoured;
        let ids: Vec<_> =
            self.cards.iter().filter(|(_, card)| fits(card)).map(|(id, _)| *id).collect();
        if ids.is_empty() { None } else { Some(ids[self.below(ids.len())]) }
    }

    async fn step(&mut self) {
        let name = match self.below(50) {
            0..=9 => self.request().await,
            10..=24 => self.answer().await,
            25..=28 => self.wait().await,
            29..=33 | 46..=49 => self.claim().await,
            34..=36 => self.finish().await,
            37 => self.stop().await,
            38 => self.crash().await,
            40..=43 => self.edit().await,
            44..=45 => self.meddle(),
            _ => self.restart().await,
        };
        *self.counts.entry(name).or_default() += 1;
        self.compare().await;
    }

    async fn request(&mut self) -> &'static str {
        let deed = match self.below(6) {
            0 => Deed::Script(self.script),
            1 | 2 => Deed::Text(self.below(3)),
            number => Deed::Make(number),
        };
        let call = self.new_call().await;
        let action = self.action(deed);
        let like = |card: &&ApprovalId| {
            let card = &self.cards[*card];
            card.status == Status::Pending && card.deed == deed
        };
        let youngest = self.cards.keys().rev().find(like).copied();
        let pending = self.cards.values().filter(|card| card.status == Status::Pending).count();
        let passage =
            self.house().gateway.propose(self.run, call, action, Slot::Free).await.unwrap();
        let joins = youngest.filter(|id| self.cards[id].votes.is_empty());
        let full = match joins {
            Some(id) => self.cards[&id].calls.len() >= MOST_PENDING,
            None => pending >= MOST_PENDING,
        };
        match (passage, joins) {
            (Passage::Refused(result), _) if full => {
                assert!(result.content.contains("Wait for those decisions"), "{result:?}");
                "refused: too many wait"
            }
            (Passage::Waiting(id), Some(card)) if !full => {
                assert_eq!(id, card);
                self.cards.get_mut(&id).unwrap().calls.insert(call);
                "joined"
            }
            (Passage::Waiting(id), None) if !full => {
                let card = Expected {
                    status: Status::Pending,
                    deed,
                    edited: false,
                    calls: BTreeSet::from([call]),
                    votes: BTreeSet::new(),
                    ends: Some(self.now + TIMEOUT_S),
                };
                assert!(self.cards.insert(id, card).is_none(), "an id came twice");
                "opened"
            }
            (other, _) => panic!("{other:?} {joins:?}"),
        }
    }

    fn action(&self, deed: Deed) -> Action {
        let command = match deed {
            Deed::Make(number) => format!("mkdir dir-{number}"),
            Deed::Script(_) => "bash x.sh".to_owned(),
            Deed::Text(version) => {
                let path = "/srv/notes/note.txt".to_owned();
                return Action::FileWrite { path, content: text(version) };
            }
        };
        Action::Exec {
            command,
            cwd: self.house().workspace().display().to_string(),
            env: BTreeMap::new(),
            timeout_s: 60,
            files: Vec::new(),
        }
    }

    /// The script becomes another, or what it was.
    fn meddle(&mut self) -> &'static str {
        self.script = self.below(3);
        write_script(self.house(), self.script);
        "script changed"
    }

    async fn digest(&self, id: ApprovalId) -> Digest {
        self.house().gateway.approval(id, &self.house().operator).await.unwrap().card.digest
    }

    /// Somebody makes something else of a text.
    async fn edit(&mut self) -> &'static str {
        let Some(id) = self.any_card(Status::Pending) else { return "nothing" };
        let (person, version, stale) = (self.below(4), self.below(3), self.below(6) == 0);
        let digest = if stale { Digest::of(b"other") } else { self.digest(id).await };
        let new = NewContent { content: text(version), digest };
        let caller = self.house().key_holder(PEOPLE[person]);
        let got = self.house().gateway.edit_approval(id, &new, &caller).await;
        if person == 0 {
            assert!(matches!(got, Err(EditApprovalError::NotAnApprover(_))), "{got:?}");
            return "refused: edit of one's own request";
        }
        let card = self.cards.get_mut(&id).unwrap();
        let Deed::Text(before) = card.deed else {
            assert!(matches!(got, Err(EditApprovalError::Refused { .. })), "{got:?}");
            return "refused: edit of what has no content";
        };
        if stale || card.status != Status::Pending {
            assert!(matches!(got, Err(EditApprovalError::Refused { .. })), "{got:?}");
            return "refused: edit";
        }
        let edited = got.unwrap();
        if before == version {
            return "edited to what it was";
        }
        (card.deed, card.edited) = (Deed::Text(version), true);
        // Who had agreed, agreed to something else.
        card.votes.clear();
        assert_eq!(edited.action.content(), Some(text(version).as_str()));
        "edited"
    }

    async fn new_call(&self) -> CallId {
        let gateway = &self.house().gateway;
        let call =
            ModelCall { id: "c".to_owned(), tool: "terminal".to_owned(), arguments: String::new() };
        let reply = ModelReply { calls: vec![call], ..ModelReply::default() };
        gateway.reply(self.run, gateway.new_message(), reply).await.unwrap();
        let snapshot = gateway.read(self.run).await.unwrap();
        let last = snapshot.entries.iter().rev().find(|entry| entry.run_id == self.run).unwrap();
        let EntryBody::Assistant { calls, .. } = &last.body else { panic!("{last:?}") };
        calls[0].id
    }

    async fn answer(&mut self) -> &'static str {
        let Some(id) = self.any_card(Status::Pending) else { return "nothing" };
        let person = self.below(4);
        let choice = if self.below(4) == 0 { Choice::Deny } else { Choice::Once };
        let card = self.cards[&id].clone();
        let wrong = self.below(10) == 0;
        let count = u32::try_from(card.calls.len()).unwrap() + u32::from(wrong);
        let seen = match self.below(8) {
            0 => Some(Digest::of(b"other")),
            1 => None,
            _ => Some(self.digest(id).await),
        };
        let other = seen == Some(Digest::of(b"other"));
        let unseen = other || (seen.is_none() && card.edited);
        let answer = Answer { choice, reason: None, digest: seen, count: Some(count) };
        let caller = self.house().key_holder(PEOPLE[person]);
        let got = self.house().gateway.resolve_approval(id, &answer, &caller).await;
        if person == 0 && choice.approves() {
            assert!(matches!(got, Err(ResolveError::NotAnApprover(_))), "{got:?}");
            return "refused: own request";
        }
        if card.status != Status::Pending {
            let repeated = matches!(got, Ok(Resolved::Before(_)));
            let refused = matches!(got, Err(ResolveError::Refused { .. }));
            assert!(refused || (repeated && card.votes.contains(&person)), "{got:?} {card:?}");
            return "after the end";
        }
        if other || (unseen && choice.approves()) {
            assert!(matches!(got, Err(ResolveError::Refused { .. })), "{got:?}");
            return "refused: not what was shown";
        }
        if choice == Choice::Deny {
            assert!(matches!(got, Ok(Resolved::Now(_))), "{got:?}");
            let card = self.cards.get_mut(&id).unwrap();
            (card.status, card.ends) = (Status::Denied, None);
            card.votes.insert(person);
            return "denied";
        }
        if wrong {
            assert!(matches!(got, Err(ResolveError::Refused { .. })), "{got:?}");
            return "refused: count";
        }
        if card.votes.contains(&person) {
            assert!(matches!(got, Ok(Resolved::CountedBefore(_))), "{got:?}");
            return "counted before";
        }
        self.cards.get_mut(&id).unwrap().votes.insert(person);
        if card.votes.is_empty() {
            assert!(matches!(got, Ok(Resolved::Counted(_))), "{got:?}");
            return "counted";
        }
        assert!(matches!(got, Ok(Resolved::Now(_))), "{got:?}");
        self.hand_out(id).await;
        "approved"
    }

    /// What the approved card is split into: an approval for each counted call.
    async fn hand_out(&mut self, id: ApprovalId) {
        let card = self.cards[&id].clone();
        let shares = self.views().await.into_iter().filter(|view| view.share_of == Some(id));
        let shares: Vec<_> = shares.map(|view| (view.card.approval_id, view.call_id)).collect();
        assert_eq!(shares.len() + 1, card.calls.len());
        let approved = Expected {
            status: Status::Approved,
            ends: Some(self.now + START_WITHIN_S),
            ..card.clone()
        };
        let mut own = card.calls;
        for (share, call) in shares {
            assert!(own.remove(&call), "a share for a call that was not counted");
            let calls = BTreeSet::from([call]);
            self.cards.insert(share, Expected { calls, ..approved.clone() });
        }
        self.cards.insert(id, Expected { calls: own, ..approved });
    }

    async fn wait(&mut self) -> &'static str {
        let seconds = [1, 30, 121, 460][self.below(4)];
        self.now += seconds;
        self.house().clock.advance(Duration::from_secs(seconds));
        self.house().gateway.pass_deadlines().await.unwrap();
        let now = self.now;
        for card in self.cards.values_mut() {
            if card.ends.is_some_and(|end| now >= end) {
                card.ends = None;
                let pending = card.status == Status::Pending;
                card.status = if pending { Status::Expired } else { Status::Lapsed };
            }
        }
        "waited"
    }

    async fn claim(&mut self) -> &'static str {
        let Some(id) = self.any_card(Status::Approved) else { return "nothing" };
        let card = self.cards[&id].clone();
        let Some(call) = card.calls.first().copied() else { return "nothing" };
        let passage = self.house().gateway.claim(self.run, call).await;
        match passage {
            Ok(Passage::Run(action)) => {
                assert_eq!(card.status, Status::Approved, "it ran without a decision");
                let wanted = self.action(card.deed);
                assert_eq!(action.action().clone().bound_to(Vec::new()), wanted);
                if let Deed::Script(version) = card.deed {
                    assert_eq!(version, self.script, "a script that was not shown");
                    let shown = Digest::of(script(version).as_bytes());
                    assert_eq!(action.action().files()[0].sha256, Some(shown));
                }
                *self.starts.entry(call).or_default() += 1;
                let card = self.cards.get_mut(&id).unwrap();
                (card.status, card.ends) = (Status::Claimed, None);
                "claimed"
            }
            Ok(Passage::Waiting(_)) => {
                assert_eq!(card.status, Status::Pending);
                "claimed too early"
            }
            Ok(Passage::NoSlot) => panic!("claims are not put off"),
            Ok(Passage::Refused(result))
                if card.status == Status::Approved
                    && matches!(card.deed, Deed::Script(version) if version != self.script) =>
            {
                assert!(result.content.contains("content_changed"), "{result:?}");
                let card = self.cards.get_mut(&id).unwrap();
                (card.status, card.ends) = (Status::Lapsed, None);
                "refused: content changed"
            }
            Ok(Passage::Refused(_)) => {
                assert!(!matches!(card.status, Status::Pending | Status::Approved), "{card:?}");
                "refused: claim"
            }
            Err(error) => panic!("{error}"),
        }
    }

    async fn finish(&mut self) -> &'static str {
        let claimed = |card: &&ApprovalId| self.cards[*card].status == Status::Claimed;
        let Some(id) = self.cards.keys().find(claimed).copied() else { return "nothing" };
        let call = *self.cards[&id].calls.first().unwrap();
        let changed = self.below(4) == 0;
        let (status, content) = if changed {
            (ToolStatus::Blocked, "content_changed: `x.sh` was changed".to_owned())
        } else {
            (ToolStatus::Ok, String::new())
        };
        let result = ToolResult { status, content, exit_code: None, duration_ms: 1 };
        self.house().gateway.finish(self.run, call, result).await.unwrap();
        let card = self.cards.get_mut(&id).unwrap();
        card.status = if changed { Status::Lapsed } else { Status::Executed };
        if changed { "content changed where it would have started" } else { "executed" }
    }

    /// The run is stopped, and another begins.
    async fn stop(&mut self) -> &'static str {
        let house = self.house();
        house.gateway.stop_run(self.run, &house.operator).await.unwrap();
        let end = countersign_ports::run_journal::RunEnd::Stopped;
        house.gateway.end(self.run, end).await.unwrap();
        for card in self.cards.values_mut() {
            card.ends = None;
            card.status = match card.status {
                Status::Pending => Status::Cancelled,
                Status::Approved => Status::Lapsed,
                Status::Claimed => Status::Indeterminate,
                ended @ (Status::Denied
                | Status::Expired
                | Status::Cancelled
                | Status::Executed
                | Status::Indeterminate
                | Status::Lapsed) => ended,
            };
        }
        self.compare().await;
        self.run = start(self.house()).await;
        self.cards.clear();
        "stopped"
    }

    /// The process dies: what was at work may have run.
    async fn crash(&mut self) -> &'static str {
        self.reopen().await;
        self.house().gateway.open(self.run).await.unwrap();
        for card in self.cards.values_mut() {
            if card.status == Status::Claimed {
                card.status = Status::Indeterminate;
            }
        }
        "crashed"
    }

    /// The process starts anew, and nobody takes the run up yet.
    async fn restart(&mut self) -> &'static str {
        self.reopen().await;
        "restarted"
    }

    async fn reopen(&mut self) {
        let house = self.house.take().unwrap();
        self.house = Some(house.reopen().await);
    }

    async fn views(&self) -> Vec<ApprovalView> {
        self.house().approvals_of(self.run, None).await
    }

    async fn compare(&mut self) {
        let views = self.views().await;
        assert_eq!(views.len(), self.cards.len());
        let mut pending = 0;
        for view in views {
            let id = view.card.approval_id;
            let card = &self.cards[&id];
            assert_eq!(view.status, card.status, "{view:?}\n{card:?}");
            assert!(card.calls.contains(&view.call_id));
            if let Deed::Text(_) = card.deed {
                assert_eq!(view.card.digest, self.action(card.deed).digest());
            }
            if view.status == Status::Pending {
                pending += 1;
                assert_eq!(view.card.attention.count as usize, card.calls.len());
                assert_eq!(view.card.attention.votes.len(), card.votes.len());
            }
            if let Some(decision) = &view.decision
                && decision.choice.approves()
            {
                let attention = &view.card.attention;
                let people: BTreeSet<_> = attention.votes.iter().map(|vote| &vote.by).collect();
                assert_eq!(people.len(), 2, "{attention:?}");
                assert!(!people.contains(&view.card.requested_by));
            }
            let before = self.histories.insert(id, view.history.clone()).unwrap_or_default();
            assert!(view.history.starts_with(&before), "what happened was changed afterwards");
        }
        assert!(pending <= MOST_PENDING);
        assert_eq!(self.house().gateway.pending_approvals().await, Ok(pending as u64));
        assert!(self.starts.values().all(|starts| *starts == 1), "an effect started twice");
    }
}

fn text(version: usize) -> String {
    format!("version {version}")
}

fn script(version: usize) -> String {
    format!("mkdir -p version-{version}\n")
}

fn write_script(house: &House, version: usize) {
    std::fs::write(house.workspace().join("x.sh"), script(version)).unwrap();
}

async fn start(house: &House) -> RunId {
    let input = vec![(Role::User, "go".to_owned())];
    let request = StartRun { input, ..StartRun::default() };
    let run = house.gateway.start_run(request, &house.key_holder("req"), None).await;
    let run = run.unwrap().run_id;
    house.gateway.open(run).await.unwrap();
    run
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test]
async fn random_histories_of_the_gateway_agree_with_the_reference_model() {
    let (seed, steps) = (number("MODEL_SEED", 4), number("MODEL_STEPS", 300));
    let mut world = World::new(seed).await;
    let mut states: BTreeMap<&'static str, u64> = BTreeMap::new();
    for _ in 0..steps {
        world.step().await;
        for card in world.cards.values() {
            *states.entry(card.status.as_str()).or_default() += 1;
        }
    }
    println!("seed {seed}, {steps} steps, {} effects started", world.starts.len());
    println!("steps: {:?}", world.counts);
    println!("approvals seen in each state: {states:?}");
}
