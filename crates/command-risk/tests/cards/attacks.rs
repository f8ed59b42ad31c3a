//! One text a trick, on every surface and in both forms.

use countersign_command_risk::render::Surface;

use super::Card;
use super::reader::without_notes;

/// Name, hostile text, and what a reader must see of it, notes aside.
const ATTACKS: [(&str, &str, &str); 62] = [
    ("fence", "ls\n```\n# Approved by ana\n```\nrm -r x", "# Approved by ana"),
    ("longer fence", "a ```` b\n`````\nrm", "````` "),
    ("tilde fence", "~~~\nrm\n~~~", "~~~"),
    ("ticks at both ends", "`rm`", "rm"),
    ("two ticks", "``rm``", "rm"),
    ("one tick", "a ` b", "a ` b"),
    ("tick at the end", "rm x`", "rm x"),
    ("backslash at the end", "rm x \\", "rm x \\"),
    ("backslash before a tick", "rm \\` x", "rm \\` x"),
    ("language line", "python\nrm -r x", "python"),
    ("diff colours", "diff\n+ safe\n- rm", "+ safe"),
    ("bold", "**safe** __safe__ *x* _y_", "**safe** __safe__ *x* _y_"),
    ("strike", "~~rm~~ ~rm~", "~~rm~~ ~rm~"),
    ("spoiler", "||rm -r x||", "||rm -r x||"),
    ("heading", "# Approved\n## Safe", "# Approved"),
    ("underlined heading", "Approved\n========", "Approved"),
    ("quotation", "> ana: yes\n>>> bob: yes", "> ana: yes"),
    ("list", "- ok\n* ok\n1. ok\n- [x] reviewed", "- [x] reviewed"),
    ("rule", "a\n---\nb", "---"),
    ("table", "| verdict |\n| --- |\n| safe |", "| verdict |"),
    ("link", "[https://good.test](https://evil.test)", "(https://evil.test)"),
    ("reference link", "[ok][1]\n\n[1]: https://evil.test", "[1]: https://evil.test"),
    ("image", "![x](https://evil.test/p.png)", "![x](https://evil.test/p.png)"),
    ("auto link", "<https://evil.test> https://evil.test www.evil.test", "<https://evil.test>"),
    ("html", "<b>x</b><script>alert(1)</script><img src=x onerror=y>", "<script>alert(1)</script>"),
    ("html comment", "<!-- rm --> ]]> <![CDATA[", "<!-- rm -->"),
    ("fold", "<details><summary>x</summary>rm</details>", "<details>"),
    ("end of pre", "</pre></code></bdi><h1>Approved</h1>", "</pre></code></bdi><h1>"),
    ("entities", "&lt;b&gt; &amp;lt; &#60; &nbsp;", "&lt;b&gt; &amp;lt; &#60; &nbsp;"),
    ("attribute", "\" onmouseover=\"x' autofocus='", "\" onmouseover=\"x' autofocus='"),
    ("form", "<form action=/v1/x><button>Deny</button>", "<button>Deny</button>"),
    ("json island", "'</script><script>alert(1)</script>'", "</script><script>"),
    ("json", "\"},\"verdict\":\"allow\",\"x\":{\"\\u0022", "\"},\"verdict\":\"allow\""),
    ("event stream", "x\n\ndata: {\"event\":\"approval.resolved\"}\n\n", "data: {"),
    ("mentions", "@here @channel @everyone @all @room @ana", "@here @channel @everyone @all"),
    ("slack mentions", "<!channel> <!here> <@U012AB> <#C01> <!subteam^S1>", "<!channel> <!here>"),
    ("slack link", "<https://evil.test|https://good.test>", "<https://evil.test|"),
    ("slack date", "<!date^1^{date}^https://evil.test|x>", "<!date^1^"),
    ("discord mentions", "<@123> <@&1> <#1> </approve:1> <t:1:R> <:x:1>", "<@123> <@&1>"),
    ("telegram mention", "[x](tg://user?id=1) <tg-spoiler>rm</tg-spoiler>", "tg://user?id=1"),
    ("teams mention", "<at>everyone</at>", "<at>everyone</at>"),
    ("matrix pill", "<a href=\"https://matrix.to/#/@a:b\">a</a>", "matrix.to"),
    ("bot command", "/approve appr_1 once\n/yolo", "/approve appr_1"),
    ("emoji", ":white_check_mark: :x:", ":white_check_mark:"),
    ("hashtag", "#channel ~town-square !approve", "#channel ~town-square"),
    ("telegram reserved", "_*[]()~`>#+-=|{}.!\\", "_*[]()~`>#+-=|{}.!\\"),
    ("maths", "$$x$$ \\(x\\) \\[x\\]", "$$x$$"),
    ("header", "x\r\nBcc: eve@evil.test\r\n\r\nbody", "Bcc: eve@evil.test"),
    ("encoded word", "=?utf-8?B?QXBwcm92ZWQ=?=", "=utf-8"),
    ("signature", "-- \nrm\nFrom ana\n.\n", "From ana"),
    ("fake field", "ls\nVerdict: safe\nDigest: 0000", "Verdict: safe"),
    ("fake escape", "ls ⟨U+200B⟩ ⟨… 9 characters not shown …⟩", "9 characters not shown"),
    ("gutter", "ls\n│ rm", "│ rm"),
    ("escape sequences", "\u{1b}[2J\u{1b}]8;;https://evil.test\u{7}x\u{9b}1A", "[2J"),
    ("carriage return", "rm -r x\rls        ", "rm -r x"),
    ("backspace", "rm\u{8}\u{8}ls\u{7f}", "rm"),
    ("line separators", "ls\u{2028}Verdict: safe\u{2029}x\u{85}\u{b}\u{c}", "Verdict: safe"),
    ("bidi", "ls \u{202e}txt.mr\u{202c} \u{2066}x\u{2069} \u{200f}", "txt.mr"),
    ("zero width", "r\u{200b}m\u{feff} \u{2060}-r\u{ad}f", "rm -rf"),
    ("tags", "ls\u{e0072}\u{e006d}", "ls"),
    ("blanks", "ls\u{a0}x\u{3000}y\u{2800}z\tw", "lsxyz"),
    ("floods", "ok\u{336}\u{489}\u{336}\u{489} a\u{301}\u{301}\u{301}\u{301}\u{301} fine", "fine"),
];

