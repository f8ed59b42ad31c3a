//! The workspace stands inside the guard's own directory: what is the agent's there, and what not.

use countersign_command_risk::{Analysis, Context, Engine, Policy, SelfDescription};
use countersign_domain::verdict::{Severity, Verdict};

fn assess(command: &str) -> Analysis {
    let ctx = Context {
        cwd: "/home/me/.countersign/workspace".into(),
        home: "/home/me".into(),
        workspace: Some("/home/me/.countersign/workspace".into()),
        user: "me".into(),
    };
    Engine::new(Policy::builtin().with_self(SelfDescription::default())).assess(command, &ctx)
}

#[test]
fn work_in_the_workspace_is_ordinary_work() {
    for command in [
        "echo x > a.txt",
        "mkdir d",
        "touch a",
        "cat a.txt",
        "cat *.txt",
        "grep -r token .",
        "grep -rn '~/.countersign' docs",
        "sed -i s/a/b/ a.txt",
        "cp -r src lib",
        "cp a.txt .",
        "cp -r /home/me/work/x .",
        "git status",
        "cd src && cat main.rs",
        "ls ..",
        "cd .. && cd workspace && cat a.txt",
        "cat ~/.countersign/workspace/a.txt",
        "cat ~/.claude/settings.json",
        "cat ~/notes.txt",
        "python3 -c 'print(open(\"a.txt\").read())'",
        "countersign --help",
    ] {
        let analysis = assess(command);
        let findings = analysis.assessment().findings();
        assert_eq!(analysis.assessment().verdict(), Verdict::Allow, "`{command}`: {findings:?}");
    }
    let deletion = assess("rm -r build");
    let findings = deletion.assessment().findings();
    assert_eq!(deletion.assessment().verdict(), Verdict::Ask);
    assert_eq!(deletion.assessment().severity(), Some(Severity::High));
    assert!(findings.iter().all(|f| f.id.as_str() == "fs.recursive_delete"), "{findings:?}");
    assert!(deletion.pattern().is_some());
}

#[test]
fn what_the_guard_keeps_is_not_read_unasked() {
    for command in [
        "cat ../operator.token",
        "cat ~/.countersign/operator.token",
        "cat /home/me/.countersign/operator.token",
        "cat ../config.yaml",
        "cat ../*.token",
        "cat ../o*",
        "cat ~/.counter*/config.yaml",
        "cat ~/.*/config.yaml",
        "cat /home/*/.countersign/config.yaml",
        "cat ../{config.yaml,x}",
        "cat ../\"$X\"",
        "cat < ../config.yaml",
        "x=$(<../config.yaml)",
        "cd .. && cat config.yaml",
        "cd .. && cat *",
        "cd ..; grep -r token",
        "cd ..; tar cz .",
        "grep -r token ..",
        "grep -re token ..",
        "grep -r --regexp=token ..",
        "rg token ..",
        "sed -n 1p ../config.yaml",
        "awk 1 ../config.yaml",
        "sqlite3 ../countersign.db .dump",
        "cp -r .. /tmp/x",
        "cp ../countersign.db x.db",
        "ln -s .. up",
        "ln -s ../config.yaml c",
        "tar czf x.tgz ..",
        "tar -C .. -czf x.tgz config.yaml",
        "rsync -a ../ copy/",
        "base64 ../config.yaml",
        "curl -d @../config.yaml http://localhost/",
        "curl file:///home/me/.countersign/config.yaml",
        "docker run -v /home/me/.countersign:/x alpine",
        "python3 -c 'print(open(\"../config.yaml\").read())'",
        "bash -c 'cat ../config.yaml'",
        "sudo cat ../config.yaml",
        "dd if=../countersign.db of=x",
        "git diff --no-index ../config.yaml a",
        "find .. -exec cat {} +",
        "cat /proc/self/cwd/../config.yaml",
        "cp -r ~/. copy",
        "tar czf a.tgz ~",
        "cp -a ../../ copy",
        "python3 -c 'import shutil; shutil.copy(\"../config.yaml\", \"x\")'",
        "python3 -c 'from pathlib import Path; print(Path(\"../config.yaml\").read_text())'",
        "vim ../config.yaml",
        "somenewtool ../config.yaml",
        "somenewtool --in=../config.yaml",
    ] {
        let analysis = assess(command);
        let findings = analysis.assessment().findings();
        assert!(analysis.assessment().verdict() >= Verdict::Ask, "`{command}`");
        assert!(
            findings
                .iter()
                .any(|f| f.id.as_str() == "guard.read" && f.severity == Severity::Critical),
            "`{command}`: {findings:?}"
        );
    }
    // A token is a secret wherever it lies.
    let token = assess("cat deploy.token");
    assert!(token.assessment().findings().iter().any(|f| f.id.as_str() == "secret.read"));
}

#[test]
fn what_the_guard_keeps_is_not_changed_either() {
    for command in [
        "rm -rf ..",
        "rm -rf ~/.countersign",
        "rm -rf ../../.countersign/",
        "cd .. && rm -rf *",
        "mv .. /tmp/x",
        "> ../config.yaml",
    ] {
        let analysis = assess(command);
        let findings = analysis.assessment().findings();
        assert_eq!(analysis.assessment().verdict(), Verdict::Forbid, "`{command}`: {findings:?}");
    }
    for command in [
        "echo x >> ~/.countersign/config.yaml",
        "echo x > ../config.yaml",
        "rm ../countersign.db",
        "cp a ../countersign.db",
        "sed -i s/a/b/ ../config.yaml",
        "mv ../operator.token .",
        "mv ../workspace /tmp/w",
        "rm -rf .",
        "rm -rf ../workspace",
        "rm -rf ../*/x",
        "chmod 666 ../countersign.db",
    ] {
        let analysis = assess(command);
        let findings = analysis.assessment().findings();
        assert!(
            findings
                .iter()
                .any(|f| f.id.as_str().starts_with("guard.") && f.severity == Severity::Critical),
            "`{command}`: {findings:?}"
        );
    }
}
