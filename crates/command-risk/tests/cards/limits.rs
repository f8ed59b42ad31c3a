//! What a limit leaves: head, tail and the dangerous parts, and a note that says what is missing.

use countersign_command_risk::render::{Fit, Surface, block, inline};
use countersign_command_risk::{Context, Engine, Policy};
use countersign_domain::assessment::Span;
use countersign_domain::digest::Digest;

fn spans(command: &str) -> Vec<Span> {
    let context = Context {
        cwd: "/home/ana/work/shop".into(),
        home: "/home/ana".into(),
        workspace: None,
        user: "ana".into(),
    };
    let analysis = Engine::new(Policy::builtin()).assess(command, &context);
    analysis.assessment().findings().iter().map(|finding| finding.span).collect()
}

#[test]
fn the_dangerous_part_is_shown_wherever_it_stands() {
    let filler = "echo one; ".repeat(300);
    let arguments: String = (0..3_000).map(|n| format!(" f{n}.tmp")).collect();
    for (command, danger) in [
        (format!("{filler}rm -rf /srv/data; {filler}"), "rm -rf /srv/data"),
        (format!("rm -rf /srv/data; {filler}"), "rm -rf /srv/data"),
        (format!("{filler}rm -rf /srv/data"), "rm -rf /srv/data"),
        (format!("{filler}rm{arguments} -rf /srv/data; {filler}"), "-rf /srv/data"),
        (
            format!("{filler}rm -rf /srv/data; {filler}dd if=/dev/zero of=/dev/sda; {filler}"),
            "dd if=/dev/zero of=/dev/sda",
        ),
    ] {
        let keep = spans(&command);
        assert!(!keep.is_empty());
        for surface in Surface::ALL {
            for limit in [1_000, 2_000] {
                let shown = block(&command, surface, Fit::within(limit, &keep));
                assert!(shown.text.contains(danger), "{surface} {limit}: {}", shown.text);
                if surface != Surface::Api {
                    assert!(shown.text.encode_utf16().count() <= limit, "{surface} {limit}");
                }
            }
        }
    }
}

#[test]
fn a_cut_says_how_much_is_missing_and_what_the_whole_is() {
    let text = format!("ls {}; rm -r data", "x".repeat(20_000));
    let shown = block(&text, Surface::Slack, Fit::within(400, &[]));
    assert!(!shown.whole());
    assert!(shown.text.starts_with("```\nls x") && shown.text.ends_with("; rm -r data\n```"));
    let count = shown.text.matches('x').count();
    assert_eq!(shown.left_out, 20_000 - count);
    let note = format!(
        "characters not shown … of 20,015, SHA-256 {}⟩\n",
        Digest::of(text.as_bytes()).short()
    );
    assert!(shown.text.contains(&note), "{}", shown.text);
    assert!(block(&text, Surface::Slack, Fit::WHOLE).whole());
}

#[test]
fn no_limit_is_exceeded_and_no_frame_is_cut() {
    let text = "a`b```c\n\"<&>' \u{202e}é\\_*|| ".repeat(60);
    let keep =
        [Span { start: 40, end: 70 }, Span { start: 300, end: 900 }, Span { start: 7, end: 7 }];
    for surface in Surface::ALL.into_iter().filter(|s| *s != Surface::Api) {
        for limit in (120..1_400).step_by(37) {
            for shown in [
                block(&text, surface, Fit::within(limit, &keep)),
                inline(&text, surface, Fit::within(limit, &keep)),
            ] {
                let length = shown.text.encode_utf16().count();
                assert!(
                    length <= limit || limit < 150,
                    "{surface} {limit} {length}: {}",
                    shown.text
                );
                assert_eq!(
                    shown.whole(),
                    !shown.text.contains("not shown") && !shown.text.contains("⟨…⟩")
                );
                super::read(&shown.text, surface)
                    .unwrap_or_else(|why| panic!("{surface} {limit}: {why}"));
            }
        }
    }
}

#[test]
fn a_surface_has_one_name() {
    for surface in Surface::ALL {
        assert_eq!(surface.as_str().parse(), Ok(surface));
        assert!(serde_json::from_str::<serde_json::Value>(surface.send_with()).is_ok());
    }
}
