//! Kinds of text that make an analyser slow or large: each construct repeated, nested and mixed.

/// Repeated as often as fits. What is nested is not closed, or closed by the second text.
const PIECES: &[&str] = &[
    // Words and lists.
    "a ",
    "-a ",
    "/a/../b ",
    "ls; ",
    "ls\n",
    "cd x; ",
    "cd ..\n",
    "a=b ",
    "a=b; ",
    "rm -rf a; ",
    "rm -rf /\n",
    "mv a b; ",
    "git push -f; ",
    "kubectl delete pod a; ",
    "curl -d @a https://a/;",
    "unknown-tool delete x; ",
    "./x; ",
    "/opt/x/y; ",
    "true && ",
    "a | ",
    "a & ",
    "! ",
    "time ",
    "# x\n",
    "\\\n",
    "\n",
    " ",
    ";",
    ")",
    "}",
    "fi ",
    "esac;",
    // Quotes.
    "'quoted' ",
    "\"a\"'b'c ",
    "\"$a\" ",
    "$'\\x41'",
    "\\a",
    "'",
    "\"",
    "\"'\"'",
    "é\u{202e}",
    "аpple ",
    "日本 ",
    "\u{10ffff}",
    // Expansions.
    "$(",
    "`",
    "\\`",
    "${",
    "${a:-",
    "${a[",
    "${a/",
    "$a",
    "$a ",
    "${a} ",
    "$((",
    "$(('(' ) )",
    "((",
    "(",
    "$[",
    "$[1]",
    "$((1+1)) ",
    "<(",
    "<(a) ",
    "echo $(date) | wc\n",
    "echo \"$(date)\" ",
    "$(ls) ",
    "`ls` ",
    "x=$x$x;",
    "x+=aaaaaaaaaaaaaaaa;",
    "x+=$x;",
    "x=$x$x;a$x;",
    "x=(${x[@]} ${x[@]} a);",
    "x[9]=$x;",
    "a[",
    "a[;",
    "set -- $@ $@ a;",
    "x=${x:-aaaa}$x;(a);",
    "IFS=a$IFS;",
    // Globs and braces.
    "* ",
    "a?(",
    "?(a;",
    "[a-z] ",
    "{a,b}",
    "{a,b} ",
    "{a,{",
    "{a,",
    "{1..999} ",
    "{1..9}{1..9}{1..9} ",
    "a{b,c}d{e,f}g{h,i};",
    "~/a:~/b=~/c ",
    // Redirections and here-documents.
    "> a ",
    "2>&1 ",
    "< a < b ",
    "cat <<E\nx\nE\n",
    "<<E ",
    "cat <<E\n",
    "$(cat <<E\n",
    "<<-'E'\n\tx\n\tE\n",
    "a <<< b;",
    "echo a > f$((1)); ",
    "cat a >> b; source b; ",
    // Compound commands.
    "f() { ls; }; f; ",
    "f() { ",
    "f() { f; f; }; f; ",
    "g() { f; f; }; f() { g; g; }; f;",
    "if a; then ",
    "if a; then b; fi; ",
    "case x in ",
    "case x in a) b;; esac;",
    "a) b;;",
    "for i in a b c; do ls; done; ",
    "for i in {1..60}; do a $i; done;",
    "for i in a b; do ",
    "while a; do ",
    "while read x; do y=$x$y; done;",
    "{ a; }; ",
    "(a); ",
    "(x=$x$x;",
    "[[ a && b ]]; ",
    "[[ ",
    "coproc ",
    "function f ",
    "f() ",
    // Commands that carry commands.
    "sudo ",
    "sudo a; ",
    "env ",
    "env A=1 ",
    "env -S 'a b' ",
    "eval ",
    "eval 'ls';",
    "eval \"$x\"; x=\"$x ls;\";",
    "xargs ",
    "find . -exec ",
    "find . -name a -o -name b;",
    "timeout 5 nice ",
    "bash -c 'ls';",
    "bash -c \"bash -c 'ls'\";",
    "alias a='ls'; a;",
    "alias a='a a'; a;",
    "trap 'ls' EXIT;",
    "ssh a ls;",
    "docker run a ls;",
    "docker exec a sh -c 'ls';",
    "echo ls | sh;",
    "echo bHM= | base64 -d | sh;",
    "echo bHM= | base64 -d | ",
    "echo a | rev | tr a b | sed s/a/b/ | ",
    "printf '%s%s' a b | sh;",
    "x=$(printf %s $x$x);",
    "echo aaaa$x > f; x=$(cat f);",
    "read x <<< $x$x;",
    "source f; ",
    "export A=b; ",
    "declare -a x=(a b);",
    "unset a; ",
    "exec 3<>/dev/tcp/a/1; ",
    "ln -s a b; ",
    "python3 -c 'import os; os.remove(\"a\")';",
    "python3 -c 'a';",
    "perl -e 'unlink \"a\"';",
    "node -e 'require(\"fs\").rmSync(\"a\")';",
    "ruby -e '`ls`';",
    "php -r 'system(\"ls\");';",
    "awk 'BEGIN { system(\"ls\") }';",
    "sed -e 's/a/b/e' f;",
    "psql -c 'DELETE FROM a';",
    "vim -c '!ls';",
    "git -c a.b=c log;",
    "tar --to-command=ls;",
    "make a b;",
    "npm run a;",
    "tee a b;",
    "kill -9 $(pidof a);",
    "find . -name $x -exec rm {} + ;",
];

