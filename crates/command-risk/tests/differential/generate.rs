//! Random programs of harmless parts.

use crate::machine::STUBS;
use crate::random::Random;
use crate::words::{NAMES, quoted, single, word, words};

pub(crate) struct Program {
    pub(crate) text: String,
    /// Everything in it runs: no branch, no definition, nothing that may be left out.
    pub(crate) straight: bool,
}

/// One program.
pub(crate) fn program(random: &mut Random, programs: &[String]) -> Program {
    let mut generator = Generator { random, programs, straight: true, made: 0 };
    let mut text = generator.prologue();
    for _ in 0..=generator.random.below(3) {
        let statement = generator.statement(3);
        text.push_str(&statement);
        text.push('\n');
    }
    Program { straight: generator.straight, text }
}

struct Generator<'r> {
    random: &'r mut Random,
    programs: &'r [String],
    straight: bool,
    /// How many names were made, so that none is used twice: what refers to itself does not end.
    made: u32,
}

impl Generator<'_> {
    /// Sets what words refer to.
    fn prologue(&mut self) -> String {
        let values = [
            "one",
            "'two words'",
            "foo.tar.gz",
            "'*'",
            "Bar",
            "'a  b c'",
            "''",
            "x/y/z",
            "'a,b'",
            "\"it's\"",
            "-n",
            "'x:y'",
            "o-o-o",
            "ONE",
            "$'t\\tab'",
            "1",
            "'{a,b}'",
            "'~'",
            "'$a'",
            "'back\\slash'",
        ];
        let mut out = String::new();
        for name in NAMES {
            out.push_str(&format!("{name}={}\n", self.random.one_of(&values)));
        }
        out.push_str(
            "empty= n=2 ref=a; l=(zero 'one two' foo.b); declare -A m=([k]=v ['two words']=w)\n",
        );
        if !self.random.once_in(3) {
            out.push_str("export a b c d empty n ref\n");
        }
        if self.random.once_in(2) {
            out.push_str(&format!("set -- {}\n", self.words(0)));
        } else {
            out.push_str("set -- p1 'p two' p3 'p*4'\n");
        }
        out
    }

    fn fresh(&mut self, stem: &str) -> String {
        self.made += 1;
        format!("{stem}{}", self.made)
    }

    fn has(&self, program: &str) -> bool {
        self.programs.iter().any(|p| p == program)
    }

    fn word(&mut self, depth: usize) -> String {
        word(self.random, depth)
    }

    fn words(&mut self, depth: usize) -> String {
        words(self.random, depth)
    }

    fn stub(&mut self) -> &'static str {
        STUBS[self.random.below(STUBS.len())]
    }

    /// A stub with words.
    fn call(&mut self, depth: usize) -> String {
        let stub = self.stub();
        let spelled = match self.random.below(12) {
            0 => "pro'be'-a".to_owned(),
            1 => "\"probe\"-b".to_owned(),
            2 => "p\\robe-c".to_owned(),
            3 => "pr${empty}obe-a".to_owned(),
            4 => "probe-{a,b}".to_owned(),
            5 => "$'\\x70robe-b'".to_owned(),
            6 => "probe${unset_one:--c}".to_owned(),
            7 => "$(echo probe-b)".to_owned(),
            _ => stub.to_owned(),
        };
        let words = self.words(depth);
        let end = match self.random.below(10) {
            0 => " > /dev/null",
            1 => " 2>&1",
            2 => " < /dev/null",
            3 => " # a comment",
            4 => " <<< here",
            5 => " > out",
            _ => "",
        };
        let begin = match self.random.below(12) {
            0 => "X=1 ",
            1 => "! ",
            2 => "2>/dev/null ",
            _ => "",
        };
        format!("{begin}{spelled} {words}{end}")
    }

    fn statements(&mut self, depth: usize) -> String {
        let all: Vec<String> = (0..=self.random.below(2)).map(|_| self.statement(depth)).collect();
        all.join("\n")
    }

    fn statement(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.call(1);
        }
        match self.random.below(12) {
            0..=3 => self.call(2),
            4 | 5 => self.setting(),
            6 | 7 => self.compound(depth - 1),
            8 => self.wrapped(depth - 1),
            _ => self.carried(depth - 1),
        }
    }

    /// Changes what the shell knows; then a call that shows it.
    fn setting(&mut self) -> String {
        let name = self.random.one_of(NAMES);
        let word = self.word(2);
        let words = self.words(1);
        let end = self.fresh("E");
        let setting = match self.random.below(32) {
            0 => format!("{name}={word}"),
            1 => format!("{name}+={word}"),
            2 => format!("l=({words})"),
            3 => format!("l+=({words})"),
            4 => format!("l[1]={word}"),
            5 => format!("l[5]={word}"),
            6 => format!("m[k]={word}"),
            7 => format!("declare {name}={word}"),
            8 => format!("export {name}={word}"),
            9 => format!("printf -v {name} '%s-%s' {words}"),
            10 => format!("read {name} b <<< {word}"),
            11 => format!("read -r {name} <<< {word}"),
            12 => format!("IFS=, read -r {name} b <<< 'q,r,s t'"),
            13 => format!("read -ra l <<< {word}"),
            14 => format!("set -- {words}"),
            15 => "shift".to_owned(),
            16 => {
                format!("IFS={}", self.random.one_of(&[",", "o", ":", "''", "$'\\n'", "' ,'", "-"]))
            }
            17 => format!("unset {name}"),
            18 => "set -f".to_owned(),
            19 => format!(
                "{name}=$({})",
                self.random.one_of(&["echo one two", "printf 'x\\ny'", "echo \"$a\""])
            ),
            20 => format!("mapfile -t l <<< {word}"),
            21 => "cd d1".to_owned(),
            22 => format!("let n={}", self.random.one_of(&["n+1", "3", "n*n"])),
            23 => "((n++))".to_owned(),
            24 => format!("declare -a l=({words})"),
            25 => format!("local_{name}={word}; {name}=${{local_{name}}}"),
            26 => format!("declare -u {name}; {name}=MixedCase"),
            27 => format!("declare -i n=1+1; n+=2; {name}=$n"),
            28 => format!("declare -n ref2={name}; ref2={word}"),
            29 => format!("shift 2; {name}=$1"),
            30 => format!("x1=1 x2=$x1 {name}=${{x2}}z"),
            _ => format!("read -r -d '' {name} <<'{end}'\nfirst line\nsecond\n{end}"),
        };
        format!(
            "{setting}\n{} \"${{{name}}}\" ${name} \"${{l[@]}}\" \"$@\" $n ${{m[k]}}",
            self.stub()
        )
    }

    fn compound(&mut self, depth: usize) -> String {
        let (first, second) = (self.statement(depth), self.statement(depth));
        let name = self.random.one_of(NAMES);
        let words = self.words(1);
        let (end, function) = (self.fresh("E"), self.fresh("f"));
        let how = self.random.below(20);
        self.straight &= how >= 14;
        match how {
            0 => format!("if {}; then\n{first}\nelse\n{second}\nfi", self.condition()),
            1 => format!("if {first}\nthen {second}\nfi"),
            2 => format!("{} && {{ {first}\n}} || {{\n{second}\n}}", self.condition()),
            3 => format!(
                "case {} in\n*o*) {first} ;;\n\"two words\"|x) {second} ;;\n*) {} ;;\nesac",
                self.word(1),
                self.call(0)
            ),
            4 => format!("case x in (y) ;; x) {first} ;&\nz) {second} ;; esac"),
            5 => format!(
                "{function}=0; while [ ${function} -lt 2 ]; do {function}=$(({function}+1))\n{first}\ndone"
            ),
            6 => format!("{function}() {{\n{first}\n}}\n{function} {words}\n{second}"),
            7 => format!(
                "function {function} {{ local {name}={}; {first}\n}}; {function} {words}\n{} \"${name}\"",
                self.word(1),
                self.stub()
            ),
            8 => format!("{function}() (\n{first}\n)\n{function} {words} | cat"),
            9 => format!("shopt -s expand_aliases\nalias zap='{} pre'\nzap {words}", self.stub()),
            10 => format!(
                "for (({function}=0; {function}<2; {function}++)); do {} ${function}\n{first}\ndone",
                self.stub()
            ),
            11 => format!(
                "{function}() {{ if [ \"$1\" ]; then {} \"$1\"; shift; {function} \"$@\"; fi; }}\n{function} {words}",
                self.stub()
            ),
            12 => format!("until {}; do break; done\n{second}", self.condition()),
            13 => format!(
                "while read -r {name}; do {} \"${name}\" x; done <<'{end}'\nline one\nline two\n{end}",
                self.stub()
            ),
            14 => format!("(\n{first}\n)\n{second}"),
            15 => format!("{{ {first}\n}} > /dev/null\n{second}"),
            16 => format!("for {name} in {words}; do {} \"${name}\" ${name}\ndone", self.stub()),
            17 => format!("for {name}; do {} \"${name}\"; done", self.stub()),
            18 => format!("{first}\n{second}"),
            _ => format!("for {name} in x 'y z'; do\n{first}\ndone"),
        }
    }

    fn condition(&mut self) -> String {
        self.random
            .one_of(&[
                "true",
                "false",
                ":",
                "[ -n \"$a\" ]",
                "[[ $a == o* ]]",
                "((n > 1))",
                "! true",
                "test 1 = 1",
                "[[ -z $empty && 1 -lt 2 ]]",
                "[ a = b ]",
                "[ -d d1 ]",
                "[[ $b =~ ^[a-z]+$ ]]",
            ])
            .to_owned()
    }

    /// A call, run by another program.
    fn wrapped(&mut self, depth: usize) -> String {
        let mut call = format!("{} {}", self.stub(), self.words(1));
        for _ in 0..=self.random.below(2) {
            let (prefix, needed) = match self.random.below(18) {
                0 => ("env", "env"),
                1 => ("env X=1 Y='2 3'", "env"),
                2 => ("env -u X", "env"),
                3 => ("env --", "env"),
                4 => ("nice", "nice"),
                5 => ("nice -n 3", "nice"),
                6 => ("nohup", "nohup"),
                7 => ("timeout 5", "timeout"),
                8 => ("timeout -k 1 5s", "timeout"),
                9 => ("setsid -w", "setsid"),
                10 => ("stdbuf -oL", "stdbuf"),
                11 => ("timeout --signal=TERM 5", "timeout"),
                12 => ("xargs", "xargs"),
                13 => ("xargs -n1", "xargs"),
                14 => ("echo q r | xargs", "xargs"),
                15 => ("bash -c '\"$@\"' zero", "bash"),
                16 => ("bash -c '$0 \"$@\"'", "bash"),
                _ => ("env -S 'X=1 '", "env"),
            };
            // A pipe only stands outermost, and nothing behind it.
            if self.has(needed) && !call.starts_with("echo") {
                call = format!("{prefix} {call}");
            }
        }
        match self.random.below(8) {
            0 => format!("command {call}"),
            1 => format!("(exec {call})"),
            2 => format!("time {call}"),
            3 => format!("builtin eval {}", quoted(&call, self.random)),
            4 if depth > 0 => format!("coproc {{ {call}\n}} < /dev/null; wait"),
            5 => format!("{call} &\nwait"),
            _ => call,
        }
        .replace("command echo q r", "echo q r")
    }

    /// Statements as text that another shell, or this one, reads.
    fn carried(&mut self, depth: usize) -> String {
        // Where these are not set, as in another shell, bash ends the line.
        let known_elsewhere =
            |text: String| text.replace("m[two words]", "m[k]").replace("${!ref}", "${ref}");
        let text = known_elsewhere(self.statements(depth));
        let inline = quoted(&text, self.random);
        let line = known_elsewhere(self.call(0));
        let plain = !line.contains(['\n', '\u{e9}']);
        // It reads the input, which may be the script.
        self.straight &= !text.contains("xargs");
        let words = self.words(1);
        let (end, file) = (self.fresh("E"), self.fresh("s"));
        let shell = self.random.one_of(&["bash", "sh", "bash -s", "sh -s -- q1", "bash -"]);
        match self.random.below(30) {
            0 | 1 => format!("eval {inline}"),
            2 => format!("bash -c {inline}"),
            3 => format!("bash -c {inline} name {words}"),
            4 => format!("sh -c {inline} name {words}"),
            5 => format!("printf '%s\\n' {inline} | {shell}"),
            6 => format!("{shell} <<'{end}'\n{text}\n{end}"),
            7 => format!(
                "{shell} <<{end}\n{} \"$a\" $b \\$a \"\\$a\" ${{c}} \\`x\n{end}",
                self.stub()
            ),
            8 => format!("{shell} <<< {inline}"),
            9 => format!("bash <(printf '%s\\n' {inline})"),
            10 => format!("source <(printf '%s\\n' {inline})"),
            11 => format!(". /dev/stdin <<< {inline}"),
            // Bash misreads some lists of several lines there.
            12 if !text.contains("=(") => format!("cat <(\n{text}\n:)"),
            13 => format!("x={inline}; eval \"$x\""),
            14 => format!("x={inline}\nbash -c \"$x\""),
            15 => format!("(trap {inline} EXIT; :)"),
            16 => format!("printf '%s\\n' {inline} > {file}.sh; bash {file}.sh {words}"),
            17 => format!("cat > {file}.sh <<'{end}'\n{text}\n{end}\n. ./{file}.sh {words}"),
            18 if plain && self.has("base64") => {
                format!("echo {} | base64 -d | {shell}", base(&line, 6))
            }
            19 if plain && self.has("base32") => {
                format!("echo {} | base32 -d | {shell}", base(&line, 5))
            }
            20 if plain && self.has("xxd") => format!("echo {} | xxd -r -p | {shell}", hex(&line)),
            21 if plain && self.has("rev") => {
                format!("echo {} | rev | {shell}", single(&line.chars().rev().collect::<String>()))
            }
            22 if self.has("tr") => {
                let turned: String = line.chars().map(rot13).collect();
                format!("printf '%s\\n' {} | tr 'A-Za-z' 'N-ZA-Mn-za-m' | {shell}", single(&turned))
            }
            23 if plain && !line.contains("@@") && self.has("sed") => {
                format!("echo {} | sed 's/@@/e/g' | {shell}", single(&line.replace('e', "@@")))
            }
            24 => {
                let octal: String = line.bytes().map(|b| format!("\\{b:03o}")).collect();
                format!("printf '{octal}' | {shell}")
            }
            25 => {
                let octal: String = line.bytes().map(|b| format!("\\0{b:03o}")).collect();
                format!("echo -e '{octal}' | {shell}")
            }
            26 if self.has("xargs") => {
                let stub = self.stub();
                format!(
                    "printf '%s\\n' q1 q2 'r s' | xargs {} {stub} {words}",
                    self.random.one_of(&["", "-n 1", "-n2", "-L1", "-r", "-t"])
                )
            }
            27 if self.has("xargs") => {
                let stub = self.stub();
                format!(
                    "printf '%s\\n' q1 'r s' | xargs {} {stub} {words} @",
                    self.random.one_of(&["-I@", "-I @", "-d '\\n' -I@"])
                )
            }
            28 => format!(
                "x=$({})\n{} \"$x\" $x",
                self.random.one_of(&[
                    "echo one two",
                    "printf '%s\\n' a b",
                    "cat <<< z",
                    "echo \"$(echo nested)\""
                ]),
                self.stub()
            ),
            _ => format!("eval \"$(printf '%s\\n' {inline})\""),
        }
    }
}

fn rot13(c: char) -> char {
    let turn = |c: char, first: u8| char::from((c as u8 - first + 13) % 26 + first);
    match c {
        'a'..='z' => turn(c, b'a'),
        'A'..='Z' => turn(c, b'A'),
        _ => c,
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|b| format!("{b:02x}")).collect()
}

/// Base64 (6 bits a letter) or base32 (5), padded.
fn base(text: &str, bits: usize) -> String {
    let letters: &[u8] = if bits == 6 {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    } else {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    };
    let all: Vec<u8> = text.bytes().flat_map(|b| (0..8).rev().map(move |n| b >> n & 1)).collect();
    let mut out: String = all
        .chunks(bits)
        .map(|chunk| {
            let value = (0..bits)
                .fold(0, |n, at| n << 1 | usize::from(chunk.get(at).copied().unwrap_or(0)));
            char::from(letters[value])
        })
        .collect();
    while !out.len().is_multiple_of(if bits == 6 { 4 } else { 8 }) {
        out.push('=');
    }
    out
}
