//! A scratch directory in which bash runs generated programs.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The stubs: each logs its words, and does nothing else.
pub(crate) const STUBS: &[&str] = &["probe-a", "probe-b", "probe-c", "probed"];
/// Harmless programs, used where the machine has them.
const PROGRAMS: &[&str] = &[
    "sh", "bash", "cat", "echo", "printf", "true", "false", "base64", "base32", "xxd", "rev", "tr",
    "sed", "xargs", "env", "nice", "nohup", "timeout", "setsid", "stdbuf", "head", "tail", "seq",
];
/// How long one batch may take.
const TIME_OUT: Duration = Duration::from_secs(30);
/// Stands in the log between two programs.
const MARK: &str = "\u{1}next";

/// Removed when dropped.
pub(crate) struct Scratch {
    root: PathBuf,
    bash: PathBuf,
    /// Those of [`PROGRAMS`] that are here.
    pub(crate) programs: Vec<String>,
}

impl Scratch {
    /// None where there is no bash.
    pub(crate) fn new() -> Option<Self> {
        let bash = find("bash")?;
        let root = std::env::temp_dir().join(format!("differential-{}", std::process::id()));
        for directory in ["bin", "work/d1/d2", "programs"] {
            fs::create_dir_all(root.join(directory)).expect("a scratch directory");
        }
        let root = root.canonicalize().expect("the scratch directory");
        let mut programs = Vec::new();
        for name in PROGRAMS {
            if *name == "sh" {
                // The engine reads a script for `sh` as bash would outside of its POSIX mode.
                let text = format!("#!/bin/sh\nexec '{}' \"$@\"\n", bash.display());
                fs::write(root.join("bin/sh"), text).expect("a shell");
                executable(&root.join("bin/sh"));
                programs.push((*name).to_owned());
            } else if let Some(found) = find(name) {
                link(&found, &root.join("bin").join(name));
                programs.push((*name).to_owned());
            }
        }
        let stub = root.join("bin/stub");
        let log = root.join("log").display().to_string();
        let text = format!(
            "#!/bin/sh\nn=${{0##*/}}\nfor w do n=\"$n\u{2}$w\"; done\nprintf '%s\\0' \"$n\" >> '{log}'\n"
        );
        fs::write(&stub, text).expect("a stub");
        executable(&stub);
        for name in STUBS {
            link(&stub, &root.join("bin").join(name));
        }
        fs::write(root.join("work/f1"), "probe-a from file\n").expect("a file");
        let driver = format!(
            "ulimit -t 5 -v 2000000\nfor f in \"$@\"; do cd '{root}/work'; bash \"$f\" </dev/null >/dev/null 2>&1; printf '%s\\0' '{MARK}' >> '{log}'; done\n",
            root = root.display(),
        );
        fs::write(root.join("driver"), driver).expect("a driver");
        Some(Self { root, bash, programs })
    }

    /// The working directory of the programs.
    pub(crate) fn work(&self) -> String {
        self.root.join("work").display().to_string()
    }

    /// What stubs each program called, with all their words.
    pub(crate) fn run(&self, programs: &[&str]) -> Vec<Vec<Vec<String>>> {
        let log = self.root.join("log");
        fs::write(&log, "").expect("the log");
        let mut command = Command::new(&self.bash);
        command.arg(self.root.join("driver"));
        for (at, text) in programs.iter().enumerate() {
            let path = self.root.join(format!("programs/{at}"));
            fs::File::create(&path)
                .and_then(|mut file| file.write_all(text.as_bytes()))
                .expect("a program");
            command.arg(path);
        }
        let mut child = command
            .env_clear()
            .env("PATH", self.root.join("bin"))
            .env("HOME", self.work())
            .env("LC_ALL", "C.UTF-8")
            .current_dir(self.work())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("bash starts");
        let begun = Instant::now();
        while child.try_wait().expect("bash is waited for").is_none() {
            if begun.elapsed() > TIME_OUT {
                child.kill().expect("bash is ended");
                let done = fs::read_to_string(&log).unwrap_or_default().matches(MARK).count();
                let at = programs.get(done).unwrap_or(&"");
                panic!("bash did not end within {TIME_OUT:?}:\n{at}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let log = fs::read(&log).expect("the log");
        let log = String::from_utf8_lossy(&log);
        let mut calls = vec![Vec::new()];
        for entry in log.split_terminator('\0') {
            if entry == MARK {
                calls.push(Vec::new());
            } else if let Some(last) = calls.last_mut() {
                last.push(entry.split('\u{2}').map(str::to_owned).collect());
            }
        }
        calls.pop();
        assert_eq!(calls.len(), programs.len(), "every program ran");
        calls
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.root));
    }
}

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) {
    std::os::unix::fs::symlink(from, to).expect("a link");
}

#[cfg(unix)]
fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("an executable stub");
}
