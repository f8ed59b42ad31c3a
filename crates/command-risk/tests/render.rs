//! Text made inert for every surface.

use countersign_command_risk::render::{Surface, render};

#[test]
fn hidden_characters_are_written_out_everywhere() {
    for surface in [
        Surface::Text,
        Surface::Markdown,
        Surface::Html,
        Surface::Slack,
        Surface::Telegram,
        Surface::Mattermost,
        Surface::Discord,
        Surface::Terminal,
    ] {
        let shown = render("ls \u{202e}x\u{1b}[2J\r\u{200b}", surface, None).text;
        for raw in ['\u{202e}', '\u{1b}', '\r', '\u{200b}'] {
            assert!(!shown.contains(raw), "{surface:?}");
        }
        assert!(shown.contains("⟨U+202E⟩") && shown.contains("⟨U+001B⟩"), "{surface:?}: {shown}");
    }
}

#[test]
fn no_text_closes_its_block() {
    let text = "a ```` b\n```\n<b>&amp;</b> <!channel> @all";
    assert!(render(text, Surface::Markdown, None).text.starts_with("`````text\n"));
    assert_eq!(render(text, Surface::Discord, None).text.matches("```").count(), 2);
    let slack = render(text, Surface::Slack, None).text;
    assert!(slack.matches("```").count() == 2 && slack.contains("&lt;!channel&gt;"));
    assert!(render(text, Surface::Telegram, None).text.contains("&lt;b&gt;&amp;amp;&lt;/b&gt;"));
    assert!(!render(text, Surface::Html, None).text.contains('<'));
}

#[test]
fn what_does_not_fit_is_counted_between_head_and_tail() {
    let text = format!("ls {}; rm -r data", "x".repeat(20_000));
    let rendered = render(&text, Surface::Text, Some(200));
    assert!(
        !rendered.whole
            && rendered.text.starts_with("ls x")
            && rendered.text.ends_with("; rm -r data")
    );
    assert!(
        rendered.text.contains(" characters not shown …")
            && rendered.text.encode_utf16().count() <= 200
    );
}

#[test]
fn a_letter_of_another_script_is_marked() {
    assert_eq!(render("g\u{456}t push", Surface::Text, None).text, "gі⟨U+0456⟩t push");
    assert_eq!(render("привет", Surface::Text, None).text, "привет");
}
