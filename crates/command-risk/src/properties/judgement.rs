//! A verdict explains itself, is the same every time, and is not talked down by what stands around.

use std::sync::OnceLock;

use countersign_domain::verdict::Verdict;

use super::syntax::is_doubtful;
use crate::render::is_deceptive;
use crate::{Analysis, Context, Engine, Policy, covers, describe};

/// The languages of code, the shells and one that nobody knows among them.
const LANGUAGES: &[&str] = &[
    "python",
    "perl",
    "ruby",
    "node",
    "php",
    "lua",
    "awk",
    "sql",
    "powershell",
    "r",
    "julia",
    "java",
    "elixir",
    "lisp",
    "tcl",
    "gdb",
    "bash",
    "nobody-knows",
];

/// Assesses any bytes as a shell command.
pub fn assess(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (engine, ctx) = circumstances();
    let analysis = engine.assess(&text, ctx);
    explains_itself(&text, &analysis);
    assert_eq!(analysis, engine.assess(&text, ctx), "another verdict on the same text");
    let doubtful = is_doubtful(&text);
    if doubtful {
        assert!(asks_about_syntax(&analysis), "{text:?} does not parse: {analysis:?}");
    }
    rule_covers_what_it_came_from(&analysis);
    not_talked_down(&text, doubtful);
}

/// Assesses any bytes as code; the first byte selects the language.
pub fn code(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let language =
        LANGUAGES.get(usize::from(*first) % LANGUAGES.len()).copied().unwrap_or_default();
    let text = String::from_utf8_lossy(rest);
    let (engine, ctx) = circumstances();
    let analysis = engine.assess_code(language, &text, ctx);
    explains_itself(&text, &analysis);
    assert_eq!(analysis, engine.assess_code(language, &text, ctx), "another verdict");
    rule_covers_what_it_came_from(&analysis);
}

fn circumstances() -> &'static (Engine, Context) {
    static ENGINE: OnceLock<(Engine, Context)> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let ctx = Context {
            cwd: "/home/ana/work/shop".into(),
            home: "/home/ana".into(),
            workspace: None,
            user: "ana".into(),
        };
        (Engine::new(Policy::builtin()), ctx)
    })
}

/// Every place is one of the text; what asks says why, in a sentence without hidden characters.
fn explains_itself(text: &str, analysis: &Analysis) {
    let assessment = analysis.assessment();
    for finding in assessment.findings() {
        super::check_span(text, finding.span, finding.id.as_str());
        let shown = finding.message.chars().all(|c| c == '\n' || c == '\t' || !is_deceptive(c));
        assert!(shown, "a hidden character in {:?}", finding.message);
        assert!(finding.message.ends_with('.'), "no sentence: {:?}", finding.message);
        assert!(finding.message.chars().count() < 600, "a long sentence: {:?}", finding.message);
    }
    for effect in analysis.effects() {
        super::check_span(text, effect.span, effect.kind);
    }
    for command in analysis.commands() {
        super::check_span(text, command.span, "a command");
    }
    let strictest = assessment.findings().iter().map(|finding| finding.verdict).max();
    assert_eq!(strictest.unwrap_or(Verdict::Allow), assessment.verdict());
}

fn asks_about_syntax(analysis: &Analysis) -> bool {
    let assessment = analysis.assessment();
    let named = assessment.findings().iter().any(|f| f.id.as_str().starts_with("parse."));
    assessment.verdict() >= Verdict::Ask && named && analysis.pattern().is_none()
}

/// A rule made from a command covers that command, and nothing that is forbidden has a rule.
fn rule_covers_what_it_came_from(analysis: &Analysis) {
    let Some(rule) = analysis.pattern() else { return };
    assert_eq!(analysis.assessment().verdict(), Verdict::Ask, "a rule for {analysis:?}");
    assert!(covers(&rule, analysis), "{rule:?} does not cover {analysis:?}");
    assert!(!describe(&rule).is_empty());
}

/// What stands before a forbidden command, or behind it, does not hide it.
fn not_talked_down(text: &str, doubtful: bool) {
    let (engine, ctx) = circumstances();
    let before = engine.assess(&format!("rm -rf /\n{text}"), ctx);
    assert_eq!(before.assessment().verdict(), Verdict::Forbid, "before {text:?}");
    // What is still open at the end, or gives `rm` another meaning, says nothing about the line
    // that follows.
    let redefined = ["()", "function", "alias", "hash", "enable"].iter().any(|w| text.contains(w));
    let leaves = ["exit", "return", "exec"].iter().any(|w| text.contains(w));
    if doubtful || redefined || leaves || text.ends_with('\\') || text.contains('\0') {
        return;
    }
    let after = engine.assess(&format!("{text}\nrm -rf /"), ctx);
    assert!(after.assessment().verdict() >= Verdict::Ask, "behind {text:?}: {after:?}");
}
