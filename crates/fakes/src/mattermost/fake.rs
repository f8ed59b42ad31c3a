//! The server as a test has it: who is on it, and what happens to it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinHandle, JoinSet};

use super::clock::Clock;
use super::model::channels::ChannelKind;
use super::model::ids::{ChannelId, TeamId, UserId};
use super::model::permissions::{SystemRole, TeamRole};
use super::model::users::{SessionKind, Team, UserKind};
use super::people::Person;
use super::rest::router;
use super::server::faults::{Gate, What};
use super::server::{NewChannel, Server};
use super::settings::{RateLimit, Settings};

/// A Mattermost server on a port of this machine. Clones are the same server; it stops with the
/// last of them.
#[derive(Debug, Clone)]
pub struct FakeMattermost(Arc<Running>);

#[derive(Debug)]
struct Running {
    server: Arc<Server>,
    address: SocketAddr,
    listening: Mutex<Option<JoinHandle<()>>>,
}

/// A bot and its token.
#[derive(Debug, Clone)]
pub struct Bot {
    /// Its id.
    pub id: UserId,
    /// Its name.
    pub name: String,
    /// Its access token.
    pub token: String,
}

/// Whoever has an account.
pub trait Account: Sync {
    /// The account's id.
    fn user_id(&self) -> &UserId;
}

impl Account for Bot {
    fn user_id(&self) -> &UserId {
        &self.id
    }
}

impl Account for Person {
    fn user_id(&self) -> &UserId {
        &self.id
    }
}

impl Account for UserId {
    fn user_id(&self) -> &UserId {
        self
    }
}

/// Something that the server holds back until it is released, or dropped.
#[derive(Debug)]
pub struct Hold(Gate);

impl Hold {
    /// Waits until something is held.
    pub async fn arrived(&self) {
        let mut arrived = self.0.arrived.subscribe();
        // The sender lives as long as this hold.
        drop(arrived.wait_for(|times| *times > 0).await);
    }

    /// Lets go.
    pub fn release(self) {
        drop(self);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.open.send_replace(true);
    }
}

