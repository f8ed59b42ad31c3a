//! Two processes race to use up one grant, again and again: one of them wins each time.
//!
//! `RACE_ROUNDS` says how often.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]
#![expect(clippy::print_stdout, reason = "the figures of the race are for people")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use countersign_domain::approvals::Choice;
use countersign_domain::audit::AuditKind;
use countersign_domain::grants::Grant;
use countersign_domain::ids::GrantId;
use countersign_ports::clock::Clock as _;
use countersign_test_kit::House;

/// Rounds, if nobody says how many.
const ROUNDS: u64 = 200;

/// A process with a gateway of its own on the directory of the house.
struct Racer {
    process: Child,
    tokens: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Racer {
    fn start(house: &House, seed: u64) -> Self {
        let now = house.clock.now().as_millis();
        let mut process = Command::new(env!("CARGO_BIN_EXE_racer"))
            .arg(house.directory())
            .args([seed.to_string(), now.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let tokens = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut racer = Self { process, tokens, answers };
        assert_eq!(racer.answer(), "ready");
        racer
    }

    fn give(&mut self, token: &str) {
        writeln!(self.tokens, "{token}").unwrap();
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn end(mut self) {
        drop(self.tokens);
        assert!(self.process.wait().unwrap().success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_that_want_one_grant_one_gets_it() {
    let rounds = std::env::var("RACE_ROUNDS").map_or(ROUNDS, |text| text.parse().unwrap());
    let house = House::open().await;
    let asked = house.say("post http://127.0.0.1:1/ | x").await;
    house.pending(asked, 1).await;
    let house = house.reopen_undriven().await;
    let id = house.approvals_of(asked, None).await.remove(0).card.approval_id;
    house.decide(id, Choice::Once).await;
    let pattern = house.claims_of(id).await;
    let mut racers = [Racer::start(&house, 101), Racer::start(&house, 102)];
    let mut wins = [0_u64; 2];
    for round in 0..rounds {
        let jti = GrantId::from_uuid(uuid::Uuid::from_u128(0xace_0000_0000 + u128::from(round)));
        // Each goes elsewhere, so that the limit per hour does not end the race.
        let dst = format!("http://host-{round}.example/");
        let grant = Grant { jti, dst, appr: None, ..pattern.clone() };
        let token = house.sign(&house.issue(grant).await);
        for racer in &mut racers {
            racer.give(&token);
        }
        let answers = racers.each_mut().map(Racer::answer);
        let winner = match answers.each_ref().map(String::as_str) {
            ["won", "grant_used"] => 0,
            ["grant_used", "won"] => 1,
            other => panic!("round {round}: {other:?}"),
        };
        wins[winner] += 1;
        assert!(house.grant(jti).await.unwrap().used_at.is_some());
    }
    racers.into_iter().for_each(Racer::end);
    println!("{rounds} rounds, won by the first {} and by the second {}", wins[0], wins[1]);
    for kind in [AuditKind::GrantConsumed, AuditKind::GrantRejected] {
        assert_eq!(house.audited(kind).await.len() as u64, rounds);
    }
}
