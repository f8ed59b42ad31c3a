//! Plugins that behave, and plugins that do not.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_domain::chat::ChatScope;
use countersign_domain::commands::{Access, Command, RegistrationRefused, Registry};
use countersign_plugins::{Pace, PluginHost};
use countersign_ports::plugins::{CommandDesk, PluginCall, PluginError, Plugins as _};
use tempfile::TempDir;
use tokio::sync::watch;

/// The registry, and what has happened to it.
struct Desk {
    registry: Mutex<Registry>,
    changes: watch::Sender<Vec<String>>,
}

impl CommandDesk for Desk {
    fn register(&self, command: Command) -> Result<(), RegistrationRefused> {
        let name = command.name.to_string();
        let outcome = self.registry.lock().unwrap().register(command);
        let told = match &outcome {
            Ok(()) => format!("+{name}"),
            Err(error) => error.to_string(),
        };
        self.changes.send_modify(|changes| changes.push(told));
        outcome
    }

    fn withdraw(&self, plugin: &str) {
        self.registry.lock().unwrap().remove_plugin(plugin);
        self.changes.send_modify(|changes| changes.push(format!("-{plugin}")));
    }
}

struct World {
    desk: Arc<Desk>,
    host: Arc<PluginHost>,
    folder: TempDir,
}

impl World {
    /// One plugin, written for `sh`.
    fn with(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weather");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        Self::open(folder)
    }

    fn open(folder: TempDir) -> Self {
        let desk = Arc::new(Desk {
            registry: Mutex::new(Registry::builtin()),
            changes: watch::Sender::default(),
        });
        let shared: Arc<dyn CommandDesk> = desk.clone();
        let pace = Pace { first: Duration::from_millis(10), longest: Duration::from_millis(20) };
        let host = PluginHost::start(folder.path(), &shared, pace).unwrap();
        Self { desk, host, folder }
    }

    /// Returns once `told` has happened so often.
    async fn when(&self, told: &str, times: usize) {
        let mut changes = self.desk.changes.subscribe();
        let enough = |changes: &Vec<String>| {
            changes.iter().filter(|one| one.contains(told)).count() >= times
        };
        let waiting = changes.wait_for(enough);
        let outcome = tokio::time::timeout(Duration::from_mins(1), waiting).await;
        outcome.unwrap().unwrap();
    }

    fn has(&self, name: &str) -> bool {
        self.desk.registry.lock().unwrap().find(&name.parse().unwrap()).is_some()
    }

    async fn call(&self, millis: u64) -> Result<String, PluginError> {
        let call = PluginCall {
            command: "weather".parse().unwrap(),
            arguments: "in Málaga \"now\"".to_owned(),
            by: "testing:ann".parse().unwrap(),
            platform: "testing".parse().unwrap(),
            scope: ChatScope::Dm,
            time: Duration::from_millis(millis),
        };
        self.host.call("weather", call).await
    }
}

const REGISTERS: &str = r#"
echo '{"type":"register","name":"weather","description":"Tells the weather.","access":"admins"}'
read hello; read registered"#;

