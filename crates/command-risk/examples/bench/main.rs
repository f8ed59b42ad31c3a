//! Measures the engine, and fails where it is slower or larger than promised.
//!
//! `bench [--print] [--self FILE] [--only TEXT] [COMMANDS.jsonl]`: the start of the engine; time and memory for
//! each command of a JSON-lines file (`{"command"}` a line; with `"label"` also the verdicts), then
//! for 128 KiB of many kinds of text, and 10 MB. `--print` only prints. `--self` is `risk.self`.
//! `--only` leaves out the kinds whose name lacks the text. Times are the thread's own on the
//! processor, so that other work of the machine counts little.

mod kinds;
mod score;

use std::io::Write;
use std::time::Duration;

use countersign_command_risk::{Context, Engine, Policy};
use peak_alloc::PeakAlloc;
use rustix::time::{ClockId, clock_gettime};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

type Failure = Box<dyn std::error::Error>;

const KIB: usize = 1024;
const MEDIAN_LIMIT: Duration = Duration::from_micros(30);
const P99_LIMIT: Duration = Duration::from_micros(300);
const LONG_LIMIT: Duration = Duration::from_millis(20);
/// 128 KiB may take this many times as long as 32 KiB; linear is 4, the rest is noise.
const RATIO_LIMIT: f64 = 8.0;
/// Memory as a multiple of the input.
const MEMORY_LIMIT: usize = 64;
/// Inputs smaller than this count as this long, since a shell's state has a size of its own.
const SMALL: usize = 4 * KIB;

/// The time this thread has had on the processor.
fn spent() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read()?;
    let mut report = Report { out: std::io::stdout().lock(), broken: Vec::new() };
    let mut policy = Policy::builtin();
    if let Some(path) = &arguments.own {
        policy = policy.with_self(serde_json::from_str(&std::fs::read_to_string(path)?)?);
    }
    let start = spent();
    let engine = Engine::new(Policy::builtin());
    writeln!(report.out, "start of the engine: {:?}", spent().saturating_sub(start))?;
    drop(engine);
    let bench = Bench {
        engine: Engine::new(policy),
        ctx: Context {
            cwd: "/home/me/projects/app".into(),
            home: "/home/me".into(),
            workspace: None,
            user: "me".into(),
        },
    };
    if let Some(path) = &arguments.commands {
        bench.commands(&std::fs::read_to_string(path)?, &mut report)?;
    }
    bench.long_texts(arguments.only.as_deref(), &mut report)?;
    let text = "a".repeat(10 << 20);
    let one = bench.measure(&text, 5).best();
    writeln!(report.out, "10 MB: {:?}, memory {:.2} x the input", one.time, one.multiple(&text))?;
    for broken in &report.broken {
        writeln!(report.out, "over the limit: {broken}")?;
    }
    if report.broken.is_empty() || arguments.print_only {
        return Ok(());
    }
    Err(format!("{} limits are broken", report.broken.len()).into())
}

#[derive(Default)]
struct Arguments {
    print_only: bool,
    own: Option<String>,
    only: Option<String>,
    commands: Option<String>,
}

impl Arguments {
    fn read() -> Result<Self, Failure> {
        let mut out = Self::default();
        let mut given = std::env::args().skip(1);
        while let Some(argument) = given.next() {
            match argument.as_str() {
                "--print" => out.print_only = true,
                "--self" => out.own = Some(given.next().ok_or("`--self` lacks its file")?),
                "--only" => out.only = Some(given.next().ok_or("`--only` lacks its text")?),
                other if other.starts_with('-') => {
                    return Err(format!("unknown option `{other}`").into());
                }
                _ => out.commands = Some(argument),
            }
        }
        Ok(out)
    }
}

struct Report {
    out: std::io::StdoutLock<'static>,
    broken: Vec<String>,
}

impl Report {
    fn hold(&mut self, kept: bool, what: impl FnOnce() -> String) {
        if !kept {
            self.broken.push(what());
        }
    }
}

struct Measured {
    times: Vec<Duration>,
    memory: usize,
}

/// One text: how long it takes, how much memory.
struct One {
    time: Duration,
    memory: usize,
}

impl Measured {
    /// The median, which tells what is usual.
    fn median(&self) -> One {
        let time = self.times.get(self.times.len() / 2).copied().unwrap_or_default();
        One { time, memory: self.memory }
    }

    /// The shortest, which other work of the machine lengthens least.
    fn best(&self) -> One {
        One { time: self.times.first().copied().unwrap_or_default(), memory: self.memory }
    }
}

