//! Names that say of a file that it holds credentials, wherever it stands.

/// Names that say so wherever they stand.
#[expect(
    clippy::too_many_lines,
    reason = "a list of cases read from top to bottom; splitting it would hide the order"
)]
pub(super) fn is_secret_name(name: &str) -> bool {
    if !name.contains('.') {
        return [
            "id_rsa",
            "id_dsa",
            "id_ecdsa",
            "id_ed25519",
            "id_*",
            "identity",
            "credentials",
            "secrets",
            "passwords",
            "kubeconfig",
        ]
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret));
    }
    let harmless = ["example", "sample", "template", "dist", "test", "schema", "md", "pub"];
    if name.rsplit('.').take(2).any(|part| harmless.contains(&part)) {
        return false;
    }
    let lower = name.to_ascii_lowercase();
    if lower == ".env"
        || lower.starts_with(".env.")
        || lower == ".htpasswd"
        || lower == ".netrc"
        || lower == ".pgpass"
        || lower == ".token"
        || has_ending(&lower, "token")
    {
        return true;
    }
    if ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_*", "identity"].contains(&lower.as_str())
    {
        return true;
    }
    if ["pem", "p12", "pfx", "jks", "keystore", "kdbx", "ppk", "keytab", "agekey", "ovpn"]
        .iter()
        .any(|e| has_ending(&lower, e))
    {
        return !["cert", "ca.", "ca-", "chain", "public"].iter().any(|word| lower.contains(word));
    }
    if has_ending(&lower, "key") {
        return !lower.contains("public");
    }
    let Some((stem, ending)) = lower.rsplit_once('.') else {
        return matches!(
            lower.as_str(),
            "credentials" | "secrets" | "passwords" | ".npmrc" | ".pypirc" | "kubeconfig"
        );
    };
    let stem = stem.strip_suffix(".enc").unwrap_or(stem);
    let secret_stem = [
        "secret",
        "secrets",
        "credentials",
        "credential",
        "passwords",
        "password",
        "service-account",
        "serviceaccount",
        "api_key",
        "apikey",
        "token",
        "vault",
    ];
    DATA_ENDINGS.contains(&ending)
        && secret_stem.iter().any(|s| {
            stem == *s
                || stem.ends_with(&format!("-{s}"))
                || stem.ends_with(&format!("_{s}"))
                || stem.starts_with(&format!("{s}-"))
                || stem.starts_with(&format!("{s}."))
        })
}

const DATA_ENDINGS: &[&str] = &[
    "txt",
    "json",
    "yml",
    "yaml",
    "toml",
    "env",
    "ini",
    "cfg",
    "conf",
    "csv",
    "xml",
    "properties",
    "enc",
    "gpg",
    "db",
];

pub(super) fn has_ending(name: &str, ending: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
}
