//! `check`: what the policy says of a shell command. Runs nothing.

use std::ffi::OsString;
use std::io::{BufRead as _, Read as _};
use std::path::PathBuf;

use clap::Args;
use countersign_command_risk::render::{Fit, Surface, block};
use countersign_domain::assessment::Finding;
use countersign_domain::verdict::Verdict;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Global, JsonFlag};
use crate::approval::Revealed;
use crate::assessor::{Answered, Assessor};
use crate::config::{Loaded, load};
use crate::failure::{Answer, Failure, Outcome};
use crate::home::{Home, check_private};
use crate::output::{Screen, Tone, inert, inert_line};

/// Longer lines are answered with an error: a command of 10 MiB fits even if each of its bytes is
/// written as an escape.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

/// Say what the policy makes of a shell command, and why. Runs nothing.
///
/// Exit code 0 if it is allowed, 1 if a person is asked or it is forbidden.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign check 'git push --force'
  countersign check --no-config --json 'rm -rf build'
  echo '{\"id\":1,\"command\":\"ls\"}' | countersign check --lines")]
pub(crate) struct CheckArgs {
    /// The command
    #[arg(required_unless_present = "lines", conflicts_with = "lines")]
    command: Option<OsString>,
    /// Read one JSON object a line from standard input: {"id"?, "command", "cwd"?, "render"?,
    /// "limit"?}; answer one a line
    #[arg(long)]
    lines: bool,
    /// The policy of this configuration file [default: config.yaml in the home directory]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<PathBuf>,
    /// The built-in policy
    #[arg(long)]
    no_config: bool,
    /// The working directory [default: this one]
    #[arg(long, value_name = "DIR")]
    cwd: Option<String>,
    #[command(flatten)]
    json: JsonFlag,
}

/// One line of `check --lines`.
#[derive(Debug, Deserialize)]
struct Question {
    #[serde(default)]
    id: Option<Value>,
    command: String,
    #[serde(default)]
    cwd: Option<String>,
    #[serde(default)]
    render: Option<SurfaceName>,
    #[serde(default)]
    limit: Option<usize>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SurfaceName {
    Text,
    Markdown,
    Html,
    Slack,
    Telegram,
    Mattermost,
    Discord,
    Terminal,
}

/// Its answer.
#[derive(Debug, Serialize)]
struct Reply<'a> {
    id: Option<Value>,
    verdict: &'static str,
    findings: Vec<FindingReply<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rendered: Option<String>,
}

#[derive(Debug, Serialize)]
struct FindingReply<'a> {
    id: &'a str,
    severity: &'static str,
    span: (usize, usize),
    message: &'a str,
}

/// Assesses one command, or as many as come in.
pub(crate) fn run(args: &CheckArgs, global: &Global) -> Outcome {
    let screen = Screen::detect();
    let loaded = policy(args, global)?;
    let mut assessor = Assessor::new(&loaded, house(&loaded, global)?)?;
    let cwd = match &args.cwd {
        Some(cwd) => cwd.clone(),
        None => std::env::current_dir()?.to_string_lossy().into_owned(),
    };
    match &args.command {
        // What is no text is shown, and asked about, as U+FFFD.
        Some(command) => one(screen, &mut assessor, &command.to_string_lossy(), (&cwd, args.json)),
        None => lines(screen, &mut assessor, &cwd),
    }
}

fn policy(args: &CheckArgs, global: &Global) -> Result<Loaded, Failure> {
    if args.no_config {
        return Ok(Loaded::defaults());
    }
    if let Some(file) = &args.config {
        return Ok(load(file, &[])?);
    }
    let place = Home::place(global.home.as_deref())?;
    if !place.exists() {
        return Ok(Loaded::defaults());
    }
    let file = Home::open(&place)?.config();
    if !file.exists() {
        return Ok(Loaded::defaults());
    }
    check_private(&file)?;
    Ok(load(&file, &[])?)
}

/// The home and the workspace of the gateway that this policy is meant for.
fn house(loaded: &Loaded, global: &Global) -> Result<Option<(PathBuf, PathBuf)>, Failure> {
    let home = Home::place(global.home.as_deref())?;
    let Ok(home) = std::fs::canonicalize(home) else { return Ok(None) };
    let workspace = match &loaded.config.agent.workspace {
        Some(path) => crate::environment::expanded(path),
        None => home.join("workspace"),
    };
    Ok(Some((home, workspace)))
}

fn one(
    screen: Screen,
    assessor: &mut Assessor<'_>,
    command: &str,
    (cwd, json): (&str, JsonFlag),
) -> Outcome {
    let answered = assessor.assess(command, cwd)?;
    if json.json {
        let mut answer =
            serde_json::to_value(reply(None, &answered, None)).map_err(Failure::refused)?;
        if let Some(fields) = answer.as_object_mut() {
            fields.remove("id");
            fields.insert("revealed".to_owned(), json!(revealed(&answered)));
            fields.insert("covers".to_owned(), json!(answered.covers));
        }
        screen.json(&answer)?;
    } else {
        explain(screen, command, &answered)?;
    }
    match answered.assessment.verdict() {
        Verdict::Allow => Ok(Answer::Yes),
        Verdict::Ask | Verdict::Forbid => Ok(Answer::No),
    }
}

