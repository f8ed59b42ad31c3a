//! Input that no shell would take gets a verdict and a finding, never a pass.

use countersign_command_risk::{Analysis, Context, Engine, Policy};
use countersign_domain::verdict::Verdict;

fn assess(command: &str) -> Analysis {
    let ctx = Context {
        cwd: "/home/ana/work/shop".into(),
        home: "/home/ana".into(),
        workspace: None,
        user: "ana".into(),
    };
    Engine::new(Policy::builtin()).assess(command, &ctx)
}

#[test]
fn bad_input_asks_and_says_why() {
    let cases: &[(&str, String, &str)] = &[
        ("10 MB", "a".repeat(10 << 20), "parse.too_long"),
        ("one byte too long", "a".repeat(128 * 1024 + 1), "parse.too_long"),
        ("invalid UTF-8", String::from_utf8_lossy(b"ls \xff\xfe 'a").into_owned(), "parse.error"),
        ("bytes that cannot be read", "ls \u{fffd}".to_owned(), "text.replacement"),
        ("NUL bytes", "ls \0 a".to_owned(), "text.control"),
        ("only NUL bytes", "\0".repeat(100), "text.control"),
        ("a single quote", "echo 'a".to_owned(), "parse.error"),
        ("a double quote", "echo \"a".to_owned(), "parse.error"),
        ("a backtick", "echo `a".to_owned(), "parse.error"),
        ("an ANSI quote", "echo $'a".to_owned(), "parse.error"),
        ("a parenthesis", "(ls".to_owned(), "parse.error"),
        ("a brace", "{ ls".to_owned(), "parse.error"),
        ("a parameter", "echo ${a".to_owned(), "parse.error"),
        ("arithmetic", "echo $((1".to_owned(), "parse.error"),
        ("old arithmetic", "echo $[1".to_owned(), "parse.error"),
        ("a loop", "while true; do ls".to_owned(), "parse.error"),
        ("10,000 substitutions", "$(".repeat(10_000), "parse.too_deep"),
        (
            "10,000 closed substitutions",
            format!("{}a{}", "$(".repeat(10_000), ")".repeat(10_000)),
            "parse.too_deep",
        ),
        ("a here-document", "cat <<E\nls".to_owned(), "parse.error"),
        ("a here-document at the end", "cat <<E".to_owned(), "parse.error"),
        ("too many commands", "ls; ".repeat(30_000), "parse.too_much"),
        ("an array that doubles", "x=(${x[@]} ${x[@]} a);".repeat(60), "parse.too_much"),
        ("a product of braces", "a".to_owned() + &"{a,b}".repeat(20), "parse.too_much"),
    ];
    for (name, command, expected) in cases {
        let analysis = assess(command);
        let assessment = analysis.assessment();
        let ids: Vec<&str> = assessment.findings().iter().map(|f| f.id.as_str()).collect();
        assert!(assessment.verdict() >= Verdict::Ask, "{name}: {ids:?}");
        assert!(ids.contains(expected), "{name}: {ids:?}");
        assert!(analysis.pattern().is_none(), "{name} has a rule");
    }
}

#[test]
fn nothing_at_all_does_nothing() {
    for text in ["", " \t\n", "# rm -rf /", "\\\n"] {
        let analysis = assess(text);
        assert_eq!(analysis.assessment().verdict(), Verdict::Allow, "{text:?}");
        assert!(analysis.commands().is_empty(), "{text:?}");
    }
}

#[test]
fn that_there_is_no_command_is_said_and_asks_nobody() {
    for text in ["", " \t\n"] {
        let analysis = assess(text);
        let ids: Vec<&str> =
            analysis.assessment().findings().iter().map(|f| f.id.as_str()).collect();
        assert_eq!(ids, ["text.empty"], "{text:?}");
    }
}

#[test]
fn a_small_text_does_not_become_a_large_one() {
    // Each would hold hundreds of megabytes if it were followed to its end.
    let texts = [
        format!("x={};{}", "a".repeat(4_000), "y=${x//a/$x$x$x};".repeat(50)),
        "a[1023]=x;".repeat(5_000),
        format!("{}{}", "{a,b}".repeat(9), "a".repeat(8_000)),
        format!("v={};{}", "a".repeat(30_000), "(w=$v;(a));".repeat(3_000)),
        format!("printf '{}%s' {}", "a".repeat(30_000), "b ".repeat(5_000)),
    ];
    for text in texts {
        assert!(assess(&text).commands().len() <= 1_000);
    }
}