impl FakeMattermost {
    /// Starts a server with nobody on it.
    pub async fn start(settings: Settings) -> Self {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0)), settings).await
    }

    /// Starts a server on a given address.
    #[expect(clippy::unused_async, reason = "it starts tasks, so it needs a runtime around it")]
    pub async fn start_on(address: SocketAddr, settings: Settings) -> Self {
        let listener = listen(address);
        let address = listener.local_addr().expect("it is bound");
        let server = Arc::new(Server::new(settings, format!("http://{address}")));
        let task = tokio::spawn(accept(listener, router(server.clone())));
        Self(Arc::new(Running { server, address, listening: Mutex::new(Some(task)) }))
    }

    pub(super) fn server(&self) -> &Arc<Server> {
        &self.0.server
    }

    /// Where it is, without a slash at the end.
    pub fn url(&self) -> String {
        self.server().url().to_owned()
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.server().clock
    }

    /// Changes settings while the server runs.
    pub fn change(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.server().world().settings);
    }

    /// Sets or lifts the rate limit.
    pub fn rate_limit(&self, limit: Option<RateLimit>) {
        self.change(|settings| settings.rate_limit = limit);
    }

    // ---- who and where --------------------------------------------------------------------------

    /// The team of this name, made if it is not there. Everybody is in it.
    pub fn team(&self, name: &str) -> TeamId {
        let mut world = self.server().world();
        if let Some(team) = world.teams.values().find(|team| team.name == name) {
            return team.id.clone();
        }
        let members = world.users.keys().map(|user| (user.clone(), TeamRole::Member)).collect();
        let team =
            Team { id: TeamId::fresh(), name: name.to_owned(), create_at: world.now(), members };
        let id = team.id.clone();
        world.teams.insert(id.clone(), team);
        id
    }

    /// The person of this name, made if they are not there; in every team.
    pub fn user(&self, name: &str) -> Person {
        let password = format!("{name}-password");
        let id = self.account(name, UserKind::Person { password: password.clone() });
        Person { server: self.server().clone(), id, name: name.to_owned(), password }
    }

    /// The bot of this name with a new token, made if it is not there; in every team.
    pub fn bot(&self, name: &str) -> Bot {
        let id = self.account(name, UserKind::Bot { owner: None });
        let token = self.token(&id);
        Bot { id, name: name.to_owned(), token }
    }

    fn account(&self, name: &str, kind: UserKind) -> UserId {
        let mut world = self.server().world();
        if let Some(user) = world.user_named(name) {
            return user.id.clone();
        }
        let id = world.add_user(name, kind).id;
        for team in world.teams.values_mut() {
            team.members.insert(id.clone(), TeamRole::Member);
        }
        id
    }

    /// Another access token for an account.
    pub fn token(&self, of: &dyn Account) -> String {
        self.server().world().open_session(of.user_id(), SessionKind::AccessToken)
    }

    /// A token is good no more.
    pub fn revoke(&self, token: &str) {
        self.server().world().sessions.remove(token);
    }

    /// An account is closed: its tokens are good no more.
    pub fn deactivate(&self, who: &dyn Account) {
        let mut world = self.server().world();
        let now = world.now();
        if let Some(user) = world.users.get_mut(who.user_id()) {
            user.deactivated = Some(now);
        }
    }

    /// Gives an account a role on the whole server.
    pub fn grant(&self, to: &dyn Account, role: SystemRole) {
        if let Some(user) = self.server().world().users.get_mut(to.user_id()) {
            user.roles.insert(role);
        }
    }

    /// Sets what an account is in a team; `None` takes it out.
    pub fn set_team_role(&self, team: &TeamId, of: &dyn Account, role: Option<TeamRole>) {
        let mut world = self.server().world();
        let Some(team) = world.teams.get_mut(team) else { return };
        match role {
            Some(role) => team.members.insert(of.user_id().clone(), role),
            None => team.members.remove(of.user_id()),
        };
    }

    /// Makes a public channel.
    pub fn channel(&self, team: &TeamId, name: &str, members: &[&dyn Account]) -> ChannelId {
        self.make_channel(Some(team), ChannelKind::Public, name, members)
    }

    /// Makes a private channel.
    pub fn private_channel(
        &self,
        team: &TeamId,
        name: &str,
        members: &[&dyn Account],
    ) -> ChannelId {
        self.make_channel(Some(team), ChannelKind::Private, name, members)
    }

    /// Makes a group of people.
    pub fn group(&self, members: &[&dyn Account]) -> ChannelId {
        self.make_channel(None, ChannelKind::Group, "group", members)
    }

    fn make_channel(
        &self,
        team: Option<&TeamId>,
        kind: ChannelKind,
        name: &str,
        members: &[&dyn Account],
    ) -> ChannelId {
        let members: BTreeSet<UserId> =
            members.iter().map(|member| member.user_id().clone()).collect();
        let new = NewChannel {
            team: team.cloned(),
            kind,
            name: name.to_owned(),
            display_name: name.to_owned(),
            creator: None,
            members,
        };
        self.server().world().add_channel(new).id
    }

    /// Puts an account into a channel.
    pub fn join(&self, channel: &ChannelId, who: &dyn Account) {
        self.server().world().join(channel, who.user_id());
    }

    /// Takes an account out of a channel.
    pub fn leave(&self, channel: &ChannelId, who: &dyn Account) {
        self.server().world().leave(channel, who.user_id());
    }

    /// Archives a channel.
    pub fn archive(&self, channel: &ChannelId) {
        let mut world = self.server().world();
        let now = world.now();
        if let Some(channel) = world.channels.get_mut(channel) {
            channel.archived_at = Some(now);
        }
    }

    // ---- what goes wrong ------------------------------------------------------------------------

    /// The next request to this path, without `/api/v4`, is not done but answered with this status.
    pub fn fail_next(&self, path: &str, status: u16) {
        self.server().world().faults.add(None, path, What::Refuse(status));
    }

    /// The next request to this path is done, and answered with this status all the same.
    pub fn lose_answer(&self, path: &str, status: u16) {
        self.server().world().faults.add(None, path, What::LoseAnswer(status));
    }

    /// The next request to this path is not done: too many, come back in so many seconds.
    pub fn limit_next(&self, path: &str, retry_after: u64) {
        self.server().world().faults.add(None, path, What::Limit { retry_after });
    }

    /// The next request to this path is done, and its answer waits.
    pub fn hold_answer(&self, path: &str) -> Hold {
        let gate = Gate::closed();
        self.server().world().faults.add(None, path, What::HoldAnswer(gate.clone()));
        Hold(gate)
    }

    /// The next post is accepted and waits before it is stored.
    pub fn hold_posting(&self) -> Hold {
        let gate = Gate::closed();
        self.server().world().faults.hold_posting(gate.clone());
        Hold(gate)
    }

    /// Every socket is cut off; connections can be taken over for a while.
    pub fn drop_sockets(&self) {
        let mut world = self.server().world();
        let now = world.now();
        world.hub.unseat_all(now);
        self.server().cut.send_modify(|times| *times += 1);
    }

    /// The server goes down and comes up again: every connection is cut, and what it held in memory
    /// is lost, like sequences and the names of pending posts.
    pub async fn restart(&self) {
        self.stop().await;
        self.start_again();
    }

    /// The server goes down: nobody listens.
    pub async fn stop(&self) {
        let task = self.0.listening.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.abort();
            // It was cancelled: that is what was wanted.
            drop(task.await);
        }
        let mut world = self.server().world();
        world.hub.forget_all();
        world.pending.clear();
        world.buckets = super::server::rate::Buckets::default();
        drop(world);
        self.server().cut.send_modify(|times| *times += 1);
    }

    /// The server comes up again where it was.
    pub fn start_again(&self) {
        let listener = listen(self.0.address);
        let task = tokio::spawn(accept(listener, router(self.server().clone())));
        *self.0.listening.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let task = self.listening.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.abort();
        }
        self.server.cut.send_modify(|times| *times += 1);
    }
}

fn listen(address: SocketAddr) -> TcpListener {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.expect("a socket");
    // It comes up again on its port while old connections are still closing.
    socket.set_reuseaddr(true).expect("a fresh socket");
    socket.bind(address).expect("the address is free");
    socket.listen(1024).expect("it is bound")
}

async fn accept(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                stream.set_nodelay(true).ok();
                let service = TowerToHyperService::new(router.clone());
                connections.spawn(async move {
                    let connection = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .with_upgrades();
                    // Clients come and go as they like.
                    drop(connection.await);
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}
