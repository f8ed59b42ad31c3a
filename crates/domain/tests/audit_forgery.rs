//! Nobody without the key can change a log behind a checkpoint, or a receipt, unnoticed.
//!
//! `MUTATIONS=1000000 cargo test --release -p countersign-domain --test audit_forgery -- --nocapture`

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests fail by panicking, and how many mutations are tried is told from outside"
)]

use countersign_domain::audit::checkpoint::{Checkpoint, Statement};
use countersign_domain::audit::receipt::Receipt;
use countersign_domain::audit::verify::{Broken, Flaw, Report, Verifier};
use countersign_domain::audit::{AuditKind, AuditRecord, Head, NodeName, SealedRecord, chain};
use countersign_domain::digest::Digest;
use countersign_domain::signing::{Purpose, SigningKey, VerifyingKeys};
use countersign_domain::time::Timestamp;
use serde_json::{Value, json};

/// A log with its checkpoints, and a receipt from it.
struct Ledger {
    lines: Vec<SealedRecord>,
    checkpoints: Vec<Checkpoint>,
    keys: VerifyingKeys,
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32]).unwrap()
}

fn keys(key: &SigningKey) -> VerifyingKeys {
    [key.verifying_key().clone()].into_iter().collect()
}

fn record(number: u64) -> AuditRecord {
    let detail = json!({
        "action": "exec",
        "card": Digest::of(b"card"),
        "choice": if number.is_multiple_of(3) { "deny" } else { "once" },
        "digest": Digest::of(&number.to_be_bytes()),
        "reason": "\u{201e}because\u{201c} \\ \"so\"",
        "rule": null,
    });
    AuditRecord {
        at: Timestamp::from_millis(1_795_000_000_000 + i64::try_from(number).unwrap() * 1000),
        kind: AuditKind::ApprovalDecided,
        actor: "operator".parse().unwrap(),
        subject: format!("appr_{number:032x}"),
        session: None,
        detail: detail.as_object().cloned().unwrap(),
    }
}

impl Ledger {
    /// A log of `count` decisions, signed after every seventh and at the end.
    fn new(count: u64, key: &SigningKey) -> Self {
        let mut ledger = Self { lines: Vec::new(), checkpoints: Vec::new(), keys: keys(key) };
        for number in 1..=count {
            ledger.add(&record(number));
            if number % 7 == 0 || number == count {
                ledger.sign(key);
            }
        }
        ledger
    }

    fn add(&mut self, record: &AuditRecord) {
        let head = self.lines.last().map_or(Head::EMPTY, SealedRecord::head);
        let text = chain::text(record, &NodeName::local(), head).unwrap();
        self.lines.push(SealedRecord::from_text(&text).unwrap());
    }

    fn sign(&mut self, key: &SigningKey) {
        let from = self.checkpoints.last().map_or(1, |last| last.statement.seq + 1);
        let hashes = self.hashes(from);
        let statement = Statement::about(from, &hashes, Timestamp::from_millis(9)).unwrap();
        let token = key.sign(Purpose::Checkpoint, &statement.claims()).unwrap();
        let checkpoint = Checkpoint { statement, token };
        self.add(&checkpoint.record());
        self.checkpoints.push(checkpoint);
    }

    fn hashes(&self, from: u64) -> Vec<Digest> {
        let from = usize::try_from(from - 1).unwrap();
        self.lines[from..].iter().map(|line| line.hash).collect()
    }

    fn export(&self) -> String {
        self.lines.iter().map(|line| line.line().unwrap() + "\n").collect()
    }

    fn receipt(&self, seq: u64) -> Receipt {
        let checkpoint =
            self.checkpoints.iter().find(|checkpoint| checkpoint.statement.seq >= seq).unwrap();
        let statement = &checkpoint.statement;
        let mut hashes = self.hashes(statement.from);
        hashes.truncate(usize::try_from(statement.seq - statement.from + 1).unwrap());
        let line = &self.lines[usize::try_from(seq - 1).unwrap()];
        Receipt::new(line, checkpoint, &hashes).unwrap()
    }

