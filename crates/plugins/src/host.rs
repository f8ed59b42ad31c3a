//! The plugins of a folder.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use countersign_ports::plugins::{CommandDesk, PluginCall, PluginError, Plugins};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::supervise::{Pace, Supervised};

/// Who others may change is not started.
const OTHERS_MAY_WRITE: u32 = 0o022;

/// Who anybody may run can be started.
const EXECUTABLE: u32 = 0o111;

/// Every plugin of a folder, watched until [`PluginHost::stop`].
pub struct PluginHost {
    plugins: BTreeMap<String, Arc<Supervised>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl PluginHost {
    /// Starts every executable in `folder`; there need be none, nor a folder.
    pub fn start(folder: &Path, desk: &Arc<dyn CommandDesk>, pace: Pace) -> io::Result<Arc<Self>> {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let mut plugins = BTreeMap::new();
        for (name, path) in executables(folder)? {
            let plugin = Supervised::new(name.clone(), path, desk.clone());
            tasks.spawn(plugin.clone().keep_alive(pace, stop.clone()));
            plugins.insert(name, plugin);
        }
        tasks.close();
        Ok(Arc::new(Self { plugins, stop, tasks }))
    }

    /// How many plugins there are.
    pub fn count(&self) -> usize {
        self.plugins.len()
    }

    /// Ends every plugin and all that it has started.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

#[async_trait]
impl Plugins for PluginHost {
    async fn call(&self, plugin: &str, call: PluginCall) -> Result<String, PluginError> {
        let plugin = self.plugins.get(plugin).ok_or(PluginError::Gone)?;
        plugin.call(&call).await
    }
}

fn executables(folder: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let mut found = BTreeMap::new();
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let metadata = std::fs::metadata(&path)?;
        let mode = metadata.permissions().mode();
        if name.starts_with('.') || !metadata.is_file() || mode & EXECUTABLE == 0 {
            continue;
        }
        if mode & OTHERS_MAY_WRITE != 0 {
            tracing::warn!(plugin = name, "others may change this plugin: it is not started");
            continue;
        }
        found.insert(name.to_owned(), path.clone());
    }
    Ok(found)
}