const ANSWERS: &str = r#"
while read call; do
  id=${call#*\"id\":}; id=${id%%,*}
  echo "{\"type\":\"answer\",\"id\":$id,\"text\":\"sunny\"}"
done"#;

#[tokio::test]
async fn a_plugin_that_behaves_brings_a_command_and_answers() {
    let world = World::with(&format!("{REGISTERS}\n{ANSWERS}"));
    world.when("+weather", 1).await;
    {
        let registry = world.desk.registry.lock().unwrap();
        let command = registry.find(&"weather".parse().unwrap()).unwrap();
        assert_eq!(command.access, Access::Admins);
    }
    assert_eq!(world.call(30_000).await, Ok("sunny".to_owned()));
    assert_eq!(world.call(30_000).await, Ok("sunny".to_owned()));
    world.host.stop().await;
    assert!(!world.has("weather"));
    assert_eq!(world.call(1000).await, Err(PluginError::Gone));
}

#[tokio::test]
async fn what_is_taken_is_not_given_to_a_plugin() {
    let script = r#"
for name in stop bg RESET 'no name'; do
  echo "{\"type\":\"register\",\"name\":\"$name\",\"description\":\"Mine.\"}"
done
read hello; read a; read b; read c; read d
echo "{\"type\":\"register\",\"name\":\"told\",\"description\":\"$(echo "$a" | tr -d '"\\')\"}"
sleep 600"#;
    let world = World::with(script);
    world.when("+told", 1).await;
    let changes = world.desk.changes.borrow().clone();
    assert!(changes.contains(&"`/stop` is taken by `/stop`".to_owned()), "{changes:?}");
    assert!(changes.contains(&"`/bg` is taken by `/background`".to_owned()), "{changes:?}");
    assert!(changes.contains(&"`/reset` is taken by `/new`".to_owned()), "{changes:?}");
    let registry = world.desk.registry.lock().unwrap();
    let told = &registry.find(&"told".parse().unwrap()).unwrap().description;
    assert!(told.contains("refused") && told.contains("is taken by"), "{told}");
}

#[tokio::test]
async fn a_plugin_that_hangs_is_given_up_on_and_begun_again() {
    let world = World::with(&format!("{REGISTERS}\nsleep 600"));
    world.when("+weather", 1).await;
    for _ in 0..3 {
        assert!(matches!(world.call(30).await, Err(PluginError::Late(_))));
    }
    world.when("-weather", 1).await;
    world.when("+weather", 2).await;
}

#[tokio::test]
async fn a_plugin_that_does_not_read_holds_nobody_up() {
    let script = r#"echo '{"type":"register","name":"weather","description":"x"}'; sleep 600"#;
    let world = World::with(script);
    world.when("+weather", 1).await;
    let calls = (0..200).map(|_| world.call(50));
    let mut busy = 0;
    let started = std::time::Instant::now();
    for outcome in futures_join(calls).await {
        match outcome {
            Err(PluginError::Busy) => busy += 1,
            Err(PluginError::Late(_) | PluginError::Gone) => {}
            Ok(text) => panic!("{text}"),
        }
    }
    assert!(busy >= 100 && started.elapsed() < Duration::from_secs(20), "{busy}");
}

async fn futures_join<F: Future<Output = T>, T>(futures: impl Iterator<Item = F>) -> Vec<T> {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        futures.retain_mut(|future| match future.as_mut().poll(context) {
            std::task::Poll::Ready(outcome) => {
                done.push(outcome);
                false
            }
            std::task::Poll::Pending => true,
        });
        if futures.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}

#[tokio::test]
async fn a_plugin_that_floods_or_prints_garbage_is_ended() {
    for writes in ["yes '{}'", "yes", "head -c 1000000 /dev/zero; sleep 600", "cat /dev/urandom"] {
        let world = World::with(&format!("{REGISTERS}\n{writes}"));
        world.when("+weather", 2).await;
        world.host.stop().await;
        assert!(!world.has("weather"), "{writes}");
    }
}

#[tokio::test]
async fn a_plugin_that_dies_takes_its_commands_along_and_comes_back() {
    let world = World::with(&format!("{REGISTERS}\nread call; exit 1"));
    world.when("+weather", 1).await;
    assert_eq!(world.call(30_000).await, Err(PluginError::Gone));
    world.when("-weather", 1).await;
    world.when("+weather", 2).await;
}

#[tokio::test]
async fn what_a_plugin_started_ends_with_it() {
    let world = World::with(&format!("sleep 600 & echo $! > child\n{REGISTERS}\nsleep 600"));
    world.when("+weather", 1).await;
    let child = std::fs::read_to_string(world.folder.path().join("child")).unwrap();
    let proc = format!("/proc/{}/stat", child.trim());
    assert!(std::fs::exists(&proc).unwrap());
    world.host.stop().await;
    for _ in 0..500 {
        let stat = std::fs::read_to_string(&proc).unwrap_or_default();
        if stat.is_empty() || stat.contains(") Z ") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it is still there");
}

#[tokio::test]
async fn only_executables_that_nobody_else_may_change_are_started() {
    let folder = tempfile::tempdir().unwrap();
    for (name, mode) in [("open", 0o722), ("text", 0o600), (".hidden", 0o700), ("good", 0o755)] {
        let path = folder.path().join(name);
        std::fs::write(&path, "#!/bin/sh\nsleep 600\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let world = World::open(folder);
    assert_eq!(world.host.count(), 1);
    assert_eq!(World::open(tempfile::tempdir().unwrap()).host.count(), 0);
}
