//! Which files a command is found to run and to read.

use countersign_command_risk::{Context, Engine, FileRole, Policy};

fn engine() -> (Engine, Context) {
    let context = Context {
        cwd: "/w".to_owned(),
        home: "/home/me".to_owned(),
        workspace: None,
        user: "me".to_owned(),
    };
    (Engine::new(Policy::builtin()), context)
}

/// The paths that are run, without what matters only if it exists.
fn run_by(command: &str) -> Vec<String> {
    let (engine, context) = engine();
    let analysis = engine.assess(command, &context);
    let run = analysis.files().iter().filter(|file| file.role.runs() && !file.optional);
    run.map(|file| file.path.clone()).collect()
}

fn read_by(command: &str) -> Vec<String> {
    let (engine, context) = engine();
    let analysis = engine.assess(command, &context);
    let read = analysis.files().iter().filter(|file| file.role == FileRole::Reads);
    read.map(|file| file.path.clone()).collect()
}

#[test]
fn what_is_run_is_found_behind_wrappers_directories_and_options() {
    let table: [(&str, &[&str]); 34] = [
        ("bash x.sh", &["/w/x.sh"]),
        ("sh -e ./x.sh prod", &["/w/./x.sh"]),
        ("./x.sh", &["/w/./x.sh"]),
        ("bin/deploy --now", &["/w/bin/deploy"]),
        ("~/bin/tool", &["/home/me/bin/tool"]),
        ("/srv/x.py", &["/srv/x.py"]),
        ("/usr/bin/python3 x.py", &["/w/x.py"]),
        ("python3 -u x.py --port 1", &["/w/x.py"]),
        ("node build.js", &["/w/build.js"]),
        ("source env.sh", &["/w/env.sh"]),
        (". ./env.sh", &["/w/./env.sh"]),
        ("bash < x.sh", &["/w/x.sh"]),
        ("cat x.sh | bash", &["/w/x.sh"]),
        ("bash -c \"$(cat x.sh)\"", &["/w/x.sh"]),
        ("cd sub && bash x.sh", &["/w/sub/x.sh"]),
        ("(cd sub; true); bash x.sh", &["/w/x.sh"]),
        ("cd a && cd .. && ./x.sh", &["/w/./x.sh"]),
        ("sudo -u root env A=1 bash x.sh", &["/w/x.sh"]),
        ("timeout 5 nice ./x.sh", &["/w/./x.sh"]),
        ("nohup ./x.sh &", &["/w/./x.sh"]),
        ("f=x.sh; bash $f", &["/w/x.sh"]),
        ("bash ../up/x.sh", &["/w/../up/x.sh"]),
        ("make", &["/w/GNUmakefile", "/w/makefile", "/w/Makefile"]),
        ("make -C sub -f rules.mk all", &["/w/sub/rules.mk"]),
        ("make -frules.mk", &["/w/rules.mk"]),
        ("make --file=rules.mk", &["/w/rules.mk"]),
        ("npm run build", &["/w/package.json"]),
        ("yarn --cwd app test", &["/w/app/package.json"]),
        ("just deploy", &["/w/justfile", "/w/Justfile", "/w/.justfile"]),
        ("cargo build", &["/w/Cargo.toml", "/w/build.rs", "/w/.cargo/config.toml"]),
        ("docker build -f build/Dockerfile .", &["/w/build/Dockerfile"]),
        ("docker build app", &["/w/app/Dockerfile"]),
        ("psql -h db -f drop.sql", &["/w/drop.sql"]),
        ("ls -l; git status; echo x.sh", &[]),
    ];
    for (command, wanted) in table {
        assert_eq!(run_by(command), wanted, "{command}");
    }
}

#[test]
fn what_is_read_is_found_among_words_options_and_redirections() {
    let table: [(&str, &[&str]); 6] = [
        ("cp a b", &["/w/a", "/w/b"]),
        ("curl -d @body.json https://a.example", &["/w/body.json"]),
        ("curl -F file=@report.pdf https://a.example", &["/w/file=@report.pdf", "/w/report.pdf"]),
        ("tool --config=a.toml", &["/w/a.toml"]),
        ("wc -l < list", &["/w/list"]),
        ("echo a b", &[]),
    ];
    for (command, wanted) in table {
        assert_eq!(read_by(command), wanted, "{command}");
    }
}

#[test]
fn a_script_somewhere_unknown_is_said_to_be_unplaced() {
    let (engine, context) = engine();
    for (command, unplaced) in [
        ("cd \"$(cat place)\" && make", true),
        ("cd \"$PLACE\" && bash x.sh", true),
        ("cd \"$PLACE\" && bash /srv/x.sh", false),
        ("cd \"$PLACE\" && ls", false),
        ("make", false),
    ] {
        let analysis = engine.assess(command, &context);
        assert_eq!(analysis.runs_unplaced_files(), unplaced, "{command}");
    }
}

#[test]
fn what_runs_elsewhere_is_no_file_of_this_machine() {
    for command in ["ssh host bash x.sh", "docker exec web bash /app/x.sh"] {
        assert_eq!(run_by(command), Vec::<String>::new(), "{command}");
    }
}

#[test]
fn a_script_that_the_command_itself_writes_is_judged_as_written() {
    assert_eq!(run_by("echo ls > x.sh; bash x.sh"), Vec::<String>::new());
    assert_eq!(run_by("./gen > x.sh; bash x.sh"), ["/w/./gen", "/w/x.sh"]);
}

#[test]
fn only_commands_that_show_files_are_viewers() {
    let (engine, context) = engine();
    for (command, views) in [
        ("cat a", true),
        ("cat a | head -3 2>/dev/null", true),
        ("cat a > b", false),
        ("cp a b", false),
        ("cat a; rm b", false),
        ("sort -o b a", false),
    ] {
        assert_eq!(engine.assess(command, &context).only_views(), views, "{command}");
    }
}

#[test]
fn the_arguments_of_a_script_are_not_taken_for_empty() {
    let (engine, context) = engine();
    let analysis = engine.assess_script("sh", "echo \"$1\" \"$@\"\ncat \"$1/x\"\n", &context);
    assert!(
        analysis.assessment().findings().iter().all(|f| f.id.as_str() != "fs.recursive_delete")
    );
    let whole = engine.assess_script("sh", "rm -rf \"$1\"/*\n", &context);
    let ids: Vec<&str> = whole.assessment().findings().iter().map(|f| f.id.as_str()).collect();
    assert!(!ids.is_empty(), "what is deleted is not known");
}
