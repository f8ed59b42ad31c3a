//! Looking at the number as an operator would: what works, and what to set where it does not.

use serde_json::Value;

use super::account::Cloud;
use super::callbacks::WHAT;
use super::graph::GraphError;
use super::refusal::Meaning;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What.
    pub what: &'static str,
    /// How it is.
    pub health: Health,
    /// What was found, and what to set.
    pub says: String,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// As it should be.
    Good,
    /// Something works less well.
    Poor,
    /// It does not work.
    Bad,
}

impl Health {
    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Poor => "warning",
            Self::Bad => "failed",
        }
    }
}

impl Cloud {
    /// Looks at the token, the number, and whether the gateway is reached where Meta has to bring
    /// what is said.
    pub async fn check(&self) -> Vec<Checked> {
        let fields = "display_phone_number,verified_name,quality_rating,platform_type";
        let mut checked = match self.graph.number(fields).await {
            Ok(number) => of_number(&number),
            Err(GraphError::Refused(refusal)) if refusal.meaning() == Meaning::Access => {
                vec![bad("token", refusal.says())]
            }
            Err(GraphError::Refused(refusal)) => {
                let id = &self.settings.phone_number_id;
                let why = format!(
                    "{}; is `phone_number_id` {id} the id of the number (not the number itself), \
                     and has the token access to its business account?",
                    refusal.says()
                );
                vec![bad("number", why)]
            }
            Err(error) => vec![bad("server", error.to_string())],
        };
        checked.push(self.check_callback().await);
        checked
    }

    /// Asks the gateway what Meta asks it when an operator enters the address.
    async fn check_callback(&self) -> Checked {
        let path = format!("/platforms/{}/{}/{WHAT}", self.platform, self.settings.account);
        let enter = |place: &str| {
            format!(
                "in the app, under WhatsApp > Configuration, the callback URL has to be \
                 {place}{path}, with the verify token of the configuration, and the field \
                 `messages` subscribed"
            )
        };
        let Some(url) = &self.settings.callback else {
            let says = format!(
                "{}; set `callback_url` to have the address looked at",
                enter("https://YOUR-GATEWAY")
            );
            return Checked { what: "callback", health: Health::Poor, says };
        };
        let place = url.as_str().trim_end_matches('/');
        match self.graph.hears_challenge(&format!("{place}{path}"), &self.settings).await {
            Ok(()) if url.scheme() == "https" => {
                Checked { what: "callback", health: Health::Good, says: enter(place) }
            }
            Ok(()) => Checked {
                what: "callback",
                health: Health::Poor,
                says: format!("Meta calls https addresses only; {}", enter("https://YOUR-GATEWAY")),
            },
            Err(why) => bad(
                "callback",
                format!("{place}{path}: {why}. Is the gateway running, and is this its address?"),
            ),
        }
    }
}

fn of_number(number: &Value) -> Vec<Checked> {
    let field = |name: &str| number.get(name).and_then(Value::as_str).unwrap_or("unknown");
    let shown = field("display_phone_number");
    let mut checked = vec![
        Checked { what: "token", health: Health::Good, says: "Meta accepts it".to_owned() },
        Checked {
            what: "number",
            health: Health::Good,
            says: format!("{shown}, {}", field("verified_name")),
        },
    ];
    if field("platform_type") != "CLOUD_API" {
        let says = format!("{shown} is not registered with the Cloud API yet");
        checked.push(bad("platform", says));
    }
    if matches!(field("quality_rating"), "RED" | "YELLOW") {
        let says = format!("Meta rates it {}: people block or report it", field("quality_rating"));
        checked.push(Checked { what: "quality", health: Health::Poor, says });
    }
    checked
}

fn bad(what: &'static str, says: String) -> Checked {
    Checked { what, health: Health::Bad, says }
}
