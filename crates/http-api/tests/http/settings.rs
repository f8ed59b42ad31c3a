//! The configuration in force.

use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn the_settings_say_where_they_come_from_and_no_secret() {
    let house = House::open().await;
    let answer = house.get("/v1/settings").await.expect(200);
    assert_eq!(
        answer,
        json!({
            "object": "settings",
            "file": "/home/ada/config.yaml",
            "data": [
                {"key": "approvals.timeout", "value": "30m", "secret": false, "set": true,
                    "source": "file", "place": "line 12"},
                {"key": "model.api_key", "value": null, "secret": true, "set": true,
                    "source": "argument", "place": "--set model"},
            ],
        })
    );
    house.get("/v1/settings?section=model").await.refused(
        400,
        "unknown_parameter",
        Some("section"),
    );
}