fn explain(screen: Screen, command: &str, answered: &Answered) -> Result<(), Failure> {
    let Answered { assessment, covers, .. } = answered;
    let (tone, what) = match assessment.verdict() {
        Verdict::Allow => (Tone::Good, "runs without a question"),
        Verdict::Ask => (Tone::Warn, "a person is asked"),
        Verdict::Forbid => (Tone::Bad, "never runs, whoever decides"),
    };
    let verdict = screen.tone(tone, assessment.verdict().as_str());
    screen.line(format!("{verdict}: {what}\n"))?;
    for line in inert(command).split('\n') {
        screen.line(format!("  │ {line}"))?;
    }
    for text in revealed(answered).iter().flat_map(Revealed::lines) {
        screen.line(text)?;
    }
    screen.line("")?;
    for finding in assessment.findings() {
        screen.line(format!("  {}", line(screen, finding, command)))?;
    }
    match (assessment.verdict(), covers) {
        (Verdict::Ask, Some(covers)) => {
            let covers = inert_line(covers, 600);
            screen.line(format!("\n  session  would cover in that session: {covers}"))?;
            screen.line(format!("  always   would cover from now on: {covers}"))?;
        }
        (Verdict::Ask, None) => screen.line("\n  Only this one command can be approved.")?,
        (Verdict::Allow | Verdict::Forbid, _) => {}
    }
    Ok(())
}

fn line(screen: Screen, finding: &Finding, command: &str) -> String {
    crate::approval::Finding {
        id: finding.id.to_string(),
        severity: finding.severity.as_str().to_owned(),
        span: finding.span.into(),
        message: finding.message.clone(),
    }
    .line(screen, command)
}

fn lines(screen: Screen, assessor: &mut Assessor<'_>, cwd: &str) -> Outcome {
    let mut input = std::io::stdin().lock();
    loop {
        let mut line = Vec::new();
        let read = input.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(Answer::Yes);
        }
        if line.last() != Some(&b'\n') && u64::try_from(line.len()).is_ok_and(|n| n > LONGEST_LINE)
        {
            input.skip_until(b'\n')?;
            screen.json_line(&json!({"error": "the line is longer than 64 MiB"}))?;
            continue;
        }
        if !line.trim_ascii().is_empty() {
            screen.json_line(&answer(&line, assessor, cwd)?)?;
        }
    }
}

fn answer(line: &[u8], assessor: &mut Assessor<'_>, cwd: &str) -> Result<Value, Failure> {
    // Bytes that are no text and halves of surrogate pairs become U+FFFD, which is asked about.
    let line = without_lone_surrogates(&String::from_utf8_lossy(line));
    let question: Question = match serde_json::from_str(&line) {
        Ok(question) => question,
        Err(error) => {
            // A line that is an object may at least say which one it was.
            let id = serde_json::from_str::<Value>(&line)
                .ok()
                .and_then(|value| value.get("id").cloned());
            let mut answer = json!({"error": error.to_string()});
            if let (Some(id), Some(fields)) = (id, answer.as_object_mut()) {
                fields.insert("id".to_owned(), id);
            }
            return Ok(answer);
        }
    };
    let cwd = question.cwd.as_deref().unwrap_or(cwd);
    let answered = assessor.assess(&question.command, cwd)?;
    let places: Vec<_> =
        answered.assessment.findings().iter().map(|finding| finding.span).collect();
    let fit = Fit { limit: question.limit, keep: &places };
    let rendered =
        question.render.map(|surface| block(&question.command, surface.into(), fit).text);
    serde_json::to_value(reply(question.id, &answered, rendered)).map_err(Failure::refused)
}

/// JSON text in which `\\ud800` and its like, which stand for no character, are `\\ufffd`.
fn without_lone_surrogates(json: &str) -> String {
    let unit = |at: usize| -> Option<u16> {
        let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut out = String::with_capacity(json.len());
    let (mut kept, mut at) = (0, 0);
    while let Some(found) = json.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        let width = match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                out.push_str(json.get(kept..at).unwrap_or_default());
                out.push_str("\\ufffd");
                kept = at + 6;
                6
            }
            (Some(_), _) => 6,
            // Another escape: a backslash and one character.
            (None, _) => {
                1 + json.get(at + 1..).and_then(|s| s.chars().next()).map_or(0, char::len_utf8)
            }
        };
        at += width;
    }
    out.push_str(json.get(kept..).unwrap_or_default());
    out
}

fn revealed(answered: &Answered) -> Vec<Revealed> {
    let shown = |code: &countersign_domain::assessment::Revealed| Revealed {
        how: code.how.as_str().to_owned(),
        text: code.text.clone(),
    };
    answered.revealed.iter().map(shown).collect()
}

fn reply(id: Option<Value>, answered: &Answered, rendered: Option<String>) -> Reply<'_> {
    let assessment = &answered.assessment;
    let findings = assessment.findings().iter().map(|finding| FindingReply {
        id: finding.id.as_str(),
        severity: finding.severity.as_str(),
        span: finding.span.into(),
        message: &finding.message,
    });
    Reply { id, verdict: assessment.verdict().as_str(), findings: findings.collect(), rendered }
}

impl From<SurfaceName> for Surface {
    fn from(name: SurfaceName) -> Self {
        match name {
            SurfaceName::Text => Self::Text,
            SurfaceName::Markdown => Self::Markdown,
            SurfaceName::Html => Self::Html,
            SurfaceName::Slack => Self::Slack,
            SurfaceName::Telegram => Self::TelegramHtml,
            SurfaceName::Mattermost => Self::Mattermost,
            SurfaceName::Discord => Self::Discord,
            SurfaceName::Terminal => Self::Terminal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::without_lone_surrogates;

    #[test]
    fn halves_of_surrogate_pairs_become_replacement_characters() {
        for (json, expected) in [
            (r#""plain""#, r#""plain""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""a\ud83db""#, r#""a\ufffdb""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\"#, r#""\"#),
            ("\"\\\u{e9}\"", "\"\\\u{e9}\""),
        ] {
            assert_eq!(without_lone_surrogates(json), expected, "{json}");
        }
    }
}
