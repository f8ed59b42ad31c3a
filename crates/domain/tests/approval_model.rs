//! Random histories of several approvals against a small reference model.
//!
//! The reference knows nothing of how the rules are written: it keeps for every card who has voted,
//! which calls it counts, and what it has come to. After every step every card is compared with it,
//! and what must hold whatever happens is checked on the cards alone. Seeded; `MODEL_SEED` and
//! `MODEL_STEPS` make it other and longer.

#![expect(
    clippy::indexing_slicing,
    reason = "a test that looks for what is not there fails where it is"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]
#![expect(clippy::print_stdout, reason = "the figures of the run are for people")]
#![expect(clippy::panic, reason = "an answer that came out otherwise fails the test where it is")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use countersign_domain::action::Action;
use countersign_domain::approvals::{
    Approval, Approvers, Asked, Attempt, Ballot, CancelReason, Choice, Decided, Decision,
    Delegation, Draft, Due, Joining, LapseReason, Moment, Offer, OutcomeStatus, Requester, Rights,
    SeparationOfDuties, Status, Terms, Timing, cancel, claim, decide, due, edit, execute, join,
    lapse, lose, open, refuse_start, shares,
};
use countersign_domain::assessment::Assessment;
use countersign_domain::digest::Digest;
use countersign_domain::files::BoundFile;
use countersign_domain::grants::{Binding, VerifiedGrant, for_decision, verify};
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::ids::{ApprovalId, CallId, GatewayId, GrantId, RunId, SessionId};
use countersign_domain::signing::{Purpose, SigningKey};
use countersign_domain::time::Timestamp;
use countersign_domain::verdict::Verdict;
use uuid::Uuid;

const TIMEOUT: Duration = Duration::from_mins(15);
const START_WITHIN: Duration = Duration::from_mins(2);
const CHOICES: [Choice; 3] = [Choice::Once, Choice::Session, Choice::Deny];
/// The requester, three approvers, and Ann's delegate.
const PEOPLE: [&str; 5] = ["api:req", "api:ann", "api:bob", "api:cat", "api:dora"];
const TOOL: &str = "terminal";
const MOST_CARDS: usize = 12;
/// How many different actions there are. The first runs a script, the others write a text.
const ACTIONS: usize = 4;

/// What the reference knows of one card.
#[derive(Debug, Clone)]
struct Expected {
    status: Status,
    needed: usize,
    calls: BTreeSet<CallId>,
    /// Who voted, in whose name, and what.
    votes: Vec<(usize, usize, Choice)>,
    /// The choice that decided.
    choice: Option<Choice>,
    /// When the present state ends by itself.
    ends: Option<Timestamp>,
    /// What is asked about: a person may have made something else of it.
    action: u8,
    /// What the content was after each edit.
    edits: Vec<u8>,
}

struct World {
    random: u64,
    digests: [Digest; ACTIONS],
    now: Timestamp,
    ids: u128,
    approvers: Approvers,
    cards: BTreeMap<ApprovalId, Approval>,
    expected: BTreeMap<ApprovalId, Expected>,
    key: SigningKey,
    grants: BTreeSet<GrantId>,
    starts: BTreeMap<CallId, u32>,
    counts: BTreeMap<&'static str, u64>,
}

fn principal(person: usize) -> Principal {
    PEOPLE[person].parse().unwrap()
}