#[test]
fn no_trick_takes_effect_anywhere() {
    let mut broken = Vec::new();
    for (name, text, seen) in ATTACKS {
        for surface in Surface::ALL {
            let card = Card::new().block("Command", text).line("Why", text).line("Reason", "fine");
            match card.exact(surface) {
                Ok(read) => {
                    let shown = without_notes(&read.texts[0]);
                    let in_line = without_notes(&read.texts[1]);
                    // Ticks are written out where a surface cannot hold them.
                    let holds = |shown: &str| {
                        let bare = |text: &str| text.replace(['`', '?'], "");
                        shown.contains(seen.trim()) || bare(shown).contains(&bare(seen.trim()))
                    };
                    let escaped =
                        surface == Surface::Api || name == "blanks" || name == "encoded word";
                    if !(escaped || holds(&shown) && holds(&in_line)) {
                        broken.push(format!("{name} on {surface}: {shown:?} / {in_line:?}"));
                    }
                }
                Err(why) => broken.push(format!("{name} on {why}")),
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_line_break_never_leaves_a_line() {
    for surface in Surface::ALL {
        let line = countersign_command_risk::render::inline(
            "a\nb\r\nc\td",
            surface,
            countersign_command_risk::render::Fit::WHOLE,
        );
        assert!(!line.text.contains(['\n', '\r', '\t']), "{surface}: {}", line.text);
    }
}

#[test]
fn look_alike_letters_and_signs_are_marked_and_honest_text_is_left_alone() {
    use countersign_command_risk::render::visible;
    assert_eq!(visible("g\u{456}t push"), "gі⟨U+0456⟩t push");
    assert_eq!(visible("\u{ff52}\u{ff4d} -rf x"), "ｒ⟨U+FF52⟩ｍ⟨U+FF4D⟩ -rf x");
    assert_eq!(visible("ls \u{ff1b}rm x"), "ls ；⟨U+FF1B⟩rm x");
    assert_eq!(visible("rm \u{2013}rf"), "rm –⟨U+2013⟩rf");
    assert_eq!(visible("a\u{2215}b"), "a∕⟨U+2215⟩b");
    for honest in [
        "привет, мир",
        "حذف الملفات القديمة",
        "מחיקת קבצים",
        "古いファイルを削除する；はい",
        "löscht alte Dateien – wirklich",
        "supprime “tout”",
        "Việt Nam nguyễn",
        "हिन्दी ภาษาไทย",
        "ok 🙂",
    ] {
        assert_eq!(visible(honest), honest);
    }
}

#[test]
fn floods_are_counted() {
    use countersign_command_risk::render::visible;
    assert_eq!(visible(&format!("ls{}; rm", " ".repeat(4_000))), "ls⟨4,000 blanks⟩; rm");
    assert_eq!(visible(&format!("ls{}rm", "\n".repeat(90))), "ls\n⟨90 line breaks⟩\nrm");
    assert_eq!(visible(&format!("ls{}rm", "\u{200b}".repeat(500))), "ls⟨U+200B ×500⟩rm");
    assert_eq!(
        visible(&format!("e{}x", "\u{301}".repeat(100))),
        "e\u{301}\u{301}\u{301}⟨97 more combining marks⟩x"
    );
    assert_eq!(visible("r\u{336}m\u{336}"), "r⟨U+0336⟩m⟨U+0336⟩");
    assert_eq!(visible("rm x  \nls"), "rm x  ⟨end⟩\nls");
}
