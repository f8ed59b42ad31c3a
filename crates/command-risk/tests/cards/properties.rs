//! Any text at all.

use countersign_command_risk::render::{Fit, Surface};
use proptest::prelude::*;

use super::Card;

fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "`",
        "``",
        "```",
        "````",
        "\n",
        "\n\n",
        "\r",
        "\\",
        "~~~",
        " ",
        "  ",
        "\t",
        "<",
        ">",
        "&",
        "&lt;",
        "<!here>",
        "@all",
        "|",
        "||",
        "*",
        "_",
        "#",
        "[x](y)",
        "=?",
        "?=",
        "/yolo",
        "⟨",
        "⟩",
        "⟨U+0041⟩",
        "│ ",
        "x",
        "rm",
        "é",
        "е",
        "ｒ",
        "\u{202e}",
        "\u{200b}",
        "\u{1b}[2J",
        "\u{301}",
        "\u{336}",
        "\u{e0061}",
        "\u{2028}",
        "漢",
        "ש",
        "🙂",
        "</pre>",
        "</code>",
        "\"",
        "'",
        ": ",
        "\u{0}",
        "；",
    ]);
    prop_oneof![
        any::<String>(),
        prop::collection::vec(pieces, 0..24).prop_map(|parts| parts.concat()),
        prop::collection::vec(any::<char>(), 0..40).prop_map(|chars| chars.into_iter().collect()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn texts_stay_in_their_places_and_are_seen_as_they_are(a in hostile(), b in hostile(), c in hostile()) {
        let card = Card::new().block("Command", &a).line("Why", &b).block("Content", &c).line("Reason", &a);
        for surface in Surface::ALL {
            if let Err(why) = card.exact(surface) {
                prop_assert!(false, "{}", why);
            }
        }
    }

    #[test]
    fn cut_texts_stay_in_their_places(a in hostile(), b in hostile(), limit in 40..400_usize, start in 0..200_usize, length in 0..80_usize) {
        let card = Card::new().block("Command", &a.repeat(9)).line("Why", &b);
        let keep = [countersign_domain::assessment::Span { start, end: start + length }];
        for surface in Surface::ALL {
            if let Err(why) = card.seen(surface, Fit::within(limit, &keep)) {
                prop_assert!(false, "{}", why);
            }
        }
    }
}
