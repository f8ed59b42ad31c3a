//! What holds for every text: checked by the fuzz targets, and by a short run in the tests.
//!
//! Each property takes the bytes that a fuzzer makes and panics where one of its claims is wrong.

mod display;
mod judgement;
#[cfg(test)]
mod runs;
mod syntax;

pub use display::render;
pub use judgement::{assess, code};
pub use syntax::parse;

use countersign_domain::assessment::Span;

fn check_span(text: &str, span: Span, what: &str) {
    assert!(
        text.get(span.start..span.end).is_some(),
        "{what}: {span:?} is no place in a text of {} bytes",
        text.len()
    );
}
