//! A person at a terminal: approvals answered inside a chat.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::{Home, until};

/// A command that believes to be at a terminal.
pub(crate) struct Terminal {
    keyboard: File,
    seen: Arc<Mutex<String>>,
    child: Child,
}

impl Terminal {
    pub(crate) fn open(home: &Home, args: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let end = || {
            let file = OpenOptions::new().read(true).write(true).open(&name).unwrap();
            Stdio::from(OwnedFd::from(file))
        };
        let child = home.command(args).stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let keyboard = File::from(master);
        let seen = Arc::new(Mutex::new(String::new()));
        let (mut screen, told) = (keyboard.try_clone().unwrap(), Arc::clone(&seen));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                told.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { keyboard, seen, child }
    }

    pub(crate) fn seen(&self) -> String {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn wait_for(&self, words: &str, times: usize) {
        until(&format!("`{words}` is seen {times} times"), || {
            self.seen().matches(words).count() >= times
        });
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        self.keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    pub(crate) fn code(&mut self) -> Option<i32> {
        let mut ended = None;
        until("the command ends", || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap().code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_word_approves_and_a_bare_enter_does_not() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let old = home.workspace().join("old");
    std::fs::create_dir(&old).unwrap();
    let mut terminal = Terminal::open(&home, &["chat", "run rm -rf old"]);
    terminal.wait_for("[reason]?", 1);
    terminal.type_line("");
    terminal.wait_for("nothing is decided", 1);
    terminal.type_line("yes");
    terminal.wait_for("`yes` decides nothing", 1);
    let pending = gateway.cli(&["approvals", "list", "--status", "pending", "--json"]).json();
    assert_eq!(pending["data"].as_array().unwrap().len(), 1);
    assert!(old.exists());
    terminal.type_line("once as agreed");
    assert_eq!(terminal.code(), Some(0), "{}", terminal.seen());
    assert!(!old.exists());
    let id = pending["data"][0]["approval_id"].as_str().unwrap();
    assert_eq!(gateway.approval(id)["decision"]["reason"], "as agreed");
}

#[test]
fn a_question_is_answered_where_it_is_asked() {
    let home = Home::new();
    let mut terminal = Terminal::open(&home, &["chat", "ask which one?"]);
    terminal.wait_for("answer> ", 1);
    terminal.type_line("the blue one");
    assert_eq!(terminal.code(), Some(0), "{}", terminal.seen());
    assert!(terminal.seen().contains("The agent asks:"), "{}", terminal.seen());
}

#[test]
fn an_interrupt_stops_the_run() {
    let home = Home::new();
    let gateway = home.up(&["--set", "approvals.mode=off"]);
    let mut terminal = Terminal::open(&home, &["chat", "run touch began; sleep 600"]);
    until("the command runs", || home.workspace().join("began").exists());
    let pid = terminal.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(terminal.code(), Some(1), "{}", terminal.seen());
    let runs = gateway.cli(&["runs", "list", "--json"]).json();
    assert_eq!(runs["data"][0]["status"], "cancelled");
}

#[test]
fn what_somebody_else_decides_meanwhile_is_told() {
    let home = Home::new();
    let gateway = home.up(&[]);
    std::fs::create_dir(home.workspace().join("old")).unwrap();
    let mut terminal = Terminal::open(&home, &["chat", "run rm -rf old"]);
    terminal.wait_for("[reason]?", 1);
    let pending = gateway.cli(&["approvals", "list", "--status", "pending", "--json"]).json();
    let id = pending["data"][0]["approval_id"].as_str().unwrap();
    assert_eq!(gateway.cli(&["approvals", "deny", id, "--reason", "mine"]).code, Some(0));
    assert_eq!(terminal.code(), Some(0), "{}", terminal.seen());
    assert!(terminal.seen().contains("denied by operator: mine"), "{}", terminal.seen());
    assert!(home.workspace().join("old").exists());
}
