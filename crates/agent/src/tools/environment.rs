//! The environment of the processes that tools start: an allow list, so that nothing of the
//! gateway's own gets in by being forgotten.

use std::collections::BTreeMap;

/// What every process gets, if the gateway has it.
const USUAL: [&str; 13] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TERM",
    "TZ",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NO_COLOR",
];

const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The part of `variables` that tools get: the usual ones and those named in `passed`.
pub fn for_tools(
    variables: impl IntoIterator<Item = (String, String)>,
    passed: &[String],
) -> BTreeMap<String, String> {
    let allowed = |name: &str| {
        USUAL.contains(&name)
            || name.starts_with("LC_")
            || passed.iter().any(|passed| passed == name)
    };
    let mut env: BTreeMap<String, String> =
        variables.into_iter().filter(|(name, _)| allowed(name)).collect();
    env.entry("PATH".to_owned()).or_insert_with(|| DEFAULT_PATH.to_owned());
    env
}

/// Refuses names that would hand the gateway's own secrets to tools.
pub(crate) fn check_passed(name: &str) -> Result<(), String> {
    let valid = !name.is_empty() && !name.contains(['=', '\0']);
    if !valid {
        return Err(format!("`{name}` is not the name of an environment variable"));
    }
    if name == "API_SERVER_KEY" || name.starts_with("COUNTERSIGN_") {
        return Err(format!("`{name}` belongs to the gateway and is never given to tools"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_allowed_gets_through() {
        let pairs = |list: &[(&str, &str)]| -> BTreeMap<String, String> {
            let owned = list.iter();
            owned.map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
        };
        let given = pairs(&[
            ("PATH", "/bin"),
            ("LC_ALL", "C"),
            ("OPENAI_API_KEY", "k"),
            ("CARGO_HOME", "/c"),
        ]);
        assert_eq!(
            for_tools(given, &["CARGO_HOME".to_owned()]),
            pairs(&[("PATH", "/bin"), ("LC_ALL", "C"), ("CARGO_HOME", "/c")])
        );
        assert_eq!(for_tools([], &[]), pairs(&[("PATH", DEFAULT_PATH)]));
        assert!(check_passed("CARGO_HOME").is_ok());
        assert!(check_passed("COUNTERSIGN_HOME").is_err());
    }
}
