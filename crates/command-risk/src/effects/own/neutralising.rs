//! Settings that take a guard's teeth out.

/// Whether a text contains a setting that takes the guard's teeth out.
pub(crate) fn neutralises(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    NEUTRALISING.iter().any(|word| {
        lower.match_indices(word).any(|(at, _)| {
            let behind = lower.get(at + word.len()..).and_then(|rest| rest.bytes().next());
            !behind.is_some_and(|b| b.is_ascii_alphanumeric() && !word.ends_with("able"))
        })
    })
}

/// Words that, written into a policy or given to a tool of the guard, take its teeth out.
const NEUTRALISING: &[&str] = &[
    "allow-all",
    "allow_all",
    "allowall",
    "\"off\"",
    "'off'",
    "=off",
    "= off",
    ": off",
    " off",
    "/off",
    "disable",
    "bypass",
    "yolo",
    "enabled = false",
    "enabled: false",
    "enabled=false",
    "=false",
    "enforcement false",
    "never_ask",
    "never-ask",
    "mode: allow",
    "mode = \"allow\"",
    "mode=allow",
    "auto-approve",
    "auto_approve",
    "approve-all",
    "approve_all",
    "\"*\"",
    "'*'",
    "permissive",
    "ask=never",
    "default: allow",
    "default = \"allow\"",
    "default=allow",
    "enforce = false",
    "enforce: false",
    "enforce=false",
    "unrestricted",
    "default allow",
    "mode allow",
    "ask/allow",
    "deny/allow",
    "forbid/allow",
    "ask/off",
    "/deny",
    "/forbid",
];
