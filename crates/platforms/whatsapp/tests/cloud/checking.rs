//! What `platforms test whatsapp` finds.

use countersign_test_kit::business;
use countersign_whatsapp_platform::cloud::Health;

use crate::town::Town;

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_works_is_said_to_and_where_meta_has_to_call() {
    let town = Town::open().await;
    let house = &town.house;
    let number = business::number(business::settings(&town.cloud), &house.gateway, &house.clock);
    let checked = number.check().await;
    let found = |what: &str| checked.iter().find(|one| one.what == what).unwrap();
    assert_eq!(found("token").health, Health::Good);
    assert!(found("number").says.contains("15550783881"), "{checked:?}");
    assert_eq!(found("callback").health, Health::Poor);
    assert!(found("callback").says.contains("/platforms/whatsapp/main/webhook"), "{checked:?}");
    town.cloud.revokes_token();
    let checked = number.check().await;
    assert_eq!((checked[0].what, checked[0].health), ("token", Health::Bad));
    assert!(checked[0].says.contains("make a new one"), "{checked:?}");
}