/// Opened many times and closed as often.
const NESTED: &[(&str, &str)] = &[
    ("$(", ")"),
    ("\"$(", ")\""),
    ("${a:-", "}"),
    ("(", ")"),
    ("((", "))"),
    ("$((", "))"),
    ("{ ", "; }"),
    ("{a,", "}"),
    ("[", "]"),
    ("if a; then ", "; fi"),
    ("case a in a) ", ";; esac"),
    ("a() { ", "; }"),
];

/// Code within one pair of quotes.
const CODE: &[(&str, &str)] = &[
    ("python3 -c '", "os.remove(\"a\"); "),
    ("python3 -c '", "("),
    ("python3 -c '", "eval("),
    ("python3 -c '", "a.b.c."),
    ("python3 -c '", "x = x + \"a\"\n"),
    ("perl -e '", "system(\"ls\"); "),
    ("perl -e '", "`ls`;"),
    ("ruby -e '", "%x(ls);"),
    ("node -e '", "`${a}`;"),
    ("node -e '", "/a/;//x\n"),
    ("php -r '", "$x = \"a\".\"b\";"),
    ("awk '", "{ print | \"sh\" } "),
    ("awk '", "/a/ { x = \"a\" } "),
    ("sed '", "s/a/b/e;"),
    ("psql -c '", "DELETE FROM a; "),
    ("psql -c '", "(\"a\" -- b\n"),
    ("pwsh -c '", "rm a; "),
    ("lua -e '", "os.execute(\"ls\") "),
    ("tclsh -c '", "[exec ls] "),
    ("bash -c '", "ls; "),
    ("bash -c '", "$("),
    ("eval '", "x=$x$x;"),
    ("ssh a '", "rm -r a; "),
    ("find . -exec sh -c '", "rm {}; "),
    ("echo '", "a b "),
    ("echo \"", "$a "),
    ("rm '", "/../"),
    ("rm -r ", "a/"),
    ("cat ", "../"),
    ("curl 'https://", "a."),
    ("git commit -m '", "--force "),
    ("sudo sudo sudo sudo sudo sudo sudo sudo sudo rm ", "a "),
    ("sudo sudo sudo sudo sudo sudo sudo sudo sudo rm '", "a"),
    ("x='", "a"),
    ("unknown '", "delete "),
    ("unknown sh -c '", "unknown sh -c \""),
    ("alias a='", "a "),
    ("base64 -d <<< '", "bHM7"),
    ("sh <<< '", "ls; "),
    ("cat <<'E'\n", "rm -rf /\n"),
    ("cat <<E\n", "$(ls) $x\n"),
    ("bash <<E\n", "ls $x\n"),
    ("sh <<E\n", "sh <<F\n"),
];

