//! Which names this gateway answers to. A page of another site whose name was made to point here
//! (DNS rebinding) sends that name, and gets nothing.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::config::HttpConfig;
use crate::problem::Problem;
use crate::server::App;

/// The names and origins of this gateway.
pub(crate) struct Hosts {
    names: BTreeSet<String>,
    /// Listening on every address, any address may be the one that was meant. An address cannot
    /// be rebound; only names can.
    any_address: bool,
    public: Option<(String, String)>,
    base: String,
}

impl Hosts {
    pub(crate) fn new(config: &HttpConfig, local: SocketAddr) -> Self {
        let public = config.public_url.as_deref().and_then(split_url);
        let mut names: BTreeSet<String> =
            ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).into();
        names.extend(config.allowed_hosts.iter().map(|name| bare(name)));
        names.extend(public.iter().map(|(_, authority)| bare(authority)));
        names.insert(bare(&config.listen));
        names.insert(bare(&local.to_string()));
        let base = match &config.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if local.ip().is_unspecified() => format!("http://localhost:{}", local.port()),
            None => format!("http://{local}"),
        };
        Self { names, any_address: local.ip().is_unspecified(), public, base }
    }

    /// What links begin with.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Whether browsers reach this gateway over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.public.as_ref().is_some_and(|(scheme, _)| scheme == "https")
    }

    /// Whether `origin` is the one of the page that this gateway serves under `host`.
    pub(crate) fn is_own_origin(&self, origin: &str, host: &str) -> bool {
        let Some((scheme, authority)) = split_url(origin) else {
            return false;
        };
        let host = host.to_ascii_lowercase();
        match &self.public {
            Some((public_scheme, public)) if *public == authority => scheme == *public_scheme,
            Some(_) | None => scheme == "http" && authority == host,
        }
    }

    fn answers_to(&self, host: &str) -> bool {
        let name = bare(host);
        if self.names.contains(&name) {
            return true;
        }
        let digits = name.trim_start_matches('[').trim_end_matches(']');
        self.any_address && digits.parse::<IpAddr>().is_ok()
    }
}

/// The host that a request names.
pub(crate) fn host_of<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let mut given = headers.get_all(HOST).iter();
    match (given.next(), given.next()) {
        (Some(host), None) => host.to_str().ok(),
        (None, _) => uri.authority().map(axum::http::uri::Authority::as_str),
        (Some(_), Some(_)) => None,
    }
}

/// Refuses requests that name another host.
pub(crate) async fn check_host(State(app): State<App>, request: Request, next: Next) -> Response {
    // A platform calls back by whatever name it was given, and proves itself; no browser's cookie
    // counts there, so that nothing is gained by another name.
    let by_platform = request.uri().path().starts_with("/platforms/");
    match host_of(request.headers(), request.uri()) {
        Some(_) if by_platform => next.run(request).await,
        Some(host) if app.hosts.answers_to(host) => next.run(request).await,
        Some(_) | None => {
            let message = "this gateway does not answer to the name in `Host`; \
                 add it to `gateway.allowed_hosts` if it should";
            Problem::new(StatusCode::MISDIRECTED_REQUEST, "host_not_allowed", message)
                .about("Host")
                .into_response()
        }
    }
}

/// A host without its port, in lowercase; an IPv6 address keeps its brackets.
fn bare(host: &str) -> String {
    let end = match host.rfind(']') {
        Some(bracket) => bracket + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    host.get(..end).unwrap_or_default().trim_end_matches('.').to_ascii_lowercase()
}

/// Scheme and authority of an absolute URL, in lowercase.
fn split_url(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().filter(|text| !text.is_empty())?;
    Some((scheme.to_ascii_lowercase(), authority.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(listen: &str, public: Option<&str>) -> Hosts {
        let config = HttpConfig {
            listen: listen.to_owned(),
            public_url: public.map(str::to_owned),
            allowed_hosts: vec!["Box.lan".to_owned()],
            ..HttpConfig::default()
        };
        Hosts::new(&config, listen.parse().unwrap())
    }

    #[test]
    fn own_names_are_answered_to_and_others_are_not() {
        let hosts = hosts("127.0.0.1:8642", Some("https://agents.example.org/"));
        for own in [
            "localhost:8642",
            "127.0.0.1",
            "[::1]:1",
            "box.lan:80",
            "agents.example.org",
            "LOCALHOST",
        ] {
            assert!(hosts.answers_to(own), "{own}");
        }
        for other in ["evil.example", "localhost.evil.example", "", "10.0.0.1", "[::2]"] {
            assert!(!hosts.answers_to(other), "{other}");
        }
        assert_eq!(hosts.base(), "https://agents.example.org");
    }

    #[test]
    fn on_every_address_any_address_is_answered_to_but_no_foreign_name() {
        let hosts = hosts("0.0.0.0:8642", None);
        assert!(hosts.answers_to("192.168.1.5:8642") && hosts.answers_to("[fe80::1]:8642"));
        assert!(!hosts.answers_to("evil.example:8642"));
        assert_eq!(hosts.base(), "http://localhost:8642");
    }

    #[test]
    fn an_origin_is_ours_with_its_scheme_host_and_port() {
        let plain = hosts("127.0.0.1:8642", None);
        assert!(plain.is_own_origin("http://localhost:8642", "localhost:8642"));
        for other in ["http://localhost:1", "https://localhost:8642", "null", "http://evil"] {
            assert!(!plain.is_own_origin(other, "localhost:8642"), "{other}");
        }
        let tls = hosts("127.0.0.1:8642", Some("https://agents.example.org"));
        assert!(tls.is_own_origin("https://agents.example.org", "127.0.0.1:8642"));
        assert!(!tls.is_own_origin("http://agents.example.org", "agents.example.org"));
    }
}
