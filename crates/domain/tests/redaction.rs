//! Every rule for secrets with its own examples, and what masking must never do.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]
#![expect(
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a table that cannot be read fails the test"
)]

use std::collections::BTreeMap;

use countersign_domain::assessment::Span;
use countersign_domain::redaction::{Redactor, rules};
use proptest::prelude::*;

const TABLE: &str = include_str!("../src/redaction/rules.txt");

/// More of a secret than this is never shown.
const MOST_SHOWN: usize = 4;

/// Made-up letters, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn letters(&mut self, alphabet: &str, count: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..count).map(|_| letters[self.roll(letters.len())]).collect()
    }
}

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";

/// An example with its places filled, and what was filled in.
struct Example {
    text: String,
    made_up: Vec<String>,
}

fn fill(pattern: &str, dice: &mut Dice) -> Example {
    let mut example = Example { text: String::new(), made_up: Vec::new() };
    let mut rest = pattern.replace("\\n", "\n");
    while let Some((before, filled, after)) = next_place(&rest, dice) {
        example.text.push_str(&before);
        example.text.push_str(&filled);
        example.made_up.push(filled);
        rest = after;
    }
    example.text.push_str(&rest);
    example
}

fn next_place(text: &str, dice: &mut Dice) -> Option<(String, String, String)> {
    for (at, _) in text.match_indices('{') {
        let Some(length) = text[at..].find('}') else { continue };
        if let Some(filled) = made_up(&text[at + 1..at + length], dice) {
            return Some((text[..at].to_owned(), filled, text[at + length + 1..].to_owned()));
        }
    }
    None
}

fn made_up(place: &str, dice: &mut Dice) -> Option<String> {
    if place == "uuid" {
        let mut part = |count| dice.letters("0123456789abcdef", count);
        return Some(format!("{}-{}-{}-{}-{}", part(8), part(4), part(4), part(4), part(12)));
    }
    let (alphabet, count) = place.split_once(':')?;
    let count: usize = count.parse().ok()?;
    let alphabet = match alphabet {
        "an" => format!("{LOWER}{UPPER}{DIGITS}"),
        "AN" => format!("{UPPER}{DIGITS}"),
        "low" => format!("{LOWER}{DIGITS}"),
        "hex" => "0123456789abcdef".to_owned(),
        "HEX" => "0123456789ABCDEF".to_owned(),
        "d" => DIGITS.to_owned(),
        "b64" => format!("{LOWER}{UPPER}{DIGITS}+/"),
        "url" => format!("{LOWER}{UPPER}{DIGITS}-_"),
        _ => return None,
    };
    // Of all that are possible one that begins and ends with a letter or digit, and has both.
    loop {
        let text = dice.letters(&alphabet, count);
        let plain = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let mixed = count < 6
            || alphabet == DIGITS
            || (text.contains(|c: char| c.is_ascii_digit())
                && text.contains(|c: char| c.is_ascii_alphabetic()));
        if plain(text.chars().next()) && plain(text.chars().last()) && mixed {
            return Some(text);
        }
    }
}

/// The examples of each rule under `key`.
fn examples(key: &str) -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut id = "";
    for line in TABLE.lines() {
        if let Some(name) = line.strip_prefix('[') {
            id = name.trim_end_matches(']');
            all.entry(id).or_default();
        } else if let Some((found, value)) = line.split_once(' ')
            && found == key
        {
            all.entry(id).or_default().push(value.trim());
        }
    }
    all
}

/// Whether `shown` holds more of `secret` than may be shown.
fn exposes(shown: &str, secret: &str) -> bool {
    let letters: Vec<char> = secret.chars().collect();
    letters.windows(MOST_SHOWN + 1).any(|part| shown.contains(&part.iter().collect::<String>()))
}

