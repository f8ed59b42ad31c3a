//! No text makes the engine panic, overflow or pass what it could not read.

use countersign_command_risk::render::{Fit, Surface, block, inline};
use countersign_command_risk::{Context, Engine, Policy};
use countersign_domain::verdict::Verdict;
use proptest::prelude::*;

fn context() -> Context {
    Context {
        cwd: "/home/ana/work/shop".into(),
        home: "/home/ana".into(),
        workspace: None,
        user: "ana".into(),
    }
}

#[test]
fn hostile_repetitions_end_in_a_question_within_a_small_stack() {
    let pieces = [
        "$(",
        "`",
        "((",
        "{a,",
        "<<E$[\t\t",
        "eval ",
        "sudo ",
        "env ",
        "if ",
        "case x in ",
        "f() { ",
        "${a:-",
        "x=$x$x;",
        "xargs ",
        "find . -exec ",
    ];
    let handle = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
        let engine = Engine::new(Policy::builtin());
        for piece in pieces {
            let text: String = piece.repeat(128 * 1024 / piece.len());
            let analysis = engine.assess(&text, &context());
            assert_eq!(analysis.assessment().verdict(), Verdict::Ask, "{piece}");
        }
        let long = "a".repeat(10 << 20);
        assert_eq!(engine.assess(&long, &context()).assessment().verdict(), Verdict::Ask);
        assert_eq!(engine.assess("", &context()).assessment().verdict(), Verdict::Allow);
    });
    handle.expect("a thread starts").join().expect("no panic");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_judged_and_rendered(text in any::<String>(), limit in prop::option::of(0..200_usize)) {
        let engine = Engine::new(Policy::builtin());
        engine.assess(&text, &context());
        engine.assess_code("python", &text, &context());
        for surface in Surface::ALL {
            let fit = Fit { limit, keep: &[] };
            block(&text, surface, fit);
            inline(&text, surface, fit);
        }
    }

    #[test]
    fn shell_like_text_is_judged(text in prop::collection::vec(prop::sample::select(vec!["a", " ", "$", "(", ")", "{", "}", "'", "\"", "`", "\\", "\n", "|", "&", ";", "<", ">", "[", "]", "x=", "if", "then", "fi", "do", "case", "in", "esac", "*", "~", "/", "rm", "-rf", "sh", "-c", "eval", "#", "!", "<<E", "é", "xargs", "python3"]), 0..60)) {
        Engine::new(Policy::builtin()).assess(&text.concat(), &context());
    }
}
