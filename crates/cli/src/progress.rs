//! How far something has come that takes longer than a moment: on a terminal only.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// What is done sooner needs no words.
const MOMENT: Duration = Duration::from_secs(1);

/// How often the line is written anew.
const AGAIN: Duration = Duration::from_millis(100);

/// One line on standard error that is written over and over, and gone at the end.
#[derive(Debug)]
pub(crate) struct Meter {
    what: String,
    of: Option<u64>,
    next: Option<Instant>,
    line: Line,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Empty,
    Written,
}

impl Meter {
    /// Begins with `what`, of which there are so many steps, if that is known. Without a terminal
    /// nothing is ever said.
    pub(crate) fn start(what: &str, of: Option<u64>) -> Self {
        let able = std::env::var_os("TERM").is_none_or(|value| value != "dumb");
        let next = (io::stderr().is_terminal() && able).then(|| Instant::now() + MOMENT);
        Self { what: what.to_owned(), of, next, line: Line::Empty }
    }

    /// The same where the output itself goes elsewhere: it would be torn by a line in between.
    pub(crate) fn beside_output(what: &str, of: Option<u64>) -> Self {
        let mut meter = Self::start(what, of);
        if io::stdout().is_terminal() {
            meter.next = None;
        }
        meter
    }

    /// The same where there is a terminal, and nothing where lines have to do.
    pub(crate) fn on_terminal(what: &str, of: u64) -> Option<Self> {
        let meter = Self::start(what, Some(of));
        meter.next.is_some().then_some(meter)
    }

    /// So many steps are done.
    pub(crate) fn at(&mut self, done: u64) {
        let Some(next) = self.next else { return };
        let now = Instant::now();
        if now < next {
            return;
        }
        self.next = Some(now + AGAIN);
        self.line = Line::Written;
        // A terminal that is gone is no reason to stop.
        drop(write!(io::stderr().lock(), "\r\u{1b}[K{}", told(&self.what, done, self.of)));
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if self.line == Line::Written {
            drop(write!(io::stderr().lock(), "\r\u{1b}[K"));
        }
    }
}

fn told(what: &str, done: u64, of: Option<u64>) -> String {
    match of {
        Some(of) if of > 0 => {
            let percent = done.saturating_mul(100) / of;
            format!("{what}: {done} of {of} ({} %)", percent.min(100))
        }
        Some(_) | None => format!("{what}: {done}"),
    }
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn it_says_how_much_of_how_much() {
        assert_eq!(told("checking", 5, Some(20)), "checking: 5 of 20 (25 %)");
        assert_eq!(told("checking", 30, Some(20)), "checking: 30 of 20 (100 %)");
        assert_eq!(told("checking", 5, Some(0)), "checking: 5");
        assert_eq!(told("checking", 5, None), "checking: 5");
    }
}
