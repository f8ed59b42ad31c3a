//! Another spelling that bash runs the same way must not lower the verdict.

use countersign_command_risk::{Context, Engine, Policy};
use proptest::prelude::*;

const BASES: &[&[&str]] = &[
    &["rm", "-rf", "uploads"],
    &["rm", "-rf", "/"],
    &["git", "push", "--force", "origin", "main"],
    &["kubectl", "delete", "pod", "web"],
    &["terraform", "destroy"],
    &["chmod", "-R", "777", "/"],
    &["systemctl", "stop", "countersign"],
    &["npm", "publish"],
    &["shred", "-u", "orders.db"],
    &["mkfs.ext4", "/dev/sda"],
    &["redis-cli", "FLUSHALL"],
    &["dropdb", "shop"],
    &["docker", "volume", "rm", "data"],
    &["kill", "-9", "-1"],
];

fn context() -> Context {
    Context {
        cwd: "/home/ana/work/shop".into(),
        home: "/home/ana".into(),
        workspace: None,
        user: "ana".into(),
    }
}

/// One word, written in another way.
#[expect(clippy::format_collect, reason = "short texts")]
fn respell(word: &str, how: u8) -> String {
    let middle = word.char_indices().nth(word.chars().count() / 2).map_or(0, |(at, _)| at);
    let (head, tail) = word.split_at(middle);
    match how % 8 {
        0 => word.to_owned(),
        1 => format!("'{word}'"),
        2 => format!("\"{word}\""),
        3 => format!("{head}''{tail}"),
        4 => word.chars().map(|c| format!("\\{c}")).collect(),
        5 => format!("$'{}'", word.bytes().map(|b| format!("\\x{b:02x}")).collect::<String>()),
        6 => format!("{head}\\\n{tail}"),
        _ => format!("\"$(printf '%s' '{word}')\""),
    }
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    text.as_bytes()
        .chunks(3)
        .map(|chunk| {
            let n =
                chunk.iter().fold(0_u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
            (0..4)
                .map(|at| {
                    if at > chunk.len() {
                        '='
                    } else {
                        LETTERS
                            .get((n >> (18 - 6 * at) & 63) as usize)
                            .map_or('=', |b| char::from(*b))
                    }
                })
                .collect::<String>()
        })
        .collect()
}

/// A whole command, carried by another.
fn wrap(command: &str, how: u8) -> String {
    let quoted = command.replace('\'', "'\\''");
    // What runs a program cannot run a list or an assignment; a shell between them can.
    let simple = !command.contains([';', '(', '\n', '|', '=', '<', '&', '#'])
        && !command.starts_with("time");
    let carried = if simple { command.to_owned() } else { format!("bash -c '{quoted}'") };
    match how % 18 {
        0 => command.to_owned(),
        1 => format!("ls; {command}"),
        2 => format!("true && {carried}"),
        3 => format!("( {command})"),
        4 => format!("nice -n 5 {carried}"),
        5 => format!("env A=1 {carried}"),
        6 => format!("bash -c '{quoted}'"),
        7 => format!("eval '{quoted}'"),
        8 => format!("f() {{ {command}\n}}; f"),
        9 => format!("if true; then {command}\nfi"),
        10 => format!("timeout 5 {carried}"),
        11 => format!("echo '{}' | base64 -d | sh", base64(command)),
        12 => format!("x='{quoted}'; eval \"$x\""),
        13 => format!("sh <<'END'\n{command}\nEND"),
        14 => format!("echo \"$( {command})\""),
        15 => format!("for i in 1; do {command}\ndone"),
        16 => format!("command {carried} # ls"),
        _ => format!("time {carried} > out.txt 2>&1"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn respelling_and_wrapping_do_not_lower_the_verdict(base in 0..BASES.len(), spellings in prop::collection::vec(any::<u8>(), 6), outer in any::<u8>(), outermost in any::<u8>()) {
        let engine = Engine::new(Policy::builtin());
        let plain = BASES[base].join(" ");
        let before = engine.assess(&plain, &context()).assessment().verdict();
        let words: Vec<String> = BASES[base].iter().zip(&spellings).map(|(word, how)| respell(word, *how)).collect();
        let mutant = wrap(&wrap(&words.join(" "), outer), outermost);
        let after = engine.assess(&mutant, &context());
        prop_assert!(after.assessment().verdict() >= before, "`{}` was {:?}, `{}` is {:?}", plain, before, mutant, after.assessment());
    }
}
