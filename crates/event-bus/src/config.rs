//! The section `bus`: how several nodes wake each other.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::nats::{Encryption, InvalidPrefix, NatsServer, Prefix};

/// How several nodes wake each other. Without it each looks at the store now and then.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BusConfig {
    /// `nats://HOST:PORT`, or `tls://HOST:PORT` for a server that must prove who it is; several of one
    /// cluster with commas between them. A user, a user and a password, or a token may stand before
    /// the first host. `${NAME}` stands for an environment variable.
    pub url: Option<String>,
    /// What the subjects on the server begin with: several houses may share one.
    #[schemars(length(min = 1, max = 64))]
    pub prefix: String,
    /// Name of the environment variable that holds the password; a token if `bus.url` names no user.
    pub password_env: Option<String>,
    /// The file that holds it.
    pub password_file: Option<PathBuf>,
    /// A file with the seed of an nkey, or credentials as `nsc` writes them.
    pub credentials_file: Option<PathBuf>,
    /// The file with the certificates that may vouch for the server; by default those of this
    /// machine. With it connections are always encrypted.
    pub ca_file: Option<PathBuf>,
    /// The certificate that this node shows, as PEM; needs `bus.key_file`.
    pub certificate_file: Option<PathBuf>,
    /// The key of that certificate.
    pub key_file: Option<PathBuf>,
}

/// A value that cannot be used; names its key.
#[derive(Debug, thiserror::Error)]
#[error("`{key}`: {problem}")]
pub struct BusConfigError {
    /// The key, with dots.
    pub key: &'static str,
    /// What is wrong, and what is accepted.
    pub problem: String,
}

impl Default for BusConfig {
    fn default() -> Self {
        Self {
            url: None,
            prefix: "countersign".to_owned(),
            password_env: None,
            password_file: None,
            credentials_file: None,
            ca_file: None,
            certificate_file: None,
            key_file: None,
        }
    }
}

// The address may hold a password.
impl std::fmt::Debug for BusConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BusConfig")
            .field("url", &self.url.as_ref().map(|_| "…"))
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl BusConfig {
    /// The server that is meant, if there is one; `environment` reads a variable, `filled` puts
    /// variables into an address.
    pub fn server(
        &self,
        environment: impl Fn(&str) -> Option<String>,
        filled: impl Fn(&str) -> Result<String, String>,
    ) -> Result<Option<NatsServer>, BusConfigError> {
        let prefix = self.checked_prefix()?;
        let encryption = self.encryption()?;
        let secret = self.password(environment)?;
        let Some(url) = &self.url else {
            return Ok(None);
        };
        let address = filled(url).map_err(|problem| wrong("bus.url", problem))?;
        let mut server = NatsServer::parse(&address, secret)
            .map_err(|error| wrong("bus.url", error.to_string()))?;
        if let Some(file) = &self.credentials_file {
            let content = read("bus.credentials_file", file)?;
            server = server
                .with_credentials(&content)
                .map_err(|error| wrong("bus.credentials_file", error.to_string()))?;
        }
        Ok(Some(server.with_prefix(prefix).with_encryption(encryption)))
    }

    /// Whether a start would take the values, wherever it happens: what is in the environment and
    /// in files is known only there.
    pub fn check(
        &self,
        filled: impl Fn(&str) -> Result<String, String>,
    ) -> Result<(), BusConfigError> {
        if self.password_env.is_some() && self.password_file.is_some() {
            return Err(two_passwords());
        }
        let told = self.password_env.is_some() || self.password_file.is_some();
        if told && self.credentials_file.is_some() {
            return Err(wrong("bus.credentials_file", "a password is named too; use one of them"));
        }
        let elsewhere = Self {
            password_env: told.then(|| "GIVEN".to_owned()),
            password_file: None,
            credentials_file: None,
            ..self.clone()
        };
        elsewhere.server(|_| Some("given".to_owned()), filled).map(drop)
    }

    fn checked_prefix(&self) -> Result<Prefix, BusConfigError> {
        Prefix::parse(&self.prefix)
            .map_err(|error: InvalidPrefix| wrong("bus.prefix", error.to_string()))
    }

    fn encryption(&self) -> Result<Encryption, BusConfigError> {
        let certificate = match (&self.certificate_file, &self.key_file) {
            (Some(certificate), Some(key)) => Some((certificate.clone(), key.clone())),
            (None, None) => None,
            (Some(_), None) => return Err(wrong("bus.key_file", "the certificate needs its key")),
            (None, Some(_)) => {
                return Err(wrong("bus.certificate_file", "the key needs its certificate"));
            }
        };
        Ok(Encryption { ca_file: self.ca_file.clone(), certificate })
    }

    fn password(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<String>, BusConfigError> {
        match (&self.password_env, &self.password_file) {
            (Some(_), Some(_)) => Err(two_passwords()),
            (Some(name), None) => {
                let found = environment(name).filter(|value| !value.is_empty());
                let unset = || format!("the environment variable `{name}` is not set");
                found.map(Some).ok_or_else(|| wrong("bus.password_env", unset()))
            }
            (None, Some(path)) => read("bus.password_file", path).map(Some),
            (None, None) => Ok(None),
        }
    }
}

fn two_passwords() -> BusConfigError {
    wrong("bus.password_file", "`bus.password_env` is set too; use one of them")
}

fn read(key: &'static str, path: &Path) -> Result<String, BusConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong(key, format!("`{}`: {error}", path.display())))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(wrong(key, format!("`{}` is empty", path.display())));
    }
    Ok(text.to_owned())
}

