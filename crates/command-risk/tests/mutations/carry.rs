//! The same line, carried by another.

type Named = (&'static str, String);

/// Every way of carrying a line.
pub(crate) fn all(line: &str) -> Vec<Named> {
    let quoted = format!("'{}'", line.replace('\'', "'\\''"));
    // What runs a program cannot run a list or an assignment; a shell between them can.
    let simple = !line
        .contains([';', '(', '\n', '|', '=', '<', '>', '&', '#', '`', '\\', '$', '\'', '"', '{'])
        && !line.starts_with("time ");
    let program = if simple { line.to_owned() } else { format!("bash -c {quoted}") };
    let here = !line.contains("<<");
    let mut out = vec![
        ("after another", format!("ls; {line}")),
        ("and", format!("true && {{ {line}\n}}")),
        ("or", format!("false || {{ {line}\n}}")),
        ("subshell", format!("( {line}\n)")),
        ("group", format!("{{ {line}\n}}")),
        ("background", format!("{{ {line}\n}} &")),
        ("piped", format!("true | {{ {line}\n}}")),
        ("negated", format!("! {{ {line}\n}}")),
        ("if", format!("if true; then {line}\nfi")),
        ("else", format!("if false; then :; else {line}\nfi")),
        ("condition", format!("if {line}\nthen :; fi")),
        ("for", format!("for i in 1; do {line}\ndone")),
        ("while", format!("while :; do {line}\nbreak; done")),
        ("case", format!("case x in x) {line}\n;; esac")),
        ("function", format!("f() {{ {line}\n}}; f")),
        ("function keyword", format!("function f {{ {line}\n}}\nf")),
        ("substitution", format!("echo \"$( {line}\n)\"")),
        ("process substitution", format!("cat <( {line}\n)")),
        ("comment", format!("# ls\n{line}\n# ls")),
        ("redirected", format!("{{ {line}\n}} > out.txt 2>&1")),
        ("trap", format!("trap {quoted} EXIT")),
        ("alias", format!("shopt -s expand_aliases\nalias zz={quoted}\nzz")),
        ("eval", format!("eval {quoted}")),
        ("bash -c", format!("bash -c {quoted}")),
        ("sh -c", format!("sh -c {quoted}")),
        ("bash -lc", format!("bash -O extglob -lc {quoted} name")),
        ("arguments of bash", format!("bash -c 'eval \"$1\"' name {quoted}")),
        ("variable", format!("x={quoted}; eval \"$x\"")),
        ("exported", format!("export x={quoted}; bash -c 'eval \"$x\"'")),
        ("here-string", format!("bash <<< {quoted}")),
        ("echoed", format!("printf '%s\\n' {quoted} | bash")),
        ("sourced", format!("source <(printf '%s\\n' {quoted})")),
        ("standard input sourced", format!(". /dev/stdin <<< {quoted}")),
        ("written", format!("printf '%s\\n' {quoted} > zz.sh; bash zz.sh")),
        ("base64", format!("echo {} | base64 -d | sh", base(line, 6))),
        ("base64 evaluated", format!("eval \"$(base64 --decode <<< {})\"", base(line, 6))),
        ("base32", format!("echo {} | base32 -d | bash", base(line, 5))),
        ("hexadecimal", format!("echo {} | xxd -r -p | sh", hex(line))),
        ("octal", format!("printf '{}' | sh", coded(line, |b| format!("\\{b:03o}")))),
        ("escapes", format!("echo -e '{}' | sh", coded(line, |b| format!("\\x{b:02x}")))),
        ("array", format!("a=({quoted}); eval \"${{a[0]}}\"")),
        ("positional", format!("set -- {quoted}; eval \"$1\"")),
        ("printf -v", format!("printf -v x '%s' {quoted}; eval \"$x\"")),
        ("loop of words", format!("for x in {quoted}; do eval \"$x\"; done")),
        ("read", format!("while IFS= read -r x; do eval \"$x\"; done <<< {quoted}")).single(line),
        ("xargs", format!("printf '%s\\0' {quoted} | xargs -0 bash -c")),
        ("xargs -I", format!("echo x | xargs -I@zz@ {program}")),
        ("find", format!("find . -maxdepth 0 -exec {program} \\;"))
            .only(!line.contains("{}"), line),
        ("env", format!("env -u ZZ A=1 {program}")),
        (
            "env -S",
            format!(
                "env -S {}",
                if simple { quoted.clone() } else { format!("'bash' -c {quoted}") }
            ),
        )
            .only(simple, line),
        ("nice", format!("nice -n 5 {program}")),
        ("timeout", format!("timeout -k 3 --signal=KILL 5m {program}")),
        ("nohup", format!("nohup {program} &")),
        ("setsid", format!("setsid -w {program}")),
        ("stdbuf", format!("stdbuf -oL -e 0 {program}")),
        ("ionice", format!("ionice -c 3 {program}")),
        ("command", format!("command -p {program}")),
        ("exec", format!("exec -a zz {program}")),
        ("builtin", format!("builtin eval {quoted}")),
        ("time", format!("time -p {program}")),
        ("busybox", format!("busybox sh -c {quoted}")),
        ("flock", format!("flock /tmp/lock {program}")),
        ("watch", format!("watch -n 5 {program}")),
        ("coproc", format!("coproc {{ {line}\n}}")),
    ];
    if here {
        out.push(("here-document", format!("sh <<'ZZ'\n{line}\nZZ")));
        out.push(("here-document evaluated", format!("eval \"$(cat <<'ZZ'\n{line}\nZZ\n)\"")));
    }
    if line.is_ascii() && !line.contains('\n') {
        let reversed: String = line.chars().rev().collect();
        let reversed = reversed.replace('\'', "'\\''");
        out.push(("reversed", format!("printf '%s\\n' '{reversed}' | rev | sh")));
        let turned: String = line.chars().map(rot13).collect();
        let turned = turned.replace('\'', "'\\''");
        out.push((
            "turned",
            format!("printf '%s\\n' '{turned}' | tr 'A-Za-z' 'N-ZA-Mn-za-m' | bash"),
        ));
    }
    out
}

trait Limits {
    fn single(self, line: &str) -> Named;
    fn only(self, fits: bool, line: &str) -> Named;
}

impl Limits for Named {
    /// For lines alone: what has several is left as it is.
    fn single(self, line: &str) -> Named {
        self.only(!line.contains('\n'), line)
    }

    fn only(self, fits: bool, line: &str) -> Named {
        if fits { self } else { (self.0, line.to_owned()) }
    }
}

fn coded(text: &str, how: impl Fn(u8) -> String) -> String {
    text.bytes().map(how).collect::<Vec<_>>().concat()
}

fn hex(text: &str) -> String {
    coded(text, |b| format!("{b:02x}"))
}

fn rot13(c: char) -> char {
    let turn = |c: char, first: u8| char::from((c as u8 - first + 13) % 26 + first);
    match c {
        'a'..='z' => turn(c, b'a'),
        'A'..='Z' => turn(c, b'A'),
        _ => c,
    }
}

/// Base64 (6 bits a letter) or base32 (5), padded.
fn base(text: &str, bits: usize) -> String {
    let letters: &[u8] = if bits == 6 {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    } else {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    };
    let all: Vec<u8> = text.bytes().flat_map(|b| (0..8).rev().map(move |n| b >> n & 1)).collect();
    let mut out = String::new();
    for chunk in all.chunks(bits) {
        let value =
            (0..bits).fold(0, |n, at| n << 1 | usize::from(chunk.get(at).copied().unwrap_or(0)));
        out.push(char::from(letters[value]));
    }
    while !out.len().is_multiple_of(if bits == 6 { 4 } else { 8 }) {
        out.push('=');
    }
    out
}