/// What of an example is secret: what was made up and is longer than a number or a name.
fn secrets(example: &Example) -> impl Iterator<Item = &String> {
    let digits_only = |text: &&String| text.chars().all(|c| c.is_ascii_digit());
    example.made_up.iter().filter(move |text| text.len() > 5 && !digits_only(text))
}

#[test]
fn every_rule_finds_its_examples_and_masks_them() {
    let redactor = Redactor::new([]);
    let examples = examples("yes");
    for rule in rules() {
        let yes = &examples[rule.id()];
        assert!(!yes.is_empty(), "{} has no example", rule.id());
        for (pattern, seed) in yes.iter().flat_map(|one| (1..=3).map(move |seed| (one, seed))) {
            let example = fill(pattern, &mut Dice(seed));
            assert!(rule.finds(&example.text), "{}: {}", rule.id(), example.text);
            let shown = redactor.redact(&example.text);
            for secret in secrets(&example) {
                assert!(!exposes(&shown, secret), "{}: {shown} ({})", rule.id(), example.text);
            }
        }
    }
}

#[test]
fn nothing_is_found_in_what_only_looks_similar() {
    let redactor = Redactor::new([]);
    let examples = examples("no");
    for rule in rules() {
        let no = &examples[rule.id()];
        assert!(!no.is_empty(), "{} has no counter-example", rule.id());
        for pattern in no {
            let text = fill(pattern, &mut Dice(1)).text;
            assert_eq!(redactor.redact(&text), text, "{}", rule.id());
        }
    }
}

#[test]
fn ordinary_work_shows_as_it_is() {
    let redactor = Redactor::new([]);
    for text in [
        "git checkout 0198c0de00007000800000000000000a1b2c3d4e && cargo test --workspace",
        "docker run --rm -it -u 1000:1000 -v \"$PWD\":/src registry.test/build@sha256:0a1b2c",
        "kubectl get secret app-token -o name; kubectl describe secret app",
        "export PATH=/usr/local/bin:$PATH TOKEN_FILE=/run/secrets/token",
        "ssh-keygen -t ed25519 -C ana@example.org -f ~/.ssh/id_ed25519",
        "curl -fsSL https://example.org/install.sh | sh",
        "fn token(&self) -> Option<Token> { self.token.clone() }",
        "password: String, token: AccessToken, secret: Arc<SecretKey>",
        "the password field is required; the token must not be empty",
        "const API_KEY = process.env.API_KEY;",
        "run_0198c0de00007000800000000000000a appr_0198c0de00007000800000000000000b",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  file",
        "k4.public.dGhlIHB1YmxpYyBrZXkgbWF5IGJlIHNob3du",
    ] {
        assert_eq!(redactor.redact(text), text);
    }
}

#[test]
fn own_secrets_are_found_in_every_form_a_program_prints() {
    // printf 'xx%s' 's3cret "of" the/house' | base64
    let secret = "s3cret \"of\" the/house";
    let redactor = Redactor::new([secret.to_owned()]);
    for text in [
        "eHhzM2NyZXQgIm9mIiB0aGUvaG91c2U=",
        "733363726574206f",
        r#"{"key":"s3cret \"of\" the/house"}"#,
        "https://a.test/?key=s3cret%20%22of%22%20the%2Fhouse",
        secret,
    ] {
        let known = text != "733363726574206f";
        assert_eq!(redactor.finds_secret(text), known, "{text}");
    }
    let later = "another one of the house";
    assert!(!redactor.finds_secret(later));
    redactor.learn([later.to_owned()]);
    assert!(redactor.finds_secret(later));
    let off = Redactor::off();
    off.learn([later.to_owned()]);
    assert!(!off.finds_secret(later));
}

