//! What Meta refuses, delays, or takes without saying so.

use std::time::Duration;

use countersign_domain::audit::AuditKind;
use countersign_domain::chat::Address;
use countersign_fakes::whatsapp_cloud::{Clock, Late, Settings, Statuses};
use countersign_ports::platform::{AccountState, Platform as _, TextPost};
use countersign_test_kit::business;

use crate::conversation::runs;
use crate::town::{NOW, Plan, Town};

fn plan(change: impl FnOnce(&mut Settings)) -> Plan {
    let mut settings = Settings { clock: Clock::standing_at(NOW), ..Settings::default() };
    change(&mut settings);
    Plan { settings, ..Plan::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limits_are_waited_for_and_nothing_is_lost() {
    let town = Town::open().await;
    // The fast ones: the others want pauses of seconds.
    town.cloud.refuses(&[130_429, 130_429]);
    town.ann.writes("/whoami").await;
    town.cloud.wait_for_text(&town.ann, "34600000001").await;
    assert_eq!(town.ann.sees().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_while_the_gateway_was_away_comes_later() {
    let town = Town::open().await;
    town.door.call_at(None);
    assert_ne!(town.ann.writes("wait 0").await.status, 200);
    assert_ne!(town.ann.writes("/whoami").await.status, 200);
    town.door.call_at(Some(&town.house.gateway));
    assert_eq!(town.cloud.brings_again().await, 0);
    town.cloud.wait_for_text(&town.ann, "34600000001").await;
    assert_eq!(runs(&town).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_is_shown_where_operators_look() {
    let town = Town::open().await;
    town.cloud.revokes_token();
    let number =
        business::number(business::settings(&town.cloud), &town.house.gateway, &town.house.clock);
    let adapter = number.platform().unwrap();
    let checked = number.check().await;
    assert_eq!(checked[0].what, "token");
    let post = TextPost {
        id: "1".to_owned(),
        address: Address {
            platform: "whatsapp".parse().unwrap(),
            account: "main".parse().unwrap(),
            chat: format!("{}@s.whatsapp.net", crate::town::ANN).parse().unwrap(),
            thread: None,
        },
        reply_to: None,
        only_for: None,
        text: "Hello".to_owned(),
    };
    assert_eq!(adapter.state(), AccountState::Connected);
    let refused = adapter.post_text(&post).await.unwrap_err().to_string();
    assert!(refused.contains("access token"), "{refused}");
    let AccountState::Refused { why } = adapter.state() else { panic!("it is refused") };
    assert!(why.contains("make a new one"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_in_any_order_and_twice_do_nothing_but_tell_what_failed() {
    let town = Town::built(plan(|settings| settings.statuses = Statuses::Held)).await;
    town.ann.writes("/whoami").await;
    let sent = town.cloud.wait_for_text(&town.ann, "34600000001").await;
    for word in ["read", "sent", "delivered", "read", "deleted", "warning"] {
        assert_eq!(town.cloud.brings_status(&sent, word).await, 200, "{word}");
    }
    assert!(town.house.audited(AuditKind::OutboundFailed).await.is_empty());
    for _ in 0..3 {
        assert_eq!(town.cloud.brings_failure(&sent, 131_026).await, 200);
    }
    let noted = town.house.audited(AuditKind::OutboundFailed).await;
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert!(noted[0].detail["why"].to_string().contains("131026"), "{noted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_of_silence_a_text_is_refused_as_what_it_is() {
    for late in [Late::ByStatus, Late::AtOnce] {
        let town = Town::built(plan(|settings| settings.late = late)).await;
        let card = town.asked().await;
        // The window is over before anybody decides.
        town.cloud.settings().clock.advance(Duration::from_hours(25));
        let (house, id) = (&town.house, crate::town::approval(&card));
        let before = town.ann.sees().len();
        house
            .answer(id, countersign_domain::approvals::Choice::Deny, None, &house.operator)
            .await
            .unwrap();
        if late == Late::ByStatus {
            // Meta takes it and says later that nobody got it; that is noted.
            let noted = town.undelivered(1).await;
            assert!(noted[0].detail["why"].to_string().contains("template"), "{noted:?}");
        }
        assert_eq!(town.ann.sees().len(), before, "{late:?}");
        // Whoever writes again is answered again.
        town.ann.writes("/whoami").await;
        town.cloud.wait_for_text(&town.ann, "34600000001").await;
    }
}
