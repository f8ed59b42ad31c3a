//! Codes to scan, drawn.

use qrcodegen::{QrCode, QrCodeEcc};

/// So many light modules stand around a code.
const MARGIN: i32 = 4;

/// A code, drawn twice.
pub(crate) struct Drawn {
    /// For a page.
    pub(crate) svg: String,
    /// For a terminal: two rows a line, a dark module is a block.
    pub(crate) text: String,
}

/// Draws what `code` says; `None` if it is too long for any code.
pub(crate) fn draw(code: &str) -> Option<Drawn> {
    let qr = QrCode::encode_text(code, QrCodeEcc::Low).ok()?;
    Some(Drawn { svg: svg(&qr), text: text(&qr) })
}

fn svg(qr: &QrCode) -> String {
    let side = qr.size() + 2 * MARGIN;
    let mut path = String::new();
    for y in 0..qr.size() {
        for x in 0..qr.size() {
            if qr.get_module(x, y) {
                path.extend(["M", &(x + MARGIN).to_string(), " ", &(y + MARGIN).to_string()]);
                path.push_str("h1v1h-1z");
            }
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/>\
         <path fill=\"#000\" d=\"{path}\"/></svg>"
    )
}

fn text(qr: &QrCode) -> String {
    let all = -MARGIN..qr.size() + MARGIN;
    let mut text = String::new();
    for y in all.clone().step_by(2) {
        for x in all.clone() {
            // What is outside of the code is light.
            text.push(match (qr.get_module(x, y), qr.get_module(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_light_around_it_and_is_the_same_in_both_drawings() {
        let drawn = draw("2@abc,def").unwrap();
        let lines: Vec<&str> = drawn.text.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() == lines[0].chars().count()));
        assert!(lines[0].trim().is_empty() && lines[1].trim().is_empty());
        let dark: usize = drawn
            .text
            .chars()
            .map(|c| match c {
                '█' => 2,
                '▀' | '▄' => 1,
                _ => 0,
            })
            .sum();
        assert_eq!(dark, drawn.svg.matches("h1v1h-1z").count());
        assert!(draw(&"x".repeat(3000)).is_none());
    }
}
