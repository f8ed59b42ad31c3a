//! Start-up time and idle memory of the release build, as `docs/performance.md` quotes them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context as _, Result, ensure};

const PROGRAM: &str = "target/release/countersign";
const STARTS: usize = 21;

/// How long the program is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(2);

/// Starts the release build many times on one home and prints medians.
#[expect(clippy::print_stdout, reason = "a build step talks to the person who runs it")]
pub(crate) fn measure() -> Result<()> {
    ensure!(
        Path::new(PROGRAM).exists(),
        "build it first: cargo build --release -p countersign-cli"
    );
    let home = std::env::temp_dir().join(format!("countersign-measure-{}", std::process::id()));
    let first = start(&home)?;
    let first_took = first.took;
    first.stop()?;
    let mut times = Vec::new();
    let mut memory = Vec::new();
    for round in 0..STARTS {
        let started = start(&home)?;
        times.push(started.took);
        // Memory differs little between starts; a few readings are enough.
        if round % 7 == 0 {
            thread::sleep(IDLE);
            memory.push(resident_kib(started.child.id())?);
        }
        started.stop()?;
    }
    fs::remove_dir_all(&home)?;
    times.sort();
    memory.sort_unstable();
    let middle = times.get(times.len() / 2).context("no start was measured")?;
    let slowest = times.last().context("no start was measured")?;
    let idle = memory.get(memory.len() / 2).context("no memory was measured")?;
    println!("first start on a new home        {:6.1} ms", millis(first_took));
    println!("start, median of {STARTS}              {:6.1} ms", millis(*middle));
    println!("start, slowest                   {:6.1} ms", millis(*slowest));
    println!("resident memory, idle            {:6.1} MiB", f64::from(*idle) / 1024.0);
    println!("size of the program              {:6.1} MiB", size_mib()?);
    Ok(())
}

struct Started {
    child: Child,
    took: Duration,
}

impl Started {
    fn stop(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

/// Starts the program; the time is from the start of the process to its first answer.
fn start(home: &Path) -> Result<Started> {
    let begin = Instant::now();
    let mut child = Command::new(PROGRAM)
        .args(["up", "--listen", "127.0.0.1:0", "--no-browser-link", "--home"])
        .arg(home)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let output = child.stdout.take().context("no standard output")?;
    let address = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.trim().strip_prefix("listening").map(|rest| rest.trim().to_owned()))
        .context("the program did not say where it listens")?;
    let mut stream = TcpStream::connect(&address)?;
    write!(stream, "GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "not healthy: {answer}");
    Ok(Started { child, took: begin.elapsed() })
}

fn resident_kib(pid: u32) -> Result<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?;
    Ok(number.parse()?)
}

fn size_mib() -> Result<f64> {
    let kib = u32::try_from(fs::metadata(PROGRAM)?.len() / 1024)?;
    Ok(f64::from(kib) / 1024.0)
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}