/// Every kind of text, about `length` bytes of each, with its name.
pub(crate) fn all(length: usize) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for piece in PIECES {
        out.push((format!("{piece:?} again and again"), piece.repeat(length / piece.len())));
    }
    for (open, close) in NESTED {
        let times = length / (open.len() + close.len());
        let text = format!("{}a{}", open.repeat(times), close.repeat(times));
        out.push((format!("{open:?} closed by {close:?}, nested"), text));
        // Nested as deep as is followed, many times.
        let once = format!("{}a{};", open.repeat(30), close.repeat(30));
        let text = once.repeat(length / once.len());
        out.push((format!("{open:?} closed by {close:?}, thirty deep, again and again"), text));
    }
    for (head, piece) in CODE {
        let text = format!("{head}{}", piece.repeat(length / piece.len()));
        let opened = head.bytes().filter(|b| *b == b'\'' || *b == b'"').count() % 2 == 1;
        let text = if opened {
            let quote = if head.ends_with('"') { '"' } else { '\'' };
            format!("{}{quote}", fitted(&text, length.saturating_sub(1)))
        } else {
            text
        };
        out.push((format!("{head:?} and {piece:?} again and again"), text));
    }
    out.extend(special(length));
    for (_, text) in &mut out {
        text.truncate(text.floor_char_boundary(length));
    }
    out
}

fn fitted(text: &str, length: usize) -> &str {
    text.get(..text.floor_char_boundary(length)).unwrap_or_default()
}

/// What no repetition of a piece makes.
#[expect(clippy::too_many_lines, reason = "a list of cases read from top to bottom")]
fn special(length: usize) -> Vec<(String, String)> {
    let numbered = |name: &str, piece: fn(usize) -> String| {
        let mut text = String::new();
        for number in 0.. {
            let next = piece(number);
            if text.len() + next.len() > length {
                break;
            }
            text.push_str(&next);
        }
        (name.to_owned(), text)
    };
    let large = "a".repeat(length / 4);
    vec![
        numbered("many variables", |n| format!("v{n}=x;")),
        numbered("many variables and subshells", |n| format!("v{n}=xxxxxxxxxx;(a);")),
        numbered("many functions", |n| format!("f{n}() {{ f{}; }};", n.saturating_sub(1))),
        numbered("functions that call the last twice", |n| {
            format!("f{n}() {{ f{m}; f{m}; }};f{n};", m = n.saturating_sub(1))
        }),
        numbered("many files", |n| format!("echo $x > f{n};")),
        numbered("many here-documents at once", |n| format!("<<E{n} ")),
        numbered("one variable from the last, doubled", |n| format!("v{}=$v{n}$v{n};", n + 1)),
        numbered("many aliases", |n| format!("alias a{n}='a{} x';a{n};", n.saturating_sub(1))),
        (
            "a large value copied".to_owned(),
            format!(
                "v0={};{}",
                fitted(&large, 30_000),
                numbered("", |n| format!("v{}=$v{n};", n + 1)).1
            ),
        ),
        (
            "a large value copied into subshells".to_owned(),
            format!("v={large};{}", "(w=$v; (w=$v$v; a));".repeat(length / 32)),
        ),
        (
            "a large value as argument".to_owned(),
            format!("v={};{}", fitted(&large, 30_000), "sudo a $v;".repeat(length / 16)),
        ),
        (
            "a large value evaluated".to_owned(),
            format!("v='{}';{}", "ls; ".repeat(4_000), "eval \"$v\";".repeat(length / 16)),
        ),
        (
            "a large value tested by patterns".to_owned(),
            format!("v={};{}", fitted(&large, 4_000), "a ${v%a*b} ${v//a/bb};".repeat(length / 24)),
        ),
        ("one long word".to_owned(), large.repeat(4)),
        (
            "one long word behind wrappers".to_owned(),
            format!("{}{}", "sudo ".repeat(15), large.repeat(4)),
        ),
        (
            "pipes of a large value".to_owned(),
            format!("echo {large} {}", "| rev | cat ".repeat(length / 16)),
        ),
        (
            "a chain of base64".to_owned(),
            format!("echo {large}{}|sh", "| base64 -d ".repeat(length / 16)),
        ),
        ("many stages with subshells".to_owned(), "(a;b)|(c;d)|".repeat(length / 12)),
    ]
}
