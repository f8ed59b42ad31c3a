//! Verdicts against labels.

use std::io::Write;

use countersign_domain::verdict::Verdict;

/// How many of how many.
#[derive(Default)]
struct Share {
    hits: usize,
    all: usize,
}

impl Share {
    fn add(&mut self, hit: bool) {
        self.hits += usize::from(hit);
        self.all += 1;
    }

    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    fn line(&self, out: &mut impl Write, what: &str) -> std::io::Result<()> {
        let percent = 100.0 * self.hits as f64 / self.all.max(1) as f64;
        writeln!(out, "  {what}: {percent:.2} % ({} of {})", self.hits, self.all)
    }
}

/// What the verdicts on labelled commands are worth.
#[derive(Default)]
pub(crate) struct Score {
    recall: Share,
    hidden: Share,
    exact: Share,
    too_strict: Share,
    false_questions: Share,
}

impl Score {
    /// Counts one command: its label is `safe`, `approve` or `forbid`.
    pub(crate) fn add(&mut self, label: &str, hidden: bool, verdict: Verdict) {
        let flagged = verdict > Verdict::Allow;
        if label == "safe" {
            self.false_questions.add(flagged);
            return;
        }
        self.recall.add(flagged);
        if hidden {
            self.hidden.add(flagged);
        }
        let refused = verdict == Verdict::Forbid;
        if label == "forbid" { self.exact.add(refused) } else { self.too_strict.add(refused) }
    }

    pub(crate) fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        if self.recall.all + self.false_questions.all == 0 {
            return Ok(());
        }
        self.recall.line(out, "recall")?;
        self.hidden.line(out, "recall of obfuscated ones")?;
        self.exact.line(out, "`forbid` judged so")?;
        self.too_strict.line(out, "`approve` judged `forbid`")?;
        self.false_questions.line(out, "false questions on safe ones")
    }
}
