//! A business number of a fake Cloud API, as a house has it.

use std::sync::Arc;

use countersign_fakes::whatsapp_cloud::FakeCloud;
use countersign_gateway::Gateway;
use countersign_ports::secret::Secret;
use countersign_whatsapp_platform::cloud::{
    self, AccountConfig, AccountsConfig, Cloud, Parts, Settings,
};

use crate::ManualClock;

/// The word with which an address for webhooks is entered.
pub const VERIFY_TOKEN: &str = "a-word-of-our-own";

/// The number, as a configuration describes it.
pub fn settings(fake: &FakeCloud) -> Settings {
    let given = fake.settings();
    let account = AccountConfig {
        phone_number_id: Some(given.phone_number_id.clone()),
        access_token: Some(Secret::new(given.access_token.clone())),
        app_secret: Some(Secret::new(given.app_secret.clone())),
        verify_token: Some(Secret::new(VERIFY_TOKEN)),
        graph_url: fake.url(),
        ..AccountConfig::default()
    };
    let accounts = AccountsConfig::from([("main".to_owned(), account)]);
    cloud::settings(&accounts, |_| None).expect("the account is good").expect("there is one")
}

/// The adapter of the number, for a gateway of a house.
pub fn number(settings: Settings, gateway: &Arc<Gateway>, clock: &Arc<ManualClock>) -> Arc<Cloud> {
    rustls::crypto::ring::default_provider().install_default().ok();
    let parts = Parts { clock: clock.clone(), notes: gateway.clone(), secret: [7; 32] };
    Cloud::new(settings, parts).expect("an adapter")
}

/// Names it to the gateway, as a platform and as what carries letters.
pub(super) async fn attach(number: Arc<Cloud>, gateway: &Arc<Gateway>) {
    let adapter = Arc::new(number.platform().expect("an adapter"));
    gateway.attach_platform(adapter).await.expect("the platform is taken");
    gateway.attach_bridge(number);
}
