use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use countersign_domain::action::Action;
use countersign_domain::runs::ToolStatus;
use rustix::process::{Pid, test_kill_process};
use serde_json::json;

use crate::tools::testing::{Bench, SECRET};

/// The process whose number is in `file`, once it is there.
async fn process_in(file: &Path) -> Pid {
    for _ in 0..1000 {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if let Some(pid) = text.strip_suffix('\n').and_then(|line| line.parse().ok()) {
            return Pid::from_raw(pid).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no process wrote its number");
}

fn is_alive(pid: Pid) -> bool {
    // A dead process may stay in the table until its new parent has collected it.
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    let zombie =
        stat.is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|s| s.starts_with('Z')));
    test_kill_process(pid).is_ok() && !zombie
}

async fn assert_dies(pid: Pid) {
    for _ in 0..1000 {
        if !is_alive(pid) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{pid:?} lives on");
}

#[test]
fn the_action_is_all_that_will_run() {
    let bench = Bench::new();
    let root = bench.root().to_str().unwrap().to_owned();
    let expected = Action::Exec {
        command: " echo  'a' ".to_owned(),
        cwd: root,
        env: bench.context.env.clone(),
        timeout_s: 20,
        files: Vec::new(),
    };
    assert_eq!(bench.plan("terminal", &json!({"command": " echo  'a' "})), Ok(expected));
    for (arguments, problem) in [
        (json!({"command": "  "}), "needs something to run"),
        (json!({"command": "a\0b"}), "NUL"),
        (json!({"command": "x".repeat(200_000)}), "at most 120000 bytes"),
        (json!({"command": "x", "timeout_s": 0}), "from 1 to 3600"),
        (json!({"command": "x", "cwd": "/"}), "has no argument `cwd`"),
    ] {
        let error = bench.refusal("terminal", &arguments);
        assert!(error.contains(problem), "{error}");
    }
}

#[tokio::test]
async fn output_and_errors_come_in_the_order_in_which_they_were_written() {
    let bench = Bench::new();
    let command = "echo a; echo b >&2; echo c; pwd; cat; exit 3";
    let output = bench.run("terminal", &json!({"command": command})).await;
    let root = bench.root().display();
    assert_eq!(output.content, format!("a\nb\nc\n{root}\n(exit status 3)"));
    assert_eq!((output.status, output.exit_code), (ToolStatus::Error, Some(3)));
    let output = bench.run("terminal", &json!({"command": "true"})).await;
    assert_eq!((output.content.as_str(), output.exit_code), ("(no output)", Some(0)));
    let output = bench.run("terminal", &json!({"command": "kill -9 $$"})).await;
    assert_eq!(output.content, "(killed by signal 9)");
}

#[tokio::test]
async fn the_environment_is_exactly_that_of_the_action() {
    let bench = Bench::new();
    let action = Action::Exec {
        command: "/usr/bin/env | /usr/bin/sort".to_owned(),
        cwd: "/".to_owned(),
        env: BTreeMap::from([("ONE".to_owned(), "1".to_owned())]),
        timeout_s: 10,
        files: Vec::new(),
    };
    let output = bench.execute("terminal", &json!({"command": "x"}), action).await;
    let own = ["PWD=", "SHLVL=", "_=", "OLDPWD="];
    let given: Vec<&str> = output
        .content
        .lines()
        .filter(|line| !own.iter().any(|prefix| line.starts_with(prefix)))
        .collect();
    assert_eq!(given, ["ONE=1"]);
}

#[tokio::test]
async fn what_a_command_writes_is_inert_and_holds_no_secret() {
    let bench = Bench::new();
    let command = format!("printf 'a\\033[2Jb\\xff {SECRET}'");
    let output = bench.run("terminal", &json!({"command": command})).await;
    assert_eq!(output.content, "a⟨U+001B⟩[2Jb\u{fffd} [secret of this gateway]…(25)");
}

#[tokio::test]
async fn a_long_output_shows_head_and_tail_and_is_kept_whole() {
    let bench = Bench::new();
    let command = "head -c 10000000 /dev/zero | tr '\\0' x; echo; echo end";
    let output = bench.run("terminal", &json!({"command": command})).await;
    let content = output.content;
    assert!(content.len() < 70_000, "{}", content.len());
    assert!(content.starts_with("xxx"));
    assert!(content.contains("x\n… 9934981 bytes not shown …\nx"), "{}", content.len());
    let file = ".countersign/outputs/call_00000000000000000000000000000001.txt";
    assert!(content.ends_with(&format!("x\nend\n(all 10000005 bytes of output are in `{file}`)")));
    let kept = std::fs::read(bench.root().join(file)).unwrap();
    assert_eq!(kept.len(), 10_000_005);
    assert!(kept.ends_with(b"x\nend\n"));
}

#[tokio::test]
async fn what_is_kept_has_a_bound_and_stays_in_the_workspace() {
    let mut bench = Bench::new();
    bench.context.output.shown = 2048;
    bench.context.output.kept = 5000;
    let command = "seq 100000";
    let output = bench.run("terminal", &json!({"command": command})).await;
    assert!(output.content.contains("(the first 5000 of 588895 bytes of output are in"));
    let outside = tempfile::tempdir().unwrap();
    std::fs::remove_dir_all(bench.root().join(".countersign")).unwrap();
    std::os::unix::fs::symlink(outside.path(), bench.root().join(".countersign")).unwrap();
    let output = bench.run("terminal", &json!({"command": command})).await;
    assert!(output.content.contains("could not be kept"), "{}", output.content);
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_time_out_kills_the_whole_group() {
    let bench = Bench::new();
    let command = "sleep 1000 & echo $! > child; echo begun; wait";
    let output = bench.run("terminal", &json!({"command": command, "timeout_s": 3})).await;
    assert_eq!(output.content, "begun\n(killed after 3 s: time limit)");
    assert_eq!((output.status, output.exit_code), (ToolStatus::Error, None));
    assert_dies(process_in(&bench.root().join("child")).await).await;
}

#[tokio::test]
async fn a_stop_kills_the_whole_group_even_if_it_does_not_listen() {
    let bench = Bench::new();
    let command = "trap '' TERM; sleep 1000 & echo $! > child; while :; do sleep 1; done";
    let arguments = json!({"command": command});
    let stopping = async {
        let child = process_in(&bench.root().join("child")).await;
        bench.cancel.cancel();
        child
    };
    let (output, child) = tokio::join!(bench.run("terminal", &arguments), stopping);
    assert_eq!(output.status, ToolStatus::Cancelled);
    assert_dies(child).await;
}

#[tokio::test]
async fn dropping_a_call_kills_the_whole_group() {
    let bench = Bench::new();
    let arguments = json!({"command": "sleep 1000 & echo $! > child; wait"});
    let file = bench.root().join("child");
    let child = tokio::select! {
        output = bench.run("terminal", &arguments) => panic!("{output:?}"),
        child = process_in(&file) => child,
    };
    assert_dies(child).await;
}

#[tokio::test]
async fn nothing_goes_on_in_the_background() {
    let bench = Bench::new();
    let begun = Instant::now();
    let holding = "sleep 1000 & echo $! > child; echo done";
    let output = bench.run("terminal", &json!({"command": holding})).await;
    assert_eq!((output.content.as_str(), output.status), ("done", ToolStatus::Ok));
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_dies(process_in(&bench.root().join("child")).await).await;

    let silent = "sleep 1000 >/dev/null 2>&1 & echo $! > other; echo done";
    let output = bench.run("terminal", &json!({"command": silent})).await;
    assert_eq!(output.content, "done");
    assert_dies(process_in(&bench.root().join("other")).await).await;
}

#[tokio::test]
async fn a_directory_that_is_gone_is_said() {
    let bench = Bench::new();
    let arguments = json!({"command": "true"});
    let action = bench.plan("terminal", &arguments).unwrap();
    std::fs::remove_dir(bench.root()).unwrap();
    let output = bench.execute("terminal", &arguments, action).await;
    assert!(output.content.ends_with("does not exist; nothing was run"), "{}", output.content);
}
