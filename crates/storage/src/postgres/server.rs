//! Where the database is, and how it is spoken to.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode};
use url::Url;

use super::tls::{self, Trust};

/// How long making a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How long the network may swallow what was sent.
const UNANSWERED: Duration = Duration::from_secs(10);

/// A PostgreSQL database, as an address names it: `postgres://USER@HOST/DATABASE?sslmode=…`.
#[derive(Clone)]
pub struct Server {
    pub(crate) config: tokio_postgres::Config,
    pub(super) tls: Option<tls::Connector>,
    shown: String,
}

/// Why an address cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidServer {
    /// Not an address.
    #[error("it is not an address such as `postgres://USER@HOST/DATABASE`: {0}")]
    Address(String),
    /// A way of encryption that there is not, or that protects nobody.
    #[error(
        "`sslmode={0}` is not supported: write `verify-full` (encrypted, and the server proves who \
         it is), `require` (encrypted, the server is believed) or `disable`"
    )]
    Mode(String),
    /// The certificates cannot be read.
    #[error("`sslrootcert={path}`: {problem}", path = .0.display(), problem = .1)]
    Certificates(PathBuf, String),
    /// This machine has no list of certificates.
    #[error("this machine's certificates cannot be used ({0}); name a file: `sslrootcert=FILE`")]
    NoCertificates(String),
}

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Disable,
    Require,
    VerifyFull,
}

impl Server {
    /// The server at `address`; `password` counts more than one in the address.
    ///
    /// Without `sslmode` a server on this machine is spoken to in the clear, and any other one
    /// must prove who it is.
    pub fn parse(address: &str, password: Option<&str>) -> Result<Self, InvalidServer> {
        let told = |error: &dyn std::fmt::Display| InvalidServer::Address(error.to_string());
        let mut url = Url::parse(address).map_err(|error| told(&error))?;
        if !["postgres", "postgresql"].contains(&url.scheme()) {
            return Err(told(&format!("it begins with `{}:`", url.scheme())));
        }
        let ours = |name: &str| ["sslmode", "sslrootcert"].contains(&name);
        let (given, rest): (Vec<_>, Vec<_>) =
            url.query_pairs().into_owned().partition(|(name, _)| ours(name));
        url.set_query(None);
        if !rest.is_empty() {
            // Not as in forms, where a space is a plus sign: the driver reads percent signs alone.
            let rest: Vec<_> = rest
                .iter()
                .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
                .collect();
            url.set_query(Some(&rest.join("&")));
        }
        let mut config: tokio_postgres::Config = url
            .as_str()
            .parse()
            .map_err(|error: tokio_postgres::Error| told(&super::fault::words(&error)))?;
        if let Some(password) = password {
            config.password(password);
        }
        let setting = |wanted: &str| {
            given.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
        };
        let mode = match setting("sslmode") {
            None if is_here(&config) => Mode::Disable,
            None | Some("verify-full") => Mode::VerifyFull,
            Some("require") => Mode::Require,
            Some("disable") => Mode::Disable,
            Some(other) => return Err(InvalidServer::Mode(other.to_owned())),
        };
        let tls = match mode {
            Mode::Disable => None,
            Mode::Require => Some(tls::Connector::new(&Trust::Anybody)?),
            Mode::VerifyFull => {
                let roots = setting("sslrootcert").map(PathBuf::from);
                Some(tls::Connector::new(&roots.map_or(Trust::System, Trust::File))?)
            }
        };
        config
            .ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable })
            .connect_timeout(CONNECT)
            .tcp_user_timeout(UNANSWERED)
            .keepalives_idle(Duration::from_secs(30));
        if config.get_application_name().is_none() {
            config.application_name("countersign");
        }
        Ok(Self { shown: shown(&config), config, tls })
    }

    /// The password, to be kept out of what is shown.
    pub fn password(&self) -> Option<String> {
        self.config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Server").field(&self.shown).finish()
    }
}

/// Whether the server is on this machine, so that nobody listens in between.
fn is_here(config: &tokio_postgres::Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
    })
}

/// The address without what is secret.
fn shown(config: &tokio_postgres::Config) -> String {
    let ports = config.get_ports();
    let port = |place: usize| ports.get(place).or(ports.first()).copied().unwrap_or(5432);
    let hosts: Vec<_> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(place, host)| match host {
            Host::Unix(path) => path.display().to_string(),
            Host::Tcp(name) => format!("{name}:{}", port(place)),
        })
        .collect();
    let user = config.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("postgres://{user}{}/{database}", hosts.join(","))
}

/// `text` as part of an address.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encrypted(address: &str) -> Option<bool> {
        Server::parse(address, None).ok().map(|server| server.tls.is_some())
    }

    #[test]
    fn a_server_on_this_machine_is_spoken_to_in_the_clear() {
        for address in [
            "postgres://cs@localhost/cs",
            "postgres://cs@127.0.0.1:5433/cs",
            "postgres://cs@[::1]/cs",
            "postgresql:///cs?host=/run/postgresql",
            "postgres://cs@%2Frun%2Fpostgresql/cs",
        ] {
            assert_eq!(encrypted(address), Some(false), "{address}");
        }
    }

    #[test]
    fn any_other_server_is_not() {
        assert_eq!(encrypted("postgres://cs@db.internal/cs?sslmode=require"), Some(true));
        assert_eq!(encrypted("postgres://cs@db.internal/cs?sslmode=disable"), Some(false));
        assert_ne!(encrypted("postgres://cs@db.internal/cs"), Some(false));
    }

    #[test]
    fn what_can_be_talked_down_is_refused() {
        for mode in ["prefer", "allow", "verify-ca", "on"] {
            let refused = Server::parse(&format!("postgres://cs@db/cs?sslmode={mode}"), None);
            assert!(matches!(refused, Err(InvalidServer::Mode(_))), "{mode}");
        }
        for address in ["mysql://db/cs", "db", "postgres://cs@db/cs?colour=red"] {
            let refused = Server::parse(address, None);
            assert!(matches!(refused, Err(InvalidServer::Address(_))), "{address}: {refused:?}");
        }
        let missing = "postgres://cs@db/cs?sslmode=verify-full&sslrootcert=/nonexistent";
        let refused = Server::parse(missing, None);
        assert!(matches!(refused, Err(InvalidServer::Certificates(..))), "{refused:?}");
    }

    #[test]
    fn a_password_is_never_shown() {
        let server = Server::parse("postgres://cs:s3cret@127.0.0.1:5433/state", None).unwrap();
        assert_eq!(server.to_string(), "postgres://cs@127.0.0.1:5433/state");
        assert!(!format!("{server:?}").contains("s3cret"));
        assert_eq!(server.password().as_deref(), Some("s3cret"));
        let given = Server::parse("postgres://cs:old@localhost/state", Some("new")).unwrap();
        assert_eq!(given.password().as_deref(), Some("new"));
    }
}
