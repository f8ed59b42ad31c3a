//! Whether the clock is right, as far as others tell.

use std::time::{Duration, SystemTime};

use countersign_domain::time::Timestamp;
use countersign_ports::clock::Clock as _;
use futures::future::join_all;
use reqwest::{Client, header, redirect};

use super::{Finding, Patient};
use crate::clock::SystemClock;
use crate::model::is_rehearsal;
use crate::platforms;

/// How long a server may take to say what time it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// Beyond this, clicks and signatures of others are refused as too old or too new.
const WRONG: Duration = Duration::from_mins(2);

/// What somebody should look at.
const ODD: Duration = Duration::from_secs(10);

/// What another clock says: whose, how far it is ahead of ours, and how far behind.
struct Other {
    whose: String,
    ahead: Duration,
    behind: Duration,
}

/// The clock, held against the servers that the gateway talks to and the `newest` audit record.
pub(super) async fn clock(patient: &Patient<'_>, newest: Option<Timestamp>) -> Finding {
    let others = join_all(servers(patient).into_iter().map(told)).await;
    let others: Vec<Other> = others.into_iter().flatten().collect();
    judged(SystemClock.now(), newest, &others)
}

fn servers(patient: &Patient<'_>) -> Vec<String> {
    let Patient { loaded, environment, .. } = patient;
    let model = &loaded.config.model;
    let model = (!is_rehearsal(model)).then(|| model.address().to_owned());
    let anywhere = ([127, 0, 0, 1], 0).into();
    let bots = platforms::mattermost(loaded, environment, anywhere).unwrap_or_default();
    let mut servers: Vec<String> = bots.iter().map(|bot| bot.server().to_string()).collect();
    servers.extend(model);
    servers.sort();
    servers.dedup();
    servers
}

/// What a server says with any answer of its.
async fn told(server: String) -> Option<Other> {
    let client = Client::builder().timeout(PATIENCE).redirect(redirect::Policy::none());
    let local = ["http://127.", "http://[::1]", "http://localhost"];
    let here = local.iter().any(|start| server.starts_with(start));
    let client = if here { client.no_proxy() } else { client }.build().ok()?;
    let before = SystemTime::now();
    let answer = client.get(&server).send().await.ok()?;
    let after = SystemTime::now();
    let said = answer.headers().get(header::DATE)?.to_str().ok()?;
    let said = httpdate::parse_http_date(said).ok()?;
    // It was said at some moment of a whole second, between the question and the answer.
    let ahead = said.duration_since(after).unwrap_or_default();
    let behind = before.duration_since(said + Duration::from_secs(1)).unwrap_or_default();
    let whose = url::Url::parse(&server).ok()?.host_str()?.to_owned();
    Some(Other { whose, ahead, behind })
}

fn judged(now: Timestamp, newest: Option<Timestamp>, others: &[Other]) -> Finding {
    const SET: &str = "have the system keep its time (timedatectl set-ntp true)";
    if let Some(newest) = newest.filter(|newest| newest.since(now) > ODD) {
        return Finding::bad(
            "clock",
            format!("it is {now}, and the audit log has a record of {newest}: {SET}"),
        );
    }
    let far = |other: &Other| other.ahead.max(other.behind);
    let Some(worst) = others.iter().max_by_key(|other| far(other)) else {
        let says = match newest {
            Some(_) => format!("{now}, later than the audit log; no server is there to ask"),
            None => format!("{now}; no server is there to ask"),
        };
        return Finding::good("clock", says);
    };
    let Other { whose, ahead, behind } = worst;
    let says = if ahead > behind {
        format!("{} s behind {whose}", ahead.as_secs())
    } else {
        format!("{} s ahead of {whose}", behind.as_secs())
    };
    match far(worst) {
        far if far > WRONG => Finding::bad("clock", format!("it is {says}: {SET}")),
        far if far > ODD => Finding::poor("clock", format!("it is {says}: {SET}")),
        _ => Finding::good("clock", format!("{now}, as {whose} says")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    fn found(newest: Option<i64>, others: &[(u64, u64)]) -> (Status, String) {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        let other = |(ahead, behind): &(u64, u64)| Other {
            whose: "chat.example.org".to_owned(),
            ahead: Duration::from_secs(*ahead),
            behind: Duration::from_secs(*behind),
        };
        let others: Vec<Other> = others.iter().map(other).collect();
        let found = judged(at(1_000_000), newest.map(at), &others);
        (found.status, found.says)
    }

    #[test]
    fn a_clock_is_as_good_as_others_say() {
        for (newest, others, status, says) in [
            (None, &[][..], Status::Good, "no server is there"),
            (Some(999_999), &[], Status::Good, "later than the audit log"),
            (Some(1_000_005), &[], Status::Good, "later than"),
            (Some(1_000_100), &[], Status::Bad, "the audit log has a record of"),
            (None, &[(0, 0)], Status::Good, "as chat.example.org says"),
            (None, &[(0, 11)], Status::Poor, "11 s ahead of chat.example.org"),
            (None, &[(0, 0), (3600, 0)], Status::Bad, "3600 s behind chat.example.org"),
            (Some(1_000_100), &[(0, 0)], Status::Bad, "set-ntp true"),
        ] {
            let found = found(newest, others);
            assert!(found.0 == status && found.1.contains(says), "{found:?}: {says}");
        }
    }
}
