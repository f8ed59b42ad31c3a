use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use countersign_domain::action::Action;
use countersign_domain::runs::ToolStatus;
use serde_json::json;

use crate::tools::testing::{Bench, SECRET};

fn planned_path(bench: &Bench, path: &str) -> String {
    match bench.plan("write_file", &json!({"path": path, "content": ""})) {
        Ok(Action::FileWrite { path, .. }) => path,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_path_is_where_it_really_leads() {
    let bench = Bench::new();
    let outside = tempfile::tempdir().unwrap();
    let outside_path = outside.path().canonicalize().unwrap();
    symlink(&outside_path, bench.root().join("out")).unwrap();
    fs::write(bench.root().join("real"), "x").unwrap();
    symlink("real", bench.root().join("link")).unwrap();
    let root = bench.root().to_str().unwrap().to_owned();
    let outer = outside_path.to_str().unwrap().to_owned();
    for (path, expected) in [
        ("a.txt", format!("{root}/a.txt")),
        ("./x/../a.txt", String::new()),
        ("new/dir/a.txt", format!("{root}/new/dir/a.txt")),
        ("out/a.txt", format!("{outer}/a.txt")),
        ("link", format!("{root}/real")),
        ("../../../../../../../../etc/passwd", "/etc/passwd".to_owned()),
        ("/etc/hosts-x", "/etc/hosts-x".to_owned()),
    ] {
        if expected.is_empty() {
            let error = bench.refusal("write_file", &json!({"path": path, "content": ""}));
            assert!(error.contains("`..` behind a directory that does not exist"), "{error}");
        } else {
            assert_eq!(planned_path(&bench, path), expected);
        }
    }
}

#[test]
fn what_is_no_path_is_refused() {
    let bench = Bench::new();
    symlink("nowhere", bench.root().join("dangling")).unwrap();
    fs::write(bench.root().join("file"), "x").unwrap();
    for (path, problem) in [
        ("", "needs a path"),
        ("a\0b", "needs a path"),
        ("dir/", "needs a file, not a directory"),
        ("dangling", "a symbolic link that leads nowhere"),
        ("file/below", "cannot be used: Not a directory"),
    ] {
        let error = bench.refusal("write_file", &json!({"path": path, "content": ""}));
        assert!(error.contains(problem), "{path}: {error}");
    }
}

#[tokio::test]
async fn writing_makes_directories_keeps_permissions_and_leaves_nothing_beside() {
    let bench = Bench::new();
    let path = bench.root().join("a/b/c.sh");
    let arguments = json!({"path": "a/b/c.sh", "content": "one"});
    let output = bench.run("write_file", &arguments).await;
    assert_eq!(output.content, format!("created `{}` (3 bytes)", path.display()));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
    let output = bench.run("write_file", &json!({"path": "a/b/c.sh", "content": "two"})).await;
    assert_eq!(output.content, format!("replaced `{}` (3 bytes)", path.display()));
    assert_eq!(fs::read_to_string(&path).unwrap(), "two");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o750);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_place_that_was_exchanged_after_the_decision_is_not_written_or_read() {
    let bench = Bench::new();
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir(bench.root().join("dir")).unwrap();
    fs::write(bench.root().join("dir/f"), "old").unwrap();
    fs::write(outside.path().join("f"), "theirs").unwrap();
    let write = json!({"path": "dir/f", "content": "new"});
    let read = json!({"path": "dir/f"});
    let writing = bench.plan("write_file", &write).unwrap();
    let reading = bench.plan("read_file", &read).unwrap();

    fs::remove_dir_all(bench.root().join("dir")).unwrap();
    symlink(outside.path(), bench.root().join("dir")).unwrap();
    for (tool, arguments, action) in
        [("write_file", &write, writing.clone()), ("read_file", &read, reading.clone())]
    {
        let output = bench.execute(tool, arguments, action).await;
        assert!(output.content.starts_with("content_changed: "), "{}", output.content);
    }

    fs::remove_file(bench.root().join("dir")).unwrap();
    fs::create_dir(bench.root().join("dir")).unwrap();
    symlink(outside.path().join("f"), bench.root().join("dir/f")).unwrap();
    for (tool, arguments, action) in
        [("write_file", &write, writing), ("read_file", &read, reading)]
    {
        let output = bench.execute(tool, arguments, action).await;
        assert!(output.content.starts_with("content_changed: "), "{}", output.content);
    }
    assert_eq!(fs::read_to_string(outside.path().join("f")).unwrap(), "theirs");
}

#[tokio::test]
async fn what_is_no_file_is_neither_written_nor_read() {
    let bench = Bench::new();
    fs::create_dir(bench.root().join("dir")).unwrap();
    let pipe = bench.root().join("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    for (tool, path, problem) in [
        ("write_file", "dir", "it is a directory"),
        ("write_file", "pipe", "it is not a regular file"),
        ("write_file", "/dev/null", "it is not a regular file"),
        ("read_file", "dir", "is a directory; list it with `terminal`"),
        ("read_file", "pipe", "is not a regular file"),
        ("read_file", "/dev/zero", "is not a regular file"),
        ("read_file", "missing", "No such file"),
    ] {
        let arguments = match tool {
            "write_file" => json!({"path": path, "content": "x"}),
            _ => json!({"path": path}),
        };
        let output = bench.run(tool, &arguments).await;
        assert_eq!(output.status, ToolStatus::Error);
        assert!(output.content.contains(problem), "{path}: {}", output.content);
    }
    let outside = tempfile::tempdir().unwrap();
    let path = outside.path().join("new/f");
    let output = bench.run("write_file", &json!({"path": path, "content": "x"})).await;
    assert_eq!(output.status, ToolStatus::Error, "no directories are made outside");
}

#[tokio::test]
async fn a_file_is_read_whole_or_by_lines() {
    let bench = Bench::new();
    fs::write(bench.root().join("f"), format!("one\ntwo\u{202e}\n{SECRET}\nfour\n")).unwrap();
    for (arguments, expected) in [
        (json!({"path": "f"}), "one\ntwo⟨U+202E⟩\n[secret of this gateway]…(25)\nfour\n"),
        (json!({"path": "f", "offset": 4}), "four\n"),
        (json!({"path": "f", "limit": 1}), "one\n"),
        (json!({"path": "f", "offset": 9}), "(nothing: the file has 4 lines)"),
    ] {
        let output = bench.run("read_file", &arguments).await;
        assert_eq!((output.content.as_str(), output.status), (expected, ToolStatus::Ok));
    }
}

#[tokio::test]
async fn what_is_too_large_or_no_text_is_said() {
    let bench = Bench::new();
    fs::write(bench.root().join("binary"), b"ab\0cd").unwrap();
    fs::write(bench.root().join("latin"), b"caf\xe9").unwrap();
    fs::write(bench.root().join("long"), "line\n".repeat(100_000)).unwrap();
    fs::File::create(bench.root().join("huge")).unwrap().set_len(1 << 30).unwrap();
    for (path, expected) in [
        ("binary", "is a binary file of 5 bytes; it is not shown"),
        ("latin", "is a binary file of 4 bytes (no UTF-8); it is not shown"),
        ("huge", "read a part of it with `terminal`"),
        ("long", "(read the rest with `offset` and `limit`)"),
    ] {
        let output = bench.run("read_file", &json!({"path": path})).await;
        assert!(output.content.ends_with(expected), "{path}");
        assert!(output.content.len() <= bench.context.output.shown);
    }
}
