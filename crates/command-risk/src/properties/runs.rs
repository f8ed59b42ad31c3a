//! A short, repeatable run of each property over the seeds of the fuzz targets.
//!
//! It mutates as a fuzzer would, without its knowledge of what was reached.

use std::path::Path;

/// How many texts each property is given beside the seeds.
const ROUNDS: usize = 1_500;
/// Texts stay this short, so that many are tried.
const MAX_LENGTH: usize = 600;

#[test]
fn every_text_parses_to_true_places() {
    run("shell", super::parse);
}

#[test]
fn every_command_gets_a_verdict_that_explains_itself() {
    run("shell", super::assess);
}

#[test]
fn code_of_every_language_gets_a_verdict_that_explains_itself() {
    run("code", super::code);
}

#[test]
fn every_text_is_rendered_inert_on_every_surface() {
    run("text", super::render);
}

/// What fuzzing found: texts that once broke a property.
const FOUND: &[&str] = &[
    // The end of the place of a word behind the end of the text.
    "cw\0,x y \"$(date!(); a[]= p1;/zecho ${aaaa[@]:ro1} c",
    // An old arithmetic expansion that does not close swallowed the rest without a word.
    "echo a$[2J $(echo b)",
    "echo $[1+\nrm -rf /",
    // Places inside backticks and here-documents were those of the inner text.
    "echo ééééééééééé `rm -r a\\`b\\``",
    "cat <<-E\n\t\té $(rm -r a)\n\tE\n",
    "eval \"f() { echo ééé; rm -r b; }\"; f",
];

#[test]
fn what_fuzzing_found_stays_mended() {
    for text in FOUND {
        super::parse(text.as_bytes());
        super::assess(text.as_bytes());
    }
    // A fence as long as the text leaves no room for it.
    super::render(format!("\0\0{}", "`".repeat(5_000)).as_bytes());
}

fn run(kind: &str, property: fn(&[u8])) {
    let (seeds, tokens) = (seeds(kind), dictionary());
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    for seed in &seeds {
        property(seed);
    }
    for round in 0..ROUNDS {
        let mut text = seeds[chance.below(seeds.len())].clone();
        for _ in 0..=chance.below(4) {
            mutate(&mut text, &seeds, &tokens, &mut chance);
        }
        text.truncate(MAX_LENGTH);
        let outcome = std::panic::catch_unwind(|| property(&text));
        assert!(outcome.is_ok(), "round {round}: {:?}", String::from_utf8_lossy(&text));
    }
}

/// The files of a kind that the fuzz targets begin with.
fn seeds(kind: &str) -> Vec<Vec<u8>> {
    let folder = fuzz_folder().join("seeds").join(kind);
    let entries = std::fs::read_dir(&folder).expect("the folder with seeds");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no seeds in {}", folder.display());
    paths.iter().map(|path| std::fs::read(path).expect("a seed")).collect()
}

/// The tokens of the dictionary, in the form of libFuzzer: `"\x1b"` a line.
fn dictionary() -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(fuzz_folder().join("shell.dict")).expect("a dictionary");
    text.lines()
        .filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'))
        .map(|token| {
            let mut bytes = Vec::new();
            let mut rest = token.as_bytes();
            while let [first, tail @ ..] = rest {
                (bytes, rest) = match (first, tail) {
                    (b'\\', [b'x', high, low, tail @ ..]) => {
                        let digit = |b: u8| char::from(b).to_digit(16).expect("a digit");
                        let byte = u8::try_from(digit(*high) * 16 + digit(*low)).expect("a byte");
                        ([bytes, vec![byte]].concat(), tail)
                    }
                    (b'\\', [escaped, tail @ ..]) => ([bytes, vec![*escaped]].concat(), tail),
                    (byte, tail) => ([bytes, vec![*byte]].concat(), tail),
                };
            }
            bytes
        })
        .collect()
}

fn fuzz_folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn mutate(text: &mut Vec<u8>, seeds: &[Vec<u8>], tokens: &[Vec<u8>], chance: &mut Chance) {
    let from = chance.below(text.len() + 1);
    let to = (from + chance.below(24)).min(text.len());
    match chance.below(7) {
        0 => drop(text.drain(from..to)),
        1 => {
            let piece = text[from..to].repeat(1 + chance.below(6));
            text.splice(from..from, piece);
        }
        2 | 3 => {
            let token = &tokens[chance.below(tokens.len())];
            text.splice(from..from, token.iter().copied());
        }
        4 => {
            let other = &seeds[chance.below(seeds.len())];
            let start = chance.below(other.len() + 1);
            text.splice(from..to, other[start..].iter().copied());
        }
        5 => {
            let byte = u8::try_from(chance.below(256)).expect("a byte");
            text.insert(from, byte);
        }
        _ => {
            let character =
                char::from_u32(u32::try_from(chance.below(0x0011_0000)).expect("small"));
            let character = character.unwrap_or('\u{202e}');
            text.splice(from..from, character.to_string().into_bytes());
        }
    }
}

/// Numbers that are the same in every run (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % limit.max(1)
    }
}
