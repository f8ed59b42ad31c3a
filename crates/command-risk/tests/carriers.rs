//! Tools, options and variables that make something else run: followed, whoever carries it.

use countersign_command_risk::{Context, Engine, Policy};
use countersign_domain::verdict::Verdict;

fn expect(verdict: Verdict, commands: &[&str]) {
    let engine = Engine::new(Policy::builtin());
    let context = Context {
        cwd: "/home/ana/work/shop".into(),
        home: "/home/ana".into(),
        workspace: None,
        user: "ana".into(),
    };
    for command in commands {
        let analysis = engine.assess(command, &context);
        assert_eq!(
            analysis.assessment().verdict(),
            verdict,
            "`{command}`: {:?}",
            analysis.assessment().findings()
        );
    }
}

#[test]
fn options_that_name_a_program_or_load_code_from_elsewhere_are_asked() {
    expect(
        Verdict::Ask,
        &[
            "bat --pager 'sh -c id' f",
            "somenewtool --pager='/tmp/x -d' f",
            "somelinter --plugin /tmp/rules.js src",
            "eslint --rulesdir /tmp/rules src",
            "java -javaagent:/tmp/a.jar -jar build/app.jar",
            "java -cp /tmp/classes Main",
            "ruby -r/tmp/hook -e 1",
            "php -d extension=/tmp/x.so -v",
            "gdb -x /tmp/cmds ./app",
            "cmake -DCMAKE_C_COMPILER_LAUNCHER=/tmp/x -B build",
            "tar xf a.tar --checkpoint=1 --checkpoint-act='exec=sh x'",
            "hg --config alias.z='!rm -rf media' z",
            "fzf --preview 'rm -rf {}' < list",
            "git --config-env=core.pager=X log",
            "env 'BASH_FUNC_ls%%=() { rm -rf media; }' bash -c ls",
        ],
    );
    expect(
        Verdict::Allow,
        &[
            "bat --pager less f",
            "eslint --rulesdir lint/rules src",
            "java -cp build/classes Main",
            "cmake -DCMAKE_C_COMPILER=clang -B build",
            "split --filter='gzip > $FILE.gz' -b 10M big.bin",
            "fzf --preview 'cat {}' < list",
            "man -P cat ls",
            "cat urls.txt | xargs -n1 curl -sI",
        ],
    );
}

#[test]
fn small_languages_that_call_a_shell_are_followed() {
    expect(
        Verdict::Forbid,
        &[
            "dc -e '!rm -rf /usr'",
            "m4 <<< \"syscmd(\\`rm -rf /etc')\"",
            "rpm --eval '%(rm -rf /usr)'",
            "socat - EXEC:'rm -rf /usr'",
            "cmake -E rm -rf /etc",
            "tmux new -d 'rm -rf /etc'",
            "pwsh -c 'Remove-Item -Recurse -Force /'",
            "tclsh <<< 'exec rm -rf /usr'",
        ],
    );
    expect(
        Verdict::Allow,
        &["dc -e '5 3 * p'", "m4 -DNAME=x page.m4", "rpm --eval '%{_arch}'", "cmake -E echo hi"],
    );
}

#[test]
fn what_a_one_liner_puts_together_is_what_it_does() {
    expect(
        Verdict::Forbid,
        &[
            "python3 -c \"import os; d='/'; os.system('rm -rf ' + d)\"",
            "perl -e '$d=\"/\"; system(\"rm -rf $d\")'",
            "lua -e 'os.execute(\"rm -rf \" .. \"/\")'",
            "awk 'BEGIN{cmd=\"rm -rf /\"; system(cmd)}'",
            "python3 -c 'import os; os.kill(-1, 9)'",
            "perl -e 'fork while fork'",
        ],
    );
    expect(
        Verdict::Ask,
        &[
            "php -r 'array_map(\"unlink\", glob(\"media/*\"));'",
            "php -r '$f=\"sys\".\"tem\"; $f(\"rm -rf media\");'",
            "node -e \"require('child_process')['exec'+'Sync']('rm -rf media')\"",
            "bun -e 'import {$} from \"bun\"; await $`rm -rf media`'",
            "elixir -e 'File.rm_rf!(\"media\")'",
            "erl -noshell -eval 'os:cmd(\"rm -rf media\"), halt().'",
            "rails runner 'User.delete_all'",
            "python3 -c \"import sqlite3; sqlite3.connect('a.db').execute('DROP TABLE t')\"",
            "python3 -c \"import boto3; boto3.client('s3').delete_bucket(Bucket='x')\"",
        ],
    );
    expect(
        Verdict::Allow,
        &[
            "awk 'BEGIN{system(\"date\")}'",
            "julia -e 'run(`ls`)'",
            "python3 -c \"import sqlite3; print(sqlite3.connect('a.db').execute('select 1'))\"",
            "node -e \"/rm/.exec('rm -rf')\"",
        ],
    );
}

#[test]
fn values_reach_their_names_by_every_way() {
    expect(
        Verdict::Forbid,
        &[
            "t=/; declare -n q=t; rm -rf \"$q\"",
            "rm -rf \"${HOME:?}\"/",
            "IFS=, read -ra w <<< 'rm,-rf,/usr'; \"${w[@]}\"",
            "cd / ; chmod -R 777 .",
        ],
    );
    expect(
        Verdict::Ask,
        &[
            "c=${X+a}rm; $c -rf media",
            "c='$(rm -rf media)'; echo \"${c@P}\"",
            "arch -x86_64 rm -rf media",
            "watch -n 60 -d rm -rf media",
            "complete -C 'rm -rf media' foo",
            "tee prod.db < /dev/null",
            "cat /dev/zero > /tmp/fill",
            "ssh -T localhost bash <<'E'\nrm -rf /srv/old\nE",
        ],
    );
}