fn action(number: u8) -> Action {
    if number > 0 {
        let content = format!("version {number}");
        return Action::FileWrite { path: "/etc/motd".to_owned(), content };
    }
    let script = BoundFile {
        path: "/w/x.sh".to_owned(),
        named: None,
        size: 3,
        sha256: Some(Digest::of(b"ls\n")),
        runs: true,
    };
    Action::Exec {
        command: "bash x.sh".to_owned(),
        cwd: "/w".to_owned(),
        env: BTreeMap::new(),
        timeout_s: 60,
        files: vec![script],
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let rules = PEOPLE[..4].iter().map(|name| name.parse().unwrap()).collect();
        let until = Timestamp::from_millis(i64::MAX / 2);
        let dora = Delegation { delegate: principal(4), principal: principal(1), until };
        Self {
            random: seed,
            digests: [0, 1, 2, 3].map(|number| action(number).digest()),
            now: Timestamp::from_millis(1_000_000),
            ids: 1,
            approvers: Approvers::new(rules)
                .separated(SeparationOfDuties::On)
                .delegating(vec![dora]),
            cards: BTreeMap::new(),
            expected: BTreeMap::new(),
            key: SigningKey::from_seed([1; 32]).unwrap(),
            grants: BTreeSet::new(),
            starts: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    /// The generator `SplitMix64`.
    fn below(&mut self, limit: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn pick(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(limit as u64)).unwrap()
    }

    fn new_id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }

    /// Any card, most often one in this state.
    fn any_card(&mut self, favoured: Status) -> Option<ApprovalId> {
        let all = self.below(4) == 0;
        let fits = |card: &&Approval| all || card.status() == favoured;
        let ids: Vec<_> = self.cards.values().filter(fits).map(|card| card.id).collect();
        if ids.is_empty() { None } else { Some(ids[self.pick(ids.len())]) }
    }

    fn step(&mut self) {
        let name = match self.below(44) {
            0..=7 => self.request(),
            8..=27 => self.answer(),
            40..=43 => self.edit(),
            28..=31 => self.wait(),
            32 => self.cancel(),
            33..=36 => self.claim(),
            37..=38 => self.finish(),
            _ => self.crash(),
        };
        *self.counts.entry(name).or_default() += 1;
        self.compare();
    }

    fn request(&mut self) -> &'static str {
        let number = u8::try_from(self.pick(ACTIONS)).unwrap();
        let call_id = CallId::from_uuid(self.new_id());
        let (action, assessment) = (action(number), Assessment::allow());
        let digest = self.digests[usize::from(number)];
        let like = |card: &&Approval| card.status() == Status::Pending && card.digest == digest;
        let youngest = self.cards.values().rev().find(like).cloned();
        let run_id = RunId::from_uuid(Uuid::from_u128(2));
        if let Some(card) = youngest {
            let open = {
                let model = &self.expected[&card.id];
                model.votes.is_empty() && model.ends.is_none_or(|end| self.now < end)
            };
            let joining = Joining { run_id, call_id, tool: TOOL, digest, assessment: &assessment };
            let joined = join(&card, joining, self.now);
            assert_eq!(joined.is_ok(), open, "{joined:?}");
            if let Ok(next) = joined {
                self.expected.get_mut(&next.id).unwrap().calls.insert(call_id);
                self.cards.insert(next.id, next);
                return "joined";
            }
        }
        let id = ApprovalId::from_uuid(self.new_id());
        let requester = Requester {
            session_id: SessionId::from_uuid(Uuid::from_u128(1)),
            run_id,
            call_id,
            principal: principal(0),
            tool: TOOL.to_owned(),
        };
        let offer = Offer { choices: CHOICES.to_vec(), covers: None };
        let asked = Asked { action, assessment, revealed: Vec::new(), offer, requester };
        let timing = Timing {
            timeout: Some(TIMEOUT),
            remind_after: Some(TIMEOUT / 2),
            start_within: START_WITHIN,
        };
        let needed = 1 + u32::from(number) % 3;
        let card = open(id, asked, timing, self.now);
        let audiences = card.audiences.clone();
        let (touches, tried_before) = (BTreeSet::new(), Vec::new());
        self.cards.insert(id, card.under(Terms { needed, touches, tried_before, audiences }));
        let expected = Expected {
            status: Status::Pending,
            needed: needed as usize,
            calls: BTreeSet::from([call_id]),
            votes: Vec::new(),
            choice: None,
            ends: Some(self.now.after(TIMEOUT)),
            action: number,
            edits: Vec::new(),
        };
        self.expected.insert(id, expected);
        "opened"
    }

    fn answer(&mut self) -> &'static str {
        let Some(id) = self.any_card(Status::Pending) else { return "nothing" };
        let (person, choice) = (self.pick(5), CHOICES[self.pick(3)]);
        let (wrong_digest, wrong_count) = (self.below(12) == 0, self.below(12) == 0);
        let card = self.cards[&id].clone();
        let attempt = Attempt { by: principal(person), rights: Rights::Member, choice };
        let seat = self.approvers.authorize(&card, &attempt, self.now);
        assert_eq!(seat.is_err(), person == 0 && choice.approves(), "{seat:?}");
        let Ok(seat) = seat else { return "refused: own request" };
        let count = card.count() + u32::from(wrong_count);
        let grant = GrantId::from_uuid(self.new_id());
        self.grants.insert(grant);
        let decision = Decision::new(choice, principal(person), None, self.now).granting(grant);
        let ballot = Ballot { decision, seat, count, needed: card.needed };
        // Some say what they saw, some do not, and some saw what it was before it was edited.
        let says = self.below(3) > 0;
        let mut edits = card.history.iter().filter_map(|entry| entry.edit);
        let stale = edits.find(|edit| edit.from != card.digest).map(|edit| edit.from);
        let seen = match (wrong_digest, says) {
            (true, _) => stale.or_else(|| Some(Digest::of(b"other"))),
            (false, true) => Some(card.digest),
            (false, false) => None,
        };
        let unseen = seen.is_none() && !self.expected[&id].edits.is_empty();
        let wrong = wrong_digest || ((wrong_count || unseen) && choice.approves());
        let got = decide(&card, ballot, seen);
        self.expect_answer(id, (person, choice, wrong), got)
    }

    fn expect_answer(
        &mut self,
        id: ApprovalId,
        (person, choice, wrong): (usize, Choice, bool),
        got: Result<Decided, countersign_domain::approvals::DecideError>,
    ) -> &'static str {
        let now = self.now;
        let model = self.expected.get_mut(&id).unwrap();
        // Dora votes on Ann's seat.
        let seat = if person == 4 { 1 } else { person };
        if model.status != Status::Pending {
            // What somebody voted, or what the decision that bears their name says.
            let voted = model.votes.iter().any(|vote| (vote.0, vote.2) == (person, choice));
            let decided = model.choice == Some(choice)
                && model.votes.last().is_some_and(|vote| vote.0 == person);
            let same = model.choice.is_some() && (voted || decided);
            assert_eq!(matches!(got, Ok(Decided::Before(_))), same, "{got:?} {model:?}");
            assert_eq!(got.is_err(), !same, "{got:?} {model:?}");
            return if same { "repeated" } else { "refused: closed" };
        }
        if model.ends.is_some_and(|end| now >= end) || wrong {
            assert!(got.is_err(), "{got:?} {model:?}");
            return "refused: late or not what was shown";
        }
        if choice == Choice::Deny {
            let Ok(Decided::Now(next)) = got else { panic!("{got:?}") };
            model.status = Status::Denied;
            // What was denied remembers only the denial.
            model.votes = vec![(person, seat, choice)];
            model.choice = Some(choice);
            model.ends = None;
            self.cards.insert(id, *next);
            return "denied";
        }
        if model.votes.iter().any(|vote| vote.0 == person || vote.1 == seat) {
            assert!(matches!(got, Ok(Decided::CountedBefore(_))), "{got:?}");
            return "counted before";
        }
        model.votes.push((person, seat, choice));
        if model.votes.len() < model.needed {
            let Ok(Decided::Counted(next)) = got else { panic!("{got:?}") };
            self.cards.insert(id, *next);
            return "counted";
        }
        let Ok(Decided::Now(next)) = got else { panic!("{got:?}") };
        model.status = Status::Approved;
        model.choice = model.votes.iter().map(|vote| vote.2).min();
        model.ends = Some(now.after(START_WITHIN));
        self.approve(*next);
        "approved"
    }

    /// The decision and its shares, as one commit would store them.
    fn approve(&mut self, next: Approval) {
        let mut fresh = self.ids;
        let shares = shares(&next, || {
            fresh += 1;
            let grant = GrantId::from_uuid(Uuid::from_u128(fresh));
            assert!(self.grants.insert(grant), "one grant for two effects");
            (ApprovalId::from_uuid(Uuid::from_u128(fresh)), grant)
        });
        self.ids = fresh;
        let head = self.expected[&next.id].clone();
        assert_eq!(shares.len() + 1, head.calls.len(), "a share for each counted call");
        let own = next.requester.call_id;
        for share in shares {
            let calls = BTreeSet::from([share.requester.call_id]);
            self.expected.insert(share.id, Expected { calls, ..head.clone() });
            self.cards.insert(share.id, share);
        }
        self.expected.get_mut(&next.id).unwrap().calls = BTreeSet::from([own]);
        self.cards.insert(next.id, next);
    }

    /// Somebody makes something else of what is asked about.
    fn edit(&mut self) -> &'static str {
        let Some(id) = self.any_card(Status::Pending) else { return "nothing" };
        let (person, new) = (self.pick(5), u8::try_from(self.pick(ACTIONS)).unwrap());
        let (stale, forbidden) = (self.below(6) == 0, self.below(8) == 0);
        let card = self.cards[&id].clone();
        let choice = Choice::Once;
        let attempt = Attempt { by: principal(person), rights: Rights::Member, choice };
        if self.approvers.authorize(&card, &attempt, self.now).is_err() {
            assert_eq!(person, 0);
            return "refused: edit of one's own request";
        }
        let verdict = if forbidden { Verdict::Forbid } else { Verdict::Allow };
        let draft = Draft {
            action: action(new),
            assessment: Assessment::allow().with_verdict(verdict),
            offer: card.offer.clone(),
        };
        let seen = if stale { Digest::of(b"other") } else { card.digest };
        let edited = edit(&card, draft, seen, (&principal(person), self.now));
        let now = self.now;
        let model = self.expected.get_mut(&id).unwrap();
        let open = model.status == Status::Pending && model.ends.is_none_or(|end| now < end);
        let message = new > 0 && model.action > 0;
        assert_eq!(edited.is_ok(), open && !stale && !forbidden && message, "{edited:?} {model:?}");
        let Ok(next) = edited else { return "refused: edit" };
        model.action = new;
        model.edits.push(new);
        // Who had agreed, agreed to something else.
        model.votes.clear();
        self.cards.insert(id, next);
        "edited"
    }

    fn wait(&mut self) -> &'static str {
        let seconds = [1, 30, 121, 460][self.pick(4)];
        self.now = self.now.after(Duration::from_secs(seconds));
        if self.below(3) == 0 {
            return "waited, and nobody looked";
        }
        for card in self.cards.values_mut() {
            while let Some(due) = due(card, self.now) {
                let (Due::Reminder(next) | Due::Expiry(next) | Due::Lapse(next)) = due else {
                    panic!("no channel and no callback is configured")
                };
                *card = *next;
            }
        }
        for model in self.expected.values_mut() {
            if model.ends.is_some_and(|end| self.now >= end) {
                model.ends = None;
                let pending = model.status == Status::Pending;
                model.status = if pending { Status::Expired } else { Status::Lapsed };
            }
        }
        "waited"
    }

    fn cancel(&mut self) -> &'static str {
        let Some(id) = self.any_card(Status::Pending) else { return "nothing" };
        let ended = cancel(&self.cards[&id], CancelReason::RunStopped, Actor::System, self.now);
        let model = self.expected.get_mut(&id).unwrap();
        assert_eq!(ended.is_ok(), model.status == Status::Pending);
        let Ok(next) = ended else { return "refused: cancel" };
        (model.status, model.ends) = (Status::Cancelled, None);
        self.cards.insert(id, next);
        "cancelled"
    }

    /// The grant of an approval's decision, if it has one that is good.
    fn grant(&self, approval: &Approval) -> Option<VerifiedGrant> {
        let gateway = GatewayId::from_uuid(Uuid::from_u128(6));
        let claims = for_decision(approval, gateway)?.to_json();
        let token = self.key.sign(Purpose::Grant, &claims).unwrap();
        let session = approval.requester.session_id;
        let binding = Binding::of(&approval.action, TOOL, session, gateway);
        let keys = [self.key.verifying_key().clone()].into_iter().collect();
        verify(&token, &keys, &binding, self.now).ok()
    }

    fn claim(&mut self) -> &'static str {
        let Some(id) = self.any_card(Status::Approved) else { return "nothing" };
        if self.below(6) == 0 {
            return self.find_changed(id);
        }
        let grant = self.grant(&self.cards[&id]);
        let claimed = grant.and_then(|grant| claim(&self.cards[&id], grant, self.now).ok());
        let model = self.expected.get_mut(&id).unwrap();
        let may = model.status == Status::Approved && model.ends.is_some_and(|end| self.now < end);
        assert_eq!(claimed.is_some(), may, "{model:?}");
        let Some(claimed) = claimed else { return "refused: claim" };
        (model.status, model.ends) = (Status::Claimed, None);
        *self.starts.entry(claimed.approval.requester.call_id).or_default() += 1;
        self.cards.insert(id, claimed.approval);
        "claimed"
    }

    /// A file is not as it was shown: before the claim, or where it would have started.
    fn find_changed(&mut self, id: ApprovalId) -> &'static str {
        let (card, now) = (&self.cards[&id], self.now);
        let found = lapse(card, LapseReason::ContentChanged, now);
        let model = self.expected.get_mut(&id).unwrap();
        assert_eq!(found.is_ok(), model.status == Status::Approved);
        let Ok(next) = found else { return "refused: content changed" };
        (model.status, model.ends) = (Status::Lapsed, None);
        self.cards.insert(id, next);
        "content changed"
    }

    fn finish(&mut self) -> &'static str {
        let Some(id) = self.any_card(Status::Claimed) else { return "nothing" };
        if self.below(5) == 0 {
            let refused = refuse_start(&self.cards[&id], LapseReason::ContentChanged, self.now);
            let model = self.expected.get_mut(&id).unwrap();
            assert_eq!(refused.is_ok(), model.status == Status::Claimed);
            let Ok(next) = refused else { return "refused: content changed" };
            model.status = Status::Lapsed;
            self.cards.insert(id, next);
            return "content changed where it would have started";
        }
        let ended = execute(&self.cards[&id], OutcomeStatus::Ok, Some(0), self.now);
        let model = self.expected.get_mut(&id).unwrap();
        assert_eq!(ended.is_ok(), model.status == Status::Claimed);
        let Ok(next) = ended else { return "refused: finish" };
        model.status = Status::Executed;
        self.cards.insert(id, next);
        "executed"
    }

    /// Everything is read back from its stored form, and what was at work is not known any more.
    fn crash(&mut self) -> &'static str {
        for (id, card) in &mut self.cards {
            let stored = serde_json::to_string(card).unwrap();
            let read: Approval = serde_json::from_str(&stored).unwrap();
            assert_eq!(read, *card);
            assert_eq!(read.action.digest(), read.digest, "the digest is that of what is asked");
            *card = lose(&read, self.now).unwrap_or(read);
            let model = self.expected.get_mut(id).unwrap();
            if model.status == Status::Claimed {
                model.status = Status::Indeterminate;
            }
        }
        "crashed and restarted"
    }

    fn compare(&mut self) {
        assert_eq!(self.cards.len(), self.expected.len());
        for (id, card) in &self.cards {
            let model = &self.expected[id];
            assert_eq!(card.status(), model.status, "{card:?}\n{model:?}");
            assert_eq!(card.digest, self.digests[usize::from(model.action)]);
            self.compare_edits(card, model);
            let decided = card.state.decision().map(|decision| decision.choice);
            assert_eq!(decided, model.choice, "one decision, and it stays");
            if card.status() == Status::Pending {
                let calls = model.calls.iter().all(|call| card.counts(*call));
                assert!(calls && card.count() as usize == model.calls.len());
                assert_eq!(card.votes.len(), model.votes.len());
                assert!(card.votes.len() < model.needed, "enough votes decide");
            }
            if decided.is_some_and(Choice::approves) && model.needed > 1 {
                let people: BTreeSet<_> = card.votes.iter().map(|vote| &vote.by).collect();
                let seats: BTreeSet<_> = card.votes.iter().map(|vote| &vote.seat).collect();
                assert_eq!((people.len(), seats.len()), (model.needed, model.needed));
                assert!(!people.contains(&principal(0)), "the requester is not among them");
            }
        }
        assert!(self.starts.values().all(|starts| *starts == 1), "an effect started twice");
    }

    /// The history tells of every edit, each of what the one before made, the last of what is there.
    fn compare_edits(&self, card: &Approval, model: &Expected) {
        let edited = card.history.iter().filter(|entry| entry.what == Moment::Edited);
        let edits: Vec<_> = edited.filter_map(|entry| entry.edit).collect();
        let made: Vec<_> = edits.iter().map(|edit| edit.to).collect();
        let digests: Vec<_> =
            model.edits.iter().map(|number| self.digests[usize::from(*number)]).collect();
        if card.share_of.is_none() {
            assert_eq!(made, digests);
        } else {
            assert!(digests.ends_with(&made), "a share tells of what was changed after it joined");
        }
        assert!(edits.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert!(made.last().is_none_or(|last| *last == card.digest));
        let decided = card.history.iter().position(|entry| entry.what == Moment::Approved);
        let last = card.history.iter().rposition(|entry| entry.what == Moment::Edited);
        assert!(decided.is_none() || last < decided, "edited after the decision");
    }

    /// Settled cards make room, so that a long history stays quick.
    fn forget_settled(&mut self) {
        if self.cards.len() > MOST_CARDS {
            let over = |status: Status| {
                !matches!(status, Status::Pending | Status::Approved | Status::Claimed)
            };
            self.cards.retain(|_, card| !over(card.status()));
            let cards = &self.cards;
            self.expected.retain(|id, _| cards.contains_key(id));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the test says how long")]
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn random_histories_agree_with_the_reference_model() {
    let (seed, steps) = (number("MODEL_SEED", 4), number("MODEL_STEPS", 4_000));
    let mut world = World::new(seed);
    let mut states: BTreeMap<&'static str, u64> = BTreeMap::new();
    for _ in 0..steps {
        world.step();
        for card in world.cards.values() {
            *states.entry(card.status().as_str()).or_default() += 1;
        }
        world.forget_settled();
    }
    println!("seed {seed}, {steps} steps, {} effects started", world.starts.len());
    println!("steps: {:?}", world.counts);
    println!("cards seen in each state: {states:?}");
    for status in Status::ALL {
        assert!(states.contains_key(status.as_str()), "{status:?} was never reached");
    }
}