fn wrong(key: &'static str, problem: impl Into<String>) -> BusConfigError {
    BusConfigError { key, problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(config: &BusConfig) -> String {
        let environment = |name: &str| (name == "BUS_PASSWORD").then(|| "p".to_owned());
        match config.server(environment, |text| Ok(text.to_owned())) {
            Ok(None) => "none".to_owned(),
            Ok(Some(server)) => format!("{server:?} {:?}", server.secrets()),
            Err(error) => error.to_string(),
        }
    }

    fn at(url: &str) -> BusConfig {
        BusConfig { url: Some(url.to_owned()), ..Default::default() }
    }

    #[test]
    fn by_default_there_is_none() {
        assert_eq!(said(&BusConfig::default()), "none");
        assert_eq!(said(&at("nats://h:4222")), "NatsServer(nats://h:4222, countersign) []");
        let second = BusConfig { prefix: "second.house".to_owned(), ..at("tls://a,tls://b") };
        assert_eq!(said(&second), "NatsServer(tls://a,tls://b, second.house) []");
    }

    #[test]
    fn a_password_comes_from_one_place() {
        let named = BusConfig { password_env: Some("BUS_PASSWORD".into()), ..at("nats://cs@h") };
        assert_eq!(said(&named), "NatsServer(nats://h, countersign) [\"p\"]");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "from a file\n").unwrap();
        let filed = BusConfig { password_file: Some(file.path().into()), ..at("nats://h") };
        assert_eq!(said(&filed), "NatsServer(nats://h, countersign) [\"from a file\"]");
        let seed = format!("SU{}", "A".repeat(56));
        std::fs::write(file.path(), format!("{seed}\n")).unwrap();
        let key = BusConfig { credentials_file: Some(file.path().into()), ..at("nats://h") };
        assert_eq!(said(&key), format!("NatsServer(nats://h, countersign) [\"{seed}\"]"));
    }

    #[test]
    fn what_cannot_be_used_names_its_key() {
        for (config, expected) in [
            (at("redis://x"), "`bus.url`: it is not an address"),
            (BusConfig { prefix: "a b".into(), ..at("nats://h") }, "`bus.prefix`: use letters"),
            (
                BusConfig { password_env: Some("NO".into()), ..at("nats://h") },
                "`bus.password_env`: the environment variable `NO` is not set",
            ),
            (
                BusConfig { password_file: Some("/no".into()), ..at("nats://h") },
                "`bus.password_file`: `/no`: ",
            ),
            (
                BusConfig { certificate_file: Some("/no".into()), ..at("tls://h") },
                "`bus.key_file`: the certificate needs its key",
            ),
        ] {
            assert!(said(&config).starts_with(expected), "{}", said(&config));
        }
    }

    #[test]
    fn what_is_elsewhere_is_not_missed_by_a_check() {
        let filled = |text: &str| Ok(text.to_owned());
        let elsewhere = BusConfig {
            password_env: Some("NO".into()),
            ca_file: Some("/no".into()),
            ..at("tls://cs@h")
        };
        assert!(elsewhere.check(filled).is_ok());
        let both = BusConfig { credentials_file: Some("/no".into()), ..elsewhere };
        assert!(both.check(filled).unwrap_err().to_string().contains("use one of them"));
    }

    #[test]
    fn an_address_is_never_printed() {
        assert!(!format!("{:?}", at("nats://cs:s3cret@h")).contains("s3cret"));
    }
}
