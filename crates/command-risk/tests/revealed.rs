//! What a card says besides the command: what it decodes to, and what a rule would keep.

use countersign_command_risk::{Analysis, Context, Engine, Policy, Reveal, describe_worst_first};

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
fn what_would_really_run_is_revealed() {
    for (command, how, text) in [
        ("echo cm0gLXJmIC4vZGF0YQ== | base64 -d | sh", Reveal::Decoded, "rm -rf ./data"),
        ("echo 726d202d7266202e2f64617461 | xxd -r -p | bash", Reveal::Decoded, "rm -rf ./data"),
        ("echo 'atad/. fr- mr' | rev | sh", Reveal::Decoded, "rm -rf ./data"),
        ("tr 'n-za-m' 'a-z' <<< 'ez -es ./qngn' | sh", Reveal::Decoded, "rm -rf ./data"),
        ("eval \"$(printf '\\162\\155 -rf ./data')\"", Reveal::Decoded, "rm -rf ./data"),
        ("bash <(echo cm0gLXJmIC4vZGF0YQ== | base64 -d)", Reveal::Decoded, "rm -rf ./data"),
        ("$'\\x72\\x6d' -rf ./data", Reveal::Resolved, "rm -rf ./data"),
        ("r''m -rf './my data'", Reveal::Resolved, "rm -rf ./my data"),
        ("X=rm; $X -rf ./data", Reveal::Resolved, "rm -rf ./data"),
        ("rm -rf ~/notes", Reveal::Resolved, "rm -rf /home/ana/notes"),
        // Not followed, but the reader sees what is in it.
        (
            "openssl enc -d -a <<< cm0gLXJmIC4vZGF0YQ== | \"$SHELL_OF_MINE\"",
            Reveal::Decoded,
            "rm -rf ./data",
        ),
    ] {
        let analysis = assess(command);
        assert!(
            analysis.revealed().iter().any(|shown| shown.how == how && shown.text == text),
            "{command}: {:?}",
            analysis.revealed()
        );
    }
}

#[test]
fn what_can_be_read_as_it_stands_is_not_said_twice() {
    for command in [
        "rm -rf ./data",
        "bash -c 'rm -rf ./data'",
        "sudo bash -c \"rm -rf ./data\"",
        "X='rm -rf ./data'; echo done",
        "echo cm0gLXJmIC4vZGF0YQ== | base64 -d",
        "git push --force origin topic",
        "sh <<E\nrm -rf ./data\nE",
        "ls",
    ] {
        assert_eq!(assess(command).revealed(), [], "{command}");
    }
}

#[test]
fn hidden_code_cannot_flood_the_card() {
    let command = "echo cm0gLXJmIC4vZGF0YQ== | base64 -d | sh -c 'x $(cat)'; eval $A;".repeat(400);
    assert!(assess(&command).revealed().len() <= 8);
    let nested: Vec<String> = (0..300).map(|n| format!("eval \"r\"'m '{n};")).collect();
    assert!(assess(&nested.concat()).revealed().len() <= 8);
}

#[test]
fn no_rule_keeps_a_credential() {
    for command in [
        "mysql -u root --password hunter2 shop -e 'delete from users'",
        "mysql -uroot -phunter2 shop -e 'delete from users'",
        "curl -u ana:hunter2 -X DELETE https://api.example.com/x",
        "curl -H 'Authorization: Bearer abcdef' -X DELETE https://api.example.com/x",
        "git push --force https://ana:hunter2@git.example.com/x.git",
        "kubectl create secret generic x --from-literal=password=hunter2",
        "docker login -u ana -p hunter2 registry.example.com",
        "echo bXlzcWwgLXVyb290IC1waHVudGVyMiBzaG9wIC1lICdkZWxldGUgZnJvbSB1c2Vycyc= | base64 -d | sh",
    ] {
        assert_eq!(assess(command).pattern(), None, "{command}");
    }
    let rule = assess("PGPASSWORD=hunter2 psql -c 'delete from users'").pattern();
    assert!(!format!("{rule:?}").contains("hunter2"));
    assert!(assess("git push --force origin topic").pattern().is_some());
}

#[test]
fn the_most_severe_command_is_named_first() {
    let analysis = assess("git push --force origin topic && rm -r one && npm publish");
    let rule = analysis.pattern().expect("a rule");
    let sentence = describe_worst_first(&rule, &analysis);
    let severities: Vec<_> = analysis.assessment().findings().iter().map(|f| f.severity).collect();
    assert!(severities.is_sorted_by(|a, b| a >= b));
    // Findings of one command, in the order of severity, lead its part of the sentence.
    let first = analysis.assessment().findings().first().expect("a finding");
    let named = ["git push", "rm -r", "npm publish"]
        .into_iter()
        .find(|name| {
            let at = "git push --force origin topic && rm -r one && npm publish".find(name);
            at == Some(first.span.start)
        })
        .expect("the command of the first finding");
    assert!(sentence.starts_with(&format!("`{named}")), "{sentence}");
}