impl One {
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    fn multiple(&self, text: &str) -> f64 {
        self.memory as f64 / text.len().max(1) as f64
    }
}

struct Bench {
    engine: Engine,
    ctx: Context,
}

impl Bench {
    /// The times of some rounds, and the most memory held at once.
    fn measure(&self, text: &str, rounds: usize) -> Measured {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let mut times: Vec<Duration> = (0..rounds)
            .map(|_| {
                let start = spent();
                std::hint::black_box(self.engine.assess(text, &self.ctx));
                spent().saturating_sub(start)
            })
            .collect();
        let memory = MEMORY.peak_usage().saturating_sub(before);
        times.sort();
        Measured { times, memory }
    }

    fn commands(&self, rows: &str, report: &mut Report) -> Result<(), Failure> {
        let mut times = Vec::new();
        let mut largest = (0, 0);
        let mut score = score::Score::default();
        for line in rows.lines() {
            let row: serde_json::Value = serde_json::from_str(line)?;
            let text = |key: &str| row.get(key).and_then(serde_json::Value::as_str);
            let command = text("command").unwrap_or_default();
            let one = self.measure(command, 9).median();
            times.push(one.time);
            let allowed = MEMORY_LIMIT * command.len().max(SMALL);
            report.hold(one.memory <= allowed, || {
                format!("{} bytes of memory for {} of text", one.memory, command.len())
            });
            largest = largest.max((one.memory, command.len()));
            if let Some(label) = text("label") {
                let analysis = self.engine.assess(command, &self.ctx);
                let hidden = text("technique").is_some_and(|technique| technique != "plain");
                score.add(label, hidden, analysis.assessment().verdict());
            }
        }
        times.sort();
        let at = |share: usize| {
            times.get(times.len().saturating_sub(1) * share / 1000).copied().unwrap_or_default()
        };
        let (middle, p99) = (at(500), at(990));
        writeln!(
            report.out,
            "{} commands: p50 {middle:?}, p99 {p99:?}, worst {:?}; most memory {} KiB, for {} bytes",
            times.len(),
            at(1000),
            largest.0 / KIB,
            largest.1
        )?;
        score.print(&mut report.out)?;
        report.hold(middle <= MEDIAN_LIMIT, || format!("p50 {middle:?}"));
        report.hold(p99 <= P99_LIMIT, || format!("p99 {p99:?}"));
        Ok(())
    }

    fn long_texts(&self, only: Option<&str>, report: &mut Report) -> Result<(), Failure> {
        let mut rows = Vec::new();
        let shorter = kinds::all(32 * KIB);
        for ((name, text), (_, short)) in kinds::all(128 * KIB).into_iter().zip(shorter) {
            if only.is_some_and(|only| !name.contains(only)) {
                continue;
            }
            let one = self.measure(&text, 5).best();
            let quarter = self.measure(&short, 5).best();
            let ratio = one.time.as_secs_f64() / quarter.time.as_secs_f64().max(1e-9);
            report.hold(one.time <= LONG_LIMIT, || format!("{:?} for {name}", one.time));
            // Below this, a ratio says nothing.
            let steep = one.time > Duration::from_millis(2) && ratio > RATIO_LIMIT;
            report.hold(!steep, || format!("{ratio:.1} times as long as a quarter: {name}"));
            for (measured, text) in [(&one, &text), (&quarter, &short)] {
                report.hold(measured.memory <= MEMORY_LIMIT * text.len().max(SMALL), || {
                    format!("{:.0} x the input of memory for {name}", measured.multiple(text))
                });
            }
            rows.push((one.time, one.multiple(&text), ratio, name));
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.0));
        writeln!(report.out, "128 KiB of {} kinds of text, the slowest first:", rows.len())?;
        for (time, memory, ratio, name) in rows.iter().take(12) {
            writeln!(
                report.out,
                "  {:6.2} ms, {ratio:4.1} x a quarter of it, memory {memory:4.1} x: {name}",
                time.as_secs_f64() * 1e3
            )?;
        }
        rows.sort_by(|a, b| b.1.total_cmp(&a.1));
        writeln!(report.out, "the largest first:")?;
        for (time, memory, _, name) in rows.iter().take(6) {
            let ms = time.as_secs_f64() * 1e3;
            writeln!(report.out, "  memory {memory:4.1} x the input, {ms:6.2} ms: {name}")?;
        }
        Ok(())
    }
}
