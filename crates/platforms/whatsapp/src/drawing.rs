//! Codes that a bridge has drawn: shown only if there is nothing in them but a drawing.

/// The longest drawing, in bytes.
const LONGEST: usize = 512 * 1024;

/// What may be in a drawing, and what may be said of it.
const ELEMENTS: [&str; 3] = ["svg", "path", "rect"];
const ATTRIBUTES: [&str; 11] = [
    "xmlns",
    "version",
    "viewBox",
    "shape-rendering",
    "fill",
    "d",
    "x",
    "y",
    "width",
    "height",
    "transform",
];

/// Whether a text is a code for a terminal.
pub(crate) fn is_text(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST
        && text.chars().all(|c| matches!(c, '█' | '▀' | '▄' | ' ' | '\n'))
}

/// Whether an SVG is a drawing of paths and rectangles: nothing in it runs, is fetched or is text.
pub(crate) fn is_drawing(svg: &str) -> bool {
    if svg.len() > LONGEST || !svg.starts_with("<svg ") || !svg.trim_end().ends_with("</svg>") {
        return false;
    }
    // Before the first `<` there is nothing.
    svg.split('<').skip(1).all(|part| {
        let Some((tag, after)) = part.split_once('>') else { return false };
        after.trim().is_empty() && is_tag(tag)
    })
}

fn is_tag(tag: &str) -> bool {
    if let Some(closed) = tag.strip_prefix('/') {
        return ELEMENTS.contains(&closed);
    }
    let tag = tag.strip_suffix('/').unwrap_or(tag).trim_end();
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    if !ELEMENTS.contains(&name) {
        return false;
    }
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return true;
        }
        let Some((name, after)) = rest.split_once("=\"") else { return false };
        let Some((value, after)) = after.split_once('"') else { return false };
        if !ATTRIBUTES.contains(&name) || !is_value(name, value) {
            return false;
        }
        rest = after;
    }
}

fn is_value(name: &str, value: &str) -> bool {
    if name == "xmlns" {
        return value == "http://www.w3.org/2000/svg";
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | ',' | '-' | '#');
    value.chars().all(|c| plain(c) || (name == "transform" && matches!(c, '(' | ')')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\">\
                        <path fill=\"#fff\" d=\"M0 0h9v9h-9z\"/><rect x=\"1\" y=\"1\"></rect></svg>";

    #[test]
    fn a_drawing_has_nothing_that_runs_or_is_fetched() {
        assert!(is_drawing(GOOD));
        for (from, to) in [
            ("<path", "<script>alert(1)</script><path"),
            ("<path", "<image href=\"http://example.org/x.png\"/><path"),
            ("<path", "<path onload=\"alert(1)\""),
            ("<path", "<path style=\"fill:url(http://example.org)\""),
            ("#fff", "url(http://example.org/x)"),
            ("<path", "<foreignObject/><path"),
            ("<path", "words<path"),
            ("<path", "<!-- x --><path"),
            ("<path", "<![CDATA[x]]><path"),
            ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"),
            ("</svg>", "</svg><svg onload=\"x\"></svg>"),
            ("<svg ", "<?xml-stylesheet href=\"x\"?><svg "),
            ("9 9\"", "9 9\" fill=\"&#x41;\""),
        ] {
            assert!(!is_drawing(&GOOD.replacen(from, to, 1)), "{to}");
        }
        assert!(!is_drawing("") && !is_drawing("<svg ") && !is_drawing("<svg x</svg>"));
    }

    #[test]
    fn a_text_has_blocks_alone() {
        assert!(is_text("█▀ ▄\n"));
        for text in ["", "\u{1b}[2J█", "█\r", "x", "█\u{202e}"] {
            assert!(!is_text(text), "{text:?}");
        }
    }
}
