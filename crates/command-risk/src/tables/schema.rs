//! The form of a table file, and what it is read into.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::TableError;
use super::matcher::Pattern;
use crate::policy::kinds;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    #[serde(rename = "family")]
    _family: String,
    #[serde(default)]
    tools: BTreeMap<String, ToolEntry>,
    #[serde(default)]
    plain: String,
    #[serde(default)]
    always: BTreeMap<String, String>,
    #[serde(default, rename = "note")]
    _note: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate fact about a tool")]
struct ToolEntry {
    values: String,
    single_dash: bool,
    rules: Vec<String>,
    default: String,
    wraps: Option<u8>,
    effect: String,
    runs: BTreeMap<String, u8>,
    code: BTreeMap<String, String>,
    out: String,
    loads: String,
    meta: bool,
    text: bool,
    writes_last: bool,
}

/// What is known about one tool.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate fact about a tool")]
pub(crate) struct Tool {
    /// Options that take the next word as their value.
    pub(crate) values: Vec<String>,
    /// Long options begin with one dash, so letters are not bundled.
    pub(crate) single_dash: bool,
    /// The first rule that matches says what the tool does.
    pub(crate) rules: Vec<Rule>,
    /// What it does when no rule matches; none is harmless.
    pub(crate) default: Option<&'static str>,
    /// Runs the rest as a command after so many operands.
    pub(crate) wraps: Option<u8>,
    /// An effect that it always has besides.
    pub(crate) effect: Option<&'static str>,
    /// Subcommands after which a command follows, with how many operands come first.
    pub(crate) runs: Vec<(Vec<String>, u8)>,
    /// Options whose value is code, with its language.
    pub(crate) code: Vec<(String, String)>,
    /// Options whose value is a file that is written.
    pub(crate) out: Vec<String>,
    /// Options whose value is a file or directory that code is taken from.
    pub(crate) loads: Vec<String>,
    /// Looks at names and attributes of files only, not at their content.
    pub(crate) meta: bool,
    /// Its operands are mere text.
    pub(crate) text: bool,
    /// Its last operand is a file that is written.
    pub(crate) writes_last: bool,
}

/// An effect, or none for `allow`, and the invocations that have it.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) effect: Option<&'static str>,
    pub(crate) patterns: Vec<Pattern>,
}

/// The tools of one table text, each with its names.
pub(super) fn read(text: &str) -> Result<Vec<(Vec<String>, Tool)>, TableError> {
    let file: TableFile =
        serde_json::from_str(text).map_err(|e| TableError::Shape(e.to_string()))?;
    let mut tools = Vec::new();
    tools.push((split(&file.plain), Tool::default()));
    for (effect, names) in &file.always {
        let default = effect_id(names, effect)?;
        tools.push((split(names), Tool { default, ..Tool::default() }));
    }
    for (names, entry) in file.tools {
        let tool = compile(&names, entry)?;
        tools.push((names.split(',').map(|name| name.trim().to_owned()).collect(), tool));
    }
    Ok(tools)
}

fn split(words: &str) -> Vec<String> {
    words.split_whitespace().map(str::to_owned).collect()
}

fn effect_id(tool: &str, effect: &str) -> Result<Option<&'static str>, TableError> {
    if effect.is_empty() || effect == "allow" {
        return Ok(None);
    }
    kinds::find(effect)
        .map(|kind| Some(kind.id))
        .ok_or_else(|| TableError::Effect { tool: tool.to_owned(), effect: effect.to_owned() })
}

fn compile(name: &str, entry: ToolEntry) -> Result<Tool, TableError> {
    let mut rules = Vec::new();
    for text in &entry.rules {
        let broken = || TableError::Rule { tool: name.to_owned(), rule: text.clone() };
        let (effect, patterns) = text.split_once(": ").ok_or_else(broken)?;
        let effect = effect_id(name, effect)?;
        let patterns =
            patterns.split(';').map(Pattern::read).collect::<Option<_>>().ok_or_else(broken)?;
        rules.push(Rule { effect, patterns });
    }
    // An option whose value is code or a file takes a value, whether that is said twice or not.
    let mut values = split(&entry.values);
    values.extend(entry.code.keys().cloned());
    values.extend(split(&entry.out));
    values.extend(split(&entry.loads));
    Ok(Tool {
        values,
        single_dash: entry.single_dash,
        rules,
        default: effect_id(name, &entry.default)?,
        wraps: entry.wraps,
        effect: effect_id(name, &entry.effect)?,
        runs: entry.runs.into_iter().map(|(path, skip)| (split(&path), skip)).collect(),
        code: entry.code.into_iter().collect(),
        out: split(&entry.out),
        loads: split(&entry.loads),
        meta: entry.meta,
        text: entry.text,
        writes_last: entry.writes_last,
    })
}
