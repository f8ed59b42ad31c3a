//! Callbacks: the same signed requests as webhooks, to addresses at or below a configured one.

use async_trait::async_trait;
use countersign_ports::callbacks::Callbacks;
use countersign_ports::delivery::Delivery;
use url::Url;

use crate::webhook::{Attempt, WebhookSettings, Webhooks};

#[async_trait]
impl Callbacks for Webhooks {
    fn check(&self, url: &str) -> Result<(), String> {
        self.hook_for(url).map(drop)
    }

    async fn post(&self, url: &str, event: &str, body: &str) -> Result<(), String> {
        let (url, hook) = self.hook_for(url)?;
        match self.attempt((url, &hook.secret), event, body).await {
            Attempt::Ended(Delivery::Sent(_)) => Ok(()),
            Attempt::Ended(Delivery::NotSent(why) | Delivery::Unknown(why))
            | Attempt::NotTaken(why)
            | Attempt::NotConnected(why)
            | Attempt::Broken(why) => Err(why),
        }
    }
}

impl Webhooks {
    /// The webhook at whose address, or below it, `url` is.
    fn hook_for(&self, url: &str) -> Result<(Url, &WebhookSettings), String> {
        let url = Url::parse(url).map_err(|error| error.to_string())?;
        let bare =
            url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if !bare {
            return Err("it has a user name, a password or a fragment".to_owned());
        }
        let hook = self.hooks().find(|hook| covers(&hook.url, &url));
        let hook = hook.ok_or("it is not at or below an address of `outbound.webhooks`")?;
        Ok((url, hook))
    }
}

/// Whether `url` is `base` or below it.
fn covers(base: &Url, url: &Url) -> bool {
    let path = url.path();
    // Some servers take these for slashes, and would look elsewhere.
    let lower = path.to_ascii_lowercase();
    let plain = !["%2f", "%5c", "\\", "//"].iter().any(|other| lower.contains(other));
    let below = format!("{}/", base.path().trim_end_matches('/'));
    base.origin() == url.origin() && plain && (path == base.path() || path.starts_with(&below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_goes_to_a_configured_address_or_below_it_and_nowhere_else() {
        let base = "https://ci.example.org/hooks".parse().unwrap();
        for (url, wanted) in [
            ("https://ci.example.org/hooks", true),
            ("https://ci.example.org:443/hooks/a/b?job=7", true),
            ("https://ci.example.org/hooksome", false),
            ("https://ci.example.org/", false),
            ("https://ci.example.org/hooks/../admin", false),
            ("https://ci.example.org/hooks/%2e%2e/admin", false),
            ("https://ci.example.org/hooks/..%2fadmin", false),
            ("https://ci.example.org/hooks//evil.example", false),
            ("http://ci.example.org/hooks", false),
            ("https://ci.example.org:8443/hooks", false),
            ("https://ci.example.org.evil.example/hooks", false),
            ("https://169.254.169.254/hooks", false),
            ("file:///hooks", false),
        ] {
            assert_eq!(covers(&base, &url.parse().unwrap()), wanted, "{url}");
        }
    }
}