    /// What whoever kept the newest checkpoint finds.
    fn verify(&self, export: &str) -> Result<Report, Broken> {
        let mut verifier = Verifier::new(Some(&self.keys));
        export.lines().try_for_each(|line| verifier.line(line))?;
        let kept = self.checkpoints.last().map(|last| last.statement.clone());
        verifier.finish(kept.as_slice())
    }
}

#[test]
fn an_untouched_log_and_its_receipts_are_good() {
    let ledger = Ledger::new(20, &key(1));
    let report = ledger.verify(&ledger.export()).unwrap();
    assert_eq!((report.records, report.checkpoints, report.signed), (23, 3, Some(22)));
    for seq in [1, 2, 7, 9, 15, 22] {
        let receipt = ledger.receipt(seq);
        let text = receipt.canonical_json();
        assert_eq!(Receipt::verify(&text, &ledger.keys).unwrap(), receipt);
        // White space between the parts does not count.
        let value: Value = serde_json::from_str(&text).unwrap();
        let pretty = serde_json::to_string_pretty(&value).unwrap() + "\n";
        assert_eq!(Receipt::verify(&pretty, &ledger.keys).unwrap(), receipt);
        assert!(Receipt::verify(&text, &keys(&key(2))).is_err());
    }
}

#[test]
fn what_is_wrong_with_a_log_is_told_with_the_first_bad_record() {
    let ledger = Ledger::new(20, &key(1));
    let lines: Vec<_> = ledger.export().lines().map(str::to_owned).collect();
    let told = |lines: &[String]| ledger.verify(&lines.join("\n")).unwrap_err();
    let mut changed = lines.clone();
    changed[4] = changed[4].replace("\"exec\"", "\"code\"");
    assert_eq!(told(&changed), Broken { seq: 5, flaw: Flaw::Hash });
    let mut deleted = lines.clone();
    deleted.remove(4);
    assert_eq!(told(&deleted), Broken { seq: 5, flaw: Flaw::Gap { next: 6 } });
    let mut swapped = lines.clone();
    swapped.swap(4, 5);
    assert_eq!(told(&swapped), Broken { seq: 5, flaw: Flaw::Order { found: 6 } });
    let mut twice = lines.clone();
    twice.insert(4, lines[3].clone());
    assert_eq!(told(&twice), Broken { seq: 5, flaw: Flaw::Order { found: 4 } });
    let signed = 22;
    assert_eq!(told(&lines[..17]), Broken { seq: 18, flaw: Flaw::Truncated { signed } });
    assert_eq!(told(&[]), Broken { seq: 1, flaw: Flaw::Truncated { signed } });
}

/// Somebody who can write the log but has no key chains everything anew.
#[test]
fn a_log_that_was_chained_anew_is_not_the_one_that_was_signed() {
    let ledger = Ledger::new(20, &key(1));
    let mut forged = Ledger { lines: Vec::new(), ..Ledger::new(20, &key(1)) };
    for line in &ledger.lines {
        let mut record = line.record.clone();
        if line.seq == 5 {
            record.actor = "api:somebody-else".parse().unwrap();
        }
        forged.add(&record);
    }
    let broken = ledger.verify(&forged.export()).unwrap_err();
    assert_eq!(broken.seq, 8);
    assert!(matches!(broken.flaw, Flaw::Signature(_)), "{broken}");
    // And with all checkpoints left out it does not reach the one that was kept.
    let mut bare = Ledger { lines: Vec::new(), ..Ledger::new(20, &key(1)) };
    let kinds = |line: &&SealedRecord| line.record.kind != AuditKind::Checkpoint;
    ledger.lines.iter().filter(kinds).for_each(|line| bare.add(&line.record));
    assert!(ledger.verify(&bare.export()).is_err());
    // Another key's signatures count for nothing.
    let other = Ledger::new(20, &key(2));
    let broken = ledger.verify(&other.export()).unwrap_err();
    assert!(matches!(broken.flaw, Flaw::Signature(_)), "{broken}");
}

#[test]
fn a_check_can_begin_in_the_middle() {
    let ledger = Ledger::new(20, &key(1));
    let mut verifier = Verifier::from(10, Some(&ledger.keys));
    for line in ledger.export().lines().skip(9) {
        verifier.line(line).unwrap();
    }
    let kept = [ledger.checkpoints[0].statement.clone(), ledger.checkpoints[2].statement.clone()];
    let report = verifier.finish(&kept).unwrap();
    assert_eq!((report.records, report.head), (14, 23));
}

