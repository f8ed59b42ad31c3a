//! Which server, and how one proves oneself there.

use std::fmt;
use std::path::PathBuf;

use async_nats::{ConnectOptions, ServerAddr};
use url::Url;

use super::subjects::Prefix;

/// A NATS server, or several of one cluster.
#[derive(Clone)]
pub struct NatsServer {
    /// What subjects begin with.
    pub prefix: Prefix,
    pub(super) addresses: Vec<ServerAddr>,
    pub(super) credentials: Credentials,
    pub(super) encryption: Encryption,
}

/// How one proves oneself.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Not at all.
    #[default]
    None,
    /// With a word that all share.
    Token(String),
    /// With a name and a word.
    Password {
        /// The name.
        user: String,
        /// The word.
        password: String,
    },
    /// With the seed of a key whose public part the server knows.
    Nkey(String),
    /// With a file as `nsc` writes it: a user's token, and the seed of its key.
    File(String),
}

/// Files for encrypted connections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encryption {
    /// Who may vouch for the server; by default whoever this machine trusts.
    pub ca_file: Option<PathBuf>,
    /// The certificate that one shows and its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

/// Why a text names no server. Never quotes it, because it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServer {
    /// It is none.
    #[error("it is not an address: write `nats://HOST:PORT` or `tls://HOST:PORT`")]
    Address,
    /// There is more in it.
    #[error("only user, password, host and port belong in it")]
    TooMuch,
    /// Of several servers, the first says who one is.
    #[error("of several addresses only the first may name a user, who is the same on all")]
    Users,
    /// There are two ways to prove oneself.
    #[error("use one of: a user in the address, a password or token, a file with credentials")]
    Ambiguous,
    /// What should be a key or token is none.
    #[error("this is neither a seed (`SU…`) nor a file with credentials as `nsc` writes it")]
    Credentials,
}

impl NatsServer {
    /// The servers in `addresses`, with commas between them. What an address says of the user is
    /// completed by `secret`, a password, or a token where no user is named.
    pub fn parse(addresses: &str, secret: Option<String>) -> Result<Self, InvalidServer> {
        let mut urls = Vec::new();
        for address in addresses.split(',') {
            urls.push(parsed(address.trim())?);
        }
        let credentials = match urls.split_first() {
            Some((first, others)) => {
                if others.iter().any(|url| !url.username().is_empty() || url.password().is_some()) {
                    return Err(InvalidServer::Users);
                }
                credentials(first, secret)?
            }
            None => return Err(InvalidServer::Address),
        };
        let addresses = urls.into_iter().map(|url| {
            let bare = without_user(url).ok_or(InvalidServer::Address)?;
            ServerAddr::from_url(bare).map_err(|_| InvalidServer::Address)
        });
        Ok(Self {
            prefix: Prefix::parse("countersign").map_err(|_| InvalidServer::Address)?,
            addresses: addresses.collect::<Result<_, _>>()?,
            credentials,
            encryption: Encryption::default(),
        })
    }

    /// With the content of a file: a seed, or credentials as `nsc` writes them.
    pub fn with_credentials(mut self, content: &str) -> Result<Self, InvalidServer> {
        if self.credentials != Credentials::None {
            return Err(InvalidServer::Ambiguous);
        }
        let content = content.trim();
        self.credentials = if is_seed(content) {
            Credentials::Nkey(content.to_owned())
        } else {
            // Read strictly here, because later it would only be tried again and again.
            ConnectOptions::with_credentials(content).map_err(|_| InvalidServer::Credentials)?;
            Credentials::File(content.to_owned())
        };
        Ok(self)
    }

    /// For the house of that prefix.
    #[must_use]
    pub fn with_prefix(self, prefix: Prefix) -> Self {
        Self { prefix, ..self }
    }

    /// With connections encrypted like this.
    #[must_use]
    pub fn with_encryption(self, encryption: Encryption) -> Self {
        Self { encryption, ..self }
    }

    /// What must not be shown.
    pub fn secrets(&self) -> Vec<String> {
        match &self.credentials {
            Credentials::None => Vec::new(),
            Credentials::Token(secret)
            | Credentials::Password { password: secret, .. }
            | Credentials::Nkey(secret) => vec![secret.clone()],
            Credentials::File(content) => content
                .lines()
                .map(str::trim)
                .filter(|line| line.len() > 20 && !line.contains([' ', '*']))
                .filter(|line| !line.starts_with('-'))
                .map(str::to_owned)
                .collect(),
        }
    }

    /// Whether a password or token may go over a network without encryption.
    pub(super) fn may_be_overheard(&self) -> bool {
        let is_told =
            matches!(self.credentials, Credentials::Token(_) | Credentials::Password { .. });
        let is_near = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "::1");
        let is_open = |address: &ServerAddr| !address.tls_required() && !is_near(address.host());
        is_told && self.encryption == Encryption::default() && self.addresses.iter().any(is_open)
    }

    /// How one connects.
    pub(super) fn options(&self) -> ConnectOptions {
        let mut options = match &self.credentials {
            Credentials::None => ConnectOptions::new(),
            Credentials::Token(token) => ConnectOptions::with_token(token.clone()),
            Credentials::Password { user, password } => {
                ConnectOptions::with_user_and_password(user.clone(), password.clone())
            }
            Credentials::Nkey(seed) => ConnectOptions::with_nkey(seed.clone()),
            // It was read when it was taken.
            Credentials::File(content) => {
                ConnectOptions::with_credentials(content).unwrap_or_default()
            }
        };
        if let Some(file) = &self.encryption.ca_file {
            options = options.add_root_certificates(file.clone());
        }
        if let Some((certificate, key)) = &self.encryption.certificate {
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        options.require_tls(self.encryption != Encryption::default())
    }
}

