//! The server: its world behind a lock, its keys, its clock, and who is told of changes.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::signing::Keys;
use crate::mattermost::clock::Clock;
use crate::mattermost::model::ids::{ConnectionId, UserId};
use crate::mattermost::model::users::Session;
use crate::mattermost::model::world::World;
use crate::mattermost::settings::{Settings, SiteUrl};
use crate::mattermost::socket::hub::Seat;

/// The server.
#[derive(Debug)]
pub(crate) struct Server {
    world: Mutex<World>,
    /// Counts how often the world may have changed.
    pub(crate) changed: watch::Sender<u64>,
    /// Counts how often all sockets were cut.
    pub(crate) cut: watch::Sender<u64>,
    pub(crate) clock: Clock,
    pub(crate) keys: Keys,
    pub(super) http: reqwest::Client,
    url: String,
}

/// The world, for as long as it is held; who waits for a change looks again afterwards.
pub(crate) struct Held<'s> {
    world: MutexGuard<'s, World>,
    changed: &'s watch::Sender<u64>,
}

impl Server {
    pub(crate) fn new(settings: Settings, url: String) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let http = reqwest::Client::builder()
            .no_proxy()
            .user_agent("Mattermost-Bot/1.1")
            .connect_timeout(std::time::Duration::from_secs(3))
            .build()
            .expect("a client without special wishes");
        Self {
            clock: settings.clock.clone(),
            world: Mutex::new(World::new(settings)),
            changed: watch::Sender::new(0),
            cut: watch::Sender::new(0),
            keys: Keys::generate(),
            http,
            url,
        }
    }

    pub(crate) fn world(&self) -> Held<'_> {
        let world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        Held { world, changed: &self.changed }
    }

    /// The world, to look at only: nobody is told.
    pub(crate) fn peek(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client by which people forge: it goes past the server's own rules.
    pub(crate) fn forging(&self) -> &reqwest::Client {
        &self.http
    }

    /// Where the server listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What `SiteURL` says; empty if it is not set.
    pub(crate) fn site_url(&self) -> String {
        match &self.world().settings.site_url {
            SiteUrl::Own => self.url.clone(),
            SiteUrl::Unset => String::new(),
            SiteUrl::Set(url) => url.clone(),
        }
    }

    /// The session that a token stands for.
    pub(crate) fn session(&self, token: &str) -> Option<Session> {
        let world = self.world();
        let session = world.sessions.get(token)?;
        let active = world.users.get(&session.user).is_some_and(|user| user.deactivated.is_none());
        active.then(|| session.clone())
    }

    pub(crate) fn open_connection(&self, user: &UserId) -> Seat {
        let mut world = self.world();
        let version = world.settings.version.clone();
        world.hub.open(user, |id| World::hello(&version, user, id))
    }

    pub(crate) fn resume_connection(
        &self,
        user: &UserId,
        id: &ConnectionId,
        expected: i64,
    ) -> Seat {
        let mut world = self.world();
        let version = world.settings.version.clone();
        let now = world.now();
        world.hub.resume(user, id, (expected, now), |id| World::hello(&version, user, id))
    }
}

impl Deref for Held<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.changed.send_modify(|times| *times = times.wrapping_add(1));
    }
}