/// A small generator of numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(drawn).unwrap() % bound
    }
}

/// Something that an attacker or a bad disk does to a text.
fn mutated(text: &str, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let at = dice.below(bytes.len());
    match dice.below(9) {
        0 | 1 => bytes[at] ^= 1 << dice.below(8),
        2 => bytes.truncate(at),
        3 => drop(bytes.remove(at)),
        4 => bytes.insert(at, b"0\"a,}{[:"[dice.below(8)]),
        5 => {
            let other = dice.below(bytes.len());
            bytes.swap(at, other);
        }
        6 => {
            // Two values change places.
            let mut parts: Vec<_> = text.split('"').collect();
            let (one, two) = (dice.below(parts.len()), dice.below(parts.len()));
            parts.swap(one, two);
            bytes = parts.join("\"").into_bytes();
        }
        7 => {
            let mut lines: Vec<_> = text.lines().collect();
            let (one, two) = (dice.below(lines.len()), dice.below(lines.len()));
            lines.swap(one, two);
            if dice.below(2) == 0 {
                lines.remove(one);
            }
            bytes = (lines.join("\n") + "\n").into_bytes();
        }
        _ => {
            let end = (at + 1 + dice.below(40)).min(bytes.len());
            let piece: Vec<_> = bytes[at..end].to_vec();
            let to = dice.below(bytes.len());
            bytes.splice(to..to, piece);
        }
    }
    bytes
}

/// JSON without the white space between its parts, told apart by a reader of its own.
fn substance(bytes: &[u8]) -> Vec<u8> {
    let mut quoted = false;
    let mut kept = Vec::new();
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' if quoted => {
                kept.push(*byte);
                kept.extend(rest.next());
                continue;
            }
            b'"' => quoted = !quoted,
            b' ' | b'\t' | b'\r' | b'\n' if !quoted => continue,
            _ => {}
        }
        kept.push(*byte);
    }
    kept
}

/// The lines of a log; how they are ended, and empty ones at its end, do not count.
fn records(bytes: &[u8]) -> Vec<&[u8]> {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect::<Vec<_>>()
}

fn trimmed(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines = records(bytes);
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

#[test]
fn no_mutation_of_a_receipt_or_a_log_is_accepted() {
    let wanted = std::env::var("MUTATIONS").ok().and_then(|text| text.parse().ok());
    let wanted: u64 = wanted.unwrap_or(3000);
    let ledger = Ledger::new(20, &key(1));
    // The record behind the last checkpoint is that checkpoint itself, which nothing signs yet: of
    // the log, what lies behind what is signed is left as it is.
    let signed = ledger.checkpoints.last().map(|last| last.statement.seq).unwrap();
    let export: String =
        ledger.export().split_inclusive('\n').take(usize::try_from(signed).unwrap()).collect();
    let receipts: Vec<_> =
        [1, 9, 22].map(|seq| serde_json::to_string_pretty(&ledger.receipt(seq)).unwrap()).into();
    let mut dice = Dice(0x5eed_0fa1_1ed6_e501);
    let (mut tried, mut same) = (0_u64, 0_u64);
    while tried < wanted {
        let whole_log = dice.below(3) == 0;
        let original = if whole_log { &export } else { &receipts[dice.below(receipts.len())] };
        let mut bytes = mutated(original, &mut dice);
        if dice.below(4) == 0 {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if !text.is_empty() {
                bytes = mutated(&text, &mut dice);
            }
        }
        let unchanged = if whole_log {
            trimmed(&bytes) == trimmed(original.as_bytes())
        } else {
            substance(&bytes) == substance(original.as_bytes())
        };
        if unchanged {
            same += 1;
            continue;
        }
        tried += 1;
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        let accepted = if whole_log {
            ledger.verify(&text).is_ok()
        } else {
            Receipt::verify(&text, &ledger.keys).is_ok()
        };
        assert!(!accepted, "accepted after {tried}: {text}");
    }
    println!("{tried} mutations, none accepted; {same} more changed nothing but white space");
}