impl fmt::Display for NatsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, address) in self.addresses.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{}", address.as_url_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for NatsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NatsServer({self}, {})", self.prefix)
    }
}

fn parsed(address: &str) -> Result<Url, InvalidServer> {
    let url = Url::parse(address).map_err(|_| InvalidServer::Address)?;
    if !matches!(url.scheme(), "nats" | "tls") || url.host_str().is_none_or(str::is_empty) {
        return Err(InvalidServer::Address);
    }
    let nothing_else =
        matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if nothing_else { Ok(url) } else { Err(InvalidServer::TooMuch) }
}

fn credentials(url: &Url, secret: Option<String>) -> Result<Credentials, InvalidServer> {
    let user = decoded(url.username()).ok_or(InvalidServer::Address)?;
    let inside = url.password().map(|text| decoded(text).ok_or(InvalidServer::Address));
    match (user.is_empty(), inside.transpose()?, secret) {
        (_, Some(_), Some(_)) => Err(InvalidServer::Ambiguous),
        (true, None, None) => Ok(Credentials::None),
        (true, None, Some(token)) => Ok(Credentials::Token(token)),
        // As NATS's own tools read it.
        (false, None, None) => Ok(Credentials::Token(user)),
        (_, Some(password), None) | (false, None, Some(password)) => {
            Ok(Credentials::Password { user, password })
        }
    }
}

fn without_user(mut url: Url) -> Option<Url> {
    url.set_password(None).ok()?;
    url.set_username("").ok()?;
    Some(url)
}

fn is_seed(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'A'..=b'Z' | b'2'..=b'7');
    text.len() == 58 && text.starts_with("SU") && text.bytes().all(is_digit)
}

/// `text` of an address, with its `%XX` replaced.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let digits = part.get(..2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str, secret: Option<&str>) -> Result<NatsServer, InvalidServer> {
        NatsServer::parse(address, secret.map(str::to_owned))
    }

    #[test]
    fn an_address_says_who_one_is() {
        let token = |token: &str| Credentials::Token(token.to_owned());
        let password = |password: &str| Credentials::Password {
            user: "cs".to_owned(),
            password: password.to_owned(),
        };
        for (address, secret, expected) in [
            ("nats://h", None, Credentials::None),
            ("nats://h:4222", Some("t"), token("t")),
            ("nats://t%20%C3%A4@h", None, token("t ä")),
            ("nats://cs:p%40@h", None, password("p@")),
            ("nats://cs@h,nats://other", Some("p"), password("p")),
        ] {
            let server = read(address, secret).unwrap();
            assert!(server.credentials == expected, "{address}");
        }
    }

    #[test]
    fn what_names_no_server_is_refused_without_quoting_it() {
        for (address, secret, expected) in [
            ("", None, InvalidServer::Address),
            ("h:4222", None, InvalidServer::Address),
            ("http://h", None, InvalidServer::Address),
            ("nats://", None, InvalidServer::Address),
            ("nats://h,", None, InvalidServer::Address),
            ("nats://cs:%zz@h", None, InvalidServer::Address),
            ("nats://h/x", None, InvalidServer::TooMuch),
            ("nats://h?tls=1", None, InvalidServer::TooMuch),
            ("nats://h,nats://cs:p@i", None, InvalidServer::Users),
            ("nats://cs:p@h", Some("q"), InvalidServer::Ambiguous),
        ] {
            assert_eq!(read(address, secret).unwrap_err(), expected, "{address}");
        }
        let both = read("nats://cs:p@h", None).unwrap().with_credentials("x");
        assert_eq!(both.unwrap_err(), InvalidServer::Ambiguous);
        let neither = read("nats://h", None).unwrap().with_credentials("SU123");
        assert_eq!(neither.unwrap_err(), InvalidServer::Credentials);
    }

    #[test]
    fn what_is_shown_holds_no_secret() {
        let server = read("nats://cs:s3cret@h:1,tls://[::1]:2", None).unwrap();
        assert_eq!(server.to_string(), "nats://h:1,tls://[::1]:2");
        assert!(!format!("{server:?}").contains("s3cret"));
        assert_eq!(server.secrets(), ["s3cret"]);
    }

    #[test]
    fn a_password_in_the_clear_is_noticed() {
        for (address, expected) in [
            ("nats://t@h", true),
            ("tls://t@h", false),
            ("tls://t@h,nats://i", true),
            ("nats://t@127.0.0.1", false),
            ("nats://h", false),
        ] {
            assert_eq!(read(address, None).unwrap().may_be_overheard(), expected, "{address}");
        }
    }
}
