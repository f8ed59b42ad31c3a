//! Where a request's connection may lead. What a name leads to can change between two looks, so the
//! look that counts is the one that the connection is made by.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use countersign_domain::outbound::{
    host_and_port, is_loopback, is_metadata_service, names_metadata_service,
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, redirect};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Clients that lead where requests may go. They hold their connections, which are made at the
/// first request.
#[derive(Default)]
pub(super) struct Connections {
    to_own_port: OnceLock<Result<Client, String>>,
    to_others: OnceLock<Result<Client, String>>,
}

/// A connection would lead where no request goes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    /// Whoever decided was not told so: the name does not say it.
    #[error("{0} leads to {1}, where clouds hand out credentials; nothing was sent")]
    Metadata(String, IpAddr),
    /// Nobody can decide that.
    #[error("{0} leads to {1}, to the gateway that controls the agent; nothing was sent")]
    OwnApi(String, IpAddr),
}

impl Connections {
    /// A client for `url`, where this gateway listens on `own_port`. In words, why there is none.
    pub(super) fn client(&self, url: &str, own_port: Option<u16>) -> Result<&Client, String> {
        let (host, port) = host_and_port(url).ok_or("the address cannot be understood")?;
        let is_own_port = own_port == Some(port);
        if let Ok(address) = host.parse() {
            // An address is not resolved, and says of itself where it leads.
            check(&host, address, is_own_port).map_err(|refused| refused.to_string())?;
        }
        let client = if is_own_port { &self.to_own_port } else { &self.to_others };
        client.get_or_init(|| client_with(Resolver { is_own_port })).as_ref().map_err(Clone::clone)
    }
}

fn client_with(resolver: Resolver) -> Result<Client, String> {
    let client = Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(TIMEOUT)
        .dns_resolver(Arc::new(resolver))
        .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")));
    client.build().map_err(|error| format!("nothing was sent: {error}"))
}

/// Asks the system where names lead, and gives no answer that a request must not follow.
struct Resolver {
    is_own_port: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_own_port = self.is_own_port;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            for address in &found {
                check(name.as_str(), address.ip(), is_own_port)?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether a connection to `host`, which is `address`, may be made.
fn check(host: &str, address: IpAddr, is_own_port: bool) -> Result<(), Refused> {
    if is_own_port && is_here(address) {
        return Err(Refused::OwnApi(host.to_owned(), address));
    }
    let said = names_metadata_service(host.trim_end_matches('.'));
    if is_metadata_service(address) && !said {
        return Err(Refused::Metadata(host.to_owned(), address));
    }
    Ok(())
}

/// Whether `address` is one of this machine's: nobody can bind to any other.
fn is_here(address: IpAddr) -> bool {
    is_loopback(address) || UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_no_metadata_service_unless_it_says_so() {
        for address in ["169.254.169.254", "100.100.100.200", "64:ff9b::a9fe:a9fe", "fe80::1"] {
            let address = address.parse().unwrap();
            for host in ["169.254.169.254.nip.io", "rebound.example.org", "localhost"] {
                let refused = Refused::Metadata(host.to_owned(), address);
                assert_eq!(check(host, address, false), Err(refused));
            }
            for host in ["metadata.google.internal", "metadata.google.internal."] {
                assert_eq!(check(host, address, false), Ok(()));
            }
            assert_eq!(check(&address.to_string(), address, false), Ok(()));
        }
    }

    #[test]
    fn nothing_leads_to_the_gateway_whatever_it_is_called() {
        for address in ["127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::ffff:127.0.0.1"] {
            let address = address.parse().unwrap();
            for host in ["127.0.0.1.nip.io", "rebound.example.org", "metadata"] {
                let refused = Refused::OwnApi(host.to_owned(), address);
                assert_eq!(check(host, address, true), Err(refused));
                assert_eq!(check(host, address, false), Ok(()));
            }
        }
        // Documentation's addresses are nobody's.
        for address in ["192.0.2.1", "2001:db8::1"] {
            assert_eq!(check("example.org", address.parse().unwrap(), true), Ok(()));
        }
    }
}