fn pieces() -> impl Strategy<Value = Vec<(usize, u64, String)>> {
    let between = prop::sample::select(vec![
        " ",
        "",
        "\n",
        "; rm -rf x; ",
        " é",
        "' | sh #",
        "\u{202e}",
        "=",
        ":",
        "\"",
        "@",
        "--",
        "/",
    ]);
    let piece = (any::<prop::sample::Index>(), any::<u64>(), between, any::<bool>());
    prop::collection::vec(piece, 1..6).prop_map(|all| {
        let count = examples("yes").values().map(Vec::len).sum::<usize>();
        let one = |(index, seed, between, cut): (prop::sample::Index, u64, &str, bool)| {
            let between = if cut { between.to_owned() } else { format!(" {between} ") };
            (index.index(count), seed, between)
        };
        all.into_iter().map(one).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Secrets of all kinds between other text: what is no secret stays, letter by letter.
    #[test]
    fn masking_changes_secrets_only_and_shows_little_of_them(pieces in pieces()) {
        let redactor = Redactor::new(["hunter2-hunter2".to_owned()]);
        let all: Vec<&str> = examples("yes").into_values().flatten().collect();
        let mut text = String::new();
        let mut spans = Vec::new();
        for (n, (index, seed, between)) in pieces.into_iter().enumerate() {
            let example = fill(all[index], &mut Dice(seed));
            text.push_str(&between);
            let mark = format!("⟪{n}⟫");
            text.push_str(&mark);
            spans.push((text.len() - mark.len(), mark));
            let start = text.len();
            text.push_str(&example.text);
            prop_assert!(redactor.finds_secret(&text[start..]));
        }
        let masked = redactor.mask(&text);
        prop_assert!(masked.text == redactor.redact(&text));
        // What no rule can take for a part of a secret stands where its span says.
        for (at, mark) in spans {
            let place = masked.place(Span { start: at, end: at + mark.len() });
            prop_assert_eq!(&masked.text[place.start..place.end], mark.as_str());
        }
        // Masked once, nothing more is found.
        prop_assert_eq!(redactor.redact(&masked.text), masked.text.as_str());
    }

    /// One secret among text that shares no five letters with it.
    #[test]
    fn a_secret_is_masked_wherever_it_stands(
        index in any::<prop::sample::Index>(),
        seed in any::<u64>(),
        before in "([ \n;(]|é|->|§){0,12}",
        after in "(( |\n|;|\\)|é|§)([ \n;()]|é|§){0,12})?",
    ) {
        let redactor = Redactor::new([]);
        let all: Vec<&str> = examples("yes").into_values().flatten().collect();
        let example = fill(all[index.index(all.len())], &mut Dice(seed));
        let text = format!("{before}{}{after}", example.text);
        let masked = redactor.mask(&text);
        for secret in secrets(&example) {
            prop_assert!(!exposes(&masked.text, secret), "{} of {}", masked.text, text);
        }
        prop_assert!(masked.text.starts_with(&before) && masked.text.ends_with(&after));
        // The parts around the masks are the text without its secrets, in order.
        let mut rest = text.as_str();
        for part in masked.text.split('…').map(|part| part.trim_start_matches(|c: char| {
            c == '(' || c == ')' || c.is_ascii_digit()
        })) {
            let kept: String = part.chars().take(part.chars().count().saturating_sub(MOST_SHOWN)).collect();
            let at = rest.find(&kept);
            prop_assert!(at.is_some(), "{kept:?} is not in {rest:?}");
            rest = &rest[at.unwrap()..];
        }
        prop_assert_eq!(redactor.redact(&masked.text), masked.text.as_str());
    }

    /// Whatever is given: it ends, spans stay inside, and a second time changes nothing.
    #[test]
    fn any_text_can_be_masked(text in "\\PC{0,200}", start in 0..200_usize, length in 0..200_usize) {
        let redactor = Redactor::new(["hunter2-hunter2".to_owned()]);
        let masked = redactor.mask(&text);
        let place = masked.place(Span { start, end: start + length });
        prop_assert!(place.start <= place.end);
        prop_assert_eq!(redactor.redact(&masked.text), masked.text.as_str());
        if !redactor.finds_secret(&text) {
            prop_assert_eq!(masked.text, text);
        }
    }
}
