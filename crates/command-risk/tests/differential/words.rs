//! Random words: every way of quoting, expanding and substituting.

use crate::random::Random;

/// Variables that every program sets first.
pub(crate) const NAMES: &[&str] = &["a", "b", "c", "d"];

const BARE: &[&str] = &[
    "x", "y1", "foo", "Bar", "k=v", "a.b", "a,b", "1", "27", "x:y", "@", "+", "%", "^", "a-b",
    "-n", "--long=1", "d1", "z_z", "!", "#", "]", "a#b", "x!", "=", "{", "}", "{}", "{a}", "a{b",
];
const TEXTS: &[&str] = &[
    "one two", "x", "a  b", " lead", "trail ", "$a", "a;b", "a|b", "a&b", "(x)", "<x>", "*", "?",
    "[ab]", "#no", "~", "{a,b}", "a=b", "`", "\\", "\\\\", "\\n", "é", "it", "%s", "!x", "a\tb",
    "'", "\"", "Up Low",
];

/// A word of a command.
pub(crate) fn word(random: &mut Random, depth: usize) -> String {
    let mut out = String::new();
    for _ in 0..=random.below(3) {
        out.push_str(&piece(random, depth));
    }
    out
}

/// Some words.
pub(crate) fn words(random: &mut Random, depth: usize) -> String {
    let count = 1 + random.below(3);
    let all: Vec<String> = (0..count).map(|_| word(random, depth)).collect();
    all.join(" ")
}

fn piece(random: &mut Random, depth: usize) -> String {
    match random.below(if depth == 0 { 12 } else { 17 }) {
        0..=3 => random.one_of(BARE).to_owned(),
        4 => single(random.one_of(TEXTS)),
        5 => double(random, depth),
        6 => format!(
            "\\{}",
            random.one_of(&["x", " ", "$", "'", "\"", "\\", "*", "{", "~", "n", ";", "\n"])
        ),
        7 => ansi(random.one_of(TEXTS), random),
        8 => variable(random),
        9 => format!("\"{}\"", variable(random)),
        10 => braces(random),
        11 => array(random),
        12 => format!("\"{}\"", operation(random, depth - 1)),
        13 => operation(random, depth - 1),
        14 => substitution(random, depth - 1),
        15 => format!("\"{}\"", substitution(random, depth - 1)),
        _ => format!("$(({}))", arithmetic(random)),
    }
}

/// `'…'`.
pub(crate) fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A text quoted as one word in one of several ways.
pub(crate) fn quoted(text: &str, random: &mut Random) -> String {
    match random.below(3) {
        0 => single(text),
        1 => {
            let mut out = String::from("\"");
            for c in text.chars() {
                if "$`\"\\".contains(c) {
                    out.push('\\');
                }
                out.push(c);
            }
            out.push('"');
            out
        }
        _ => ansi(text, random),
    }
}

fn ansi(text: &str, random: &mut Random) -> String {
    let mut out = String::from("$'");
    for c in text.chars() {
        let code = u32::from(c);
        match (c, random.below(5)) {
            (_, 0) if c.is_ascii() => out.push_str(&format!("\\x{code:02x}")),
            (_, 1) if c.is_ascii() => out.push_str(&format!("\\{code:03o}")),
            (_, 2) => out.push_str(&format!("\\u{code:04x}")),
            (_, 3) => out.push_str(&format!("\\U{code:08x}")),
            ('\n', _) => out.push_str("\\n"),
            ('\t', _) => out.push_str("\\t"),
            ('\'' | '\\', _) => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out.push('\'');
    out
}

fn double(random: &mut Random, depth: usize) -> String {
    let mut out = String::from("\"");
    for _ in 0..random.below(4) {
        let piece = match random.below(if depth == 0 { 5 } else { 7 }) {
            0 | 1 => random
                .one_of(&[
                    "x", " ", "one two", "'", "*", "a;b", "{a,b}", "~", "#", "(", "<", "|", "é",
                    "%s",
                ])
                .to_owned(),
            2 => random
                .one_of(&["\\$", "\\\\", "\\\"", "\\`", "\\x", "\\n", "\\'", "\\ ", "$ ", "\\\n"])
                .to_owned(),
            3 => variable(random),
            4 => array(random),
            5 => operation(random, depth - 1),
            _ => substitution(random, depth - 1),
        };
        out.push_str(&piece);
    }
    out.push('"');
    out
}

fn variable(random: &mut Random) -> String {
    let name = random.one_of(NAMES);
    match random.below(4) {
        1 => format!("${{#{name}}}"),
        2 => random
            .one_of(&["$1", "$2", "${3}", "$@", "$*", "$#", "${@:2}", "${!ref}", "$IFS"])
            .to_owned(),
        _ => format!("${{{name}}}"),
    }
}

fn array(random: &mut Random) -> String {
    random
        .one_of(&[
            "${l[0]}",
            "${l[1]}",
            "${l[@]}",
            "${l[*]}",
            "${#l[@]}",
            "$l",
            "${l[@]:1}",
            "${l[@]:0:2}",
            "${#l[1]}",
            "${l[1+1]}",
            "${m[k]}",
            "${m[two words]}",
            "${l[@]/o/0}",
            "${l[@]#o}",
            "${l[@]^}",
            "${!l[@]}",
        ])
        .to_owned()
}

fn operation(random: &mut Random, depth: usize) -> String {
    let name = random.one_of(&["a", "b", "c", "d", "unset_one", "empty", "1", "l[1]"]);
    let pattern = random.one_of(&[
        "o", "*o", "o*", "?", "??", "[a-z]", "*", "one", "*\\ ", "\\*", "'*'", "[!a-z]", "$a",
        "x?y", "*[0-9]", "", "\"$b\"", "#o", "%o",
    ]);
    let word = if random.once_in(3) { word(random, depth) } else { random.one_of(BARE).to_owned() };
    // Releases of bash differ in how they read braces and decoded text there.
    let word = if word.contains(['{', '}']) || word.contains("$'") { "w".to_owned() } else { word };
    match random.below(18) {
        0 => format!("${{{name}:-{word}}}"),
        1 => format!("${{{name}-{word}}}"),
        2 => format!("${{{name}:+{word}}}"),
        3 => format!("${{{name}+{word}}}"),
        4 => format!("${{{}:={word}}}", if name == "1" { "a" } else { name }),
        5 => format!("${{{name}#{pattern}}}"),
        6 => format!("${{{name}##{pattern}}}"),
        7 => format!("${{{name}%{pattern}}}"),
        8 => format!("${{{name}%%{pattern}}}"),
        9 => format!("${{{name}/{pattern}/{}}}", random.one_of(&["-", "", "zz", "$b", "\\/", "&"])),
        10 => format!("${{{name}//{pattern}/{}}}", random.one_of(&["-", "", "zz", "$b"])),
        11 => format!(
            "${{{name}{}}}",
            random.one_of(&["^", "^^", ",", ",,", "^^[a-m]", ",[!A]", "~", "~~"])
        ),
        12 => format!("${{{name}:{}}}", random.one_of(&["0", "1", "2", " -1", "99", "1+1", "$n"])),
        13 => format!(
            "${{{name}:{}:{}}}",
            random.one_of(&["0", "1", " -2", "n"]),
            random.one_of(&["1", "2", "0", "n"])
        ),
        14 => format!("${{{name}@{}}}", random.one_of(&["Q", "U", "L", "u", "E", "P"])),
        15 => format!("${{#{name}}}"),
        16 => format!("${{{name}/{}{pattern}/{word}}}", random.one_of(&["#", "%"])),
        _ => format!("${{{name}}}"),
    }
}

fn substitution(random: &mut Random, depth: usize) -> String {
    let inner =
        match random.below(9) {
            0 => format!("echo {}", words(random, depth)),
            1 => format!("printf '%s' {}", words(random, depth)),
            2 => format!(
                "printf {} {}",
                single(random.one_of(&[
                    "%s\\n",
                    "%s-%s",
                    "%b",
                    "%d",
                    "%03d",
                    "%x",
                    "%5s|",
                    "%-4s|",
                    "%c",
                    "a%%b",
                    "\\x41\\102",
                    "%s",
                    "%.2s",
                    "%q"
                ])),
                words(random, depth)
            ),
            3 => format!(
                "echo -e {}",
                single(random.one_of(&[
                    "a\\tb", "\\x41", "\\0101", "a\\nb", "a\\cb", "\\\\", "\\u0041", "\\e"
                ]))
            ),
            4 => format!("echo {} | tr a-z A-Z", random.one_of(&["foo", "Bar", "'one two'"])),
            5 => format!("echo -n {}", word(random, depth)),
            6 => format!("cat <<< {}", word(random, depth)),
            7 => format!(
                "echo {} | {}",
                words(random, depth),
                random.one_of(&[
                    "rev",
                    "cat",
                    "tr -d o",
                    "sed s/o/0/",
                    "sed 's/o/0/g'",
                    "tr o 0",
                    "tr -s o",
                    "base64",
                    "head -n1",
                    "tr 'a-y' 'b-z'",
                    "head -c 3",
                    "tail -n 1",
                    "rev | rev",
                    "base64 | base64 -d",
                    "xxd -p",
                    "xxd -p | xxd -r -p"
                ])
            ),
            _ => random
                .one_of(&[
                    "true",
                    ":",
                    "echo",
                    "seq 3",
                    "x=1; echo $x",
                    "echo a; echo b",
                    "(echo s)",
                    "{ echo g; }",
                ])
                .to_owned(),
        };
    if random.once_in(5) && !inner.contains(['`', '\\', '\'', '"', '#']) {
        format!("`{inner}`")
    } else {
        format!("$({inner})")
    }
}

fn braces(random: &mut Random) -> String {
    random
        .one_of(&[
            "{a,b}",
            "{x,y,z}",
            "{1..3}",
            "{a..c}",
            "{3..1}",
            "{01..03}",
            "{1..7..3}",
            "{a,b}{1,2}",
            "{a,{b,c}}",
            "{,x}",
            "{x,}",
            "{a,'b c'}",
            "{\"$a\",q}",
            "p{$b,r}s",
            "{a}",
            "{a,b",
            "{a..}",
            "{$n..3}",
            "\\{a,b}",
            "{a,b\\,c}",
            "{c..a}",
            "{-1..1}",
            "{a,b}\\ {c,d}",
            "'{a,b}'",
            "{a..e..2}",
            "{},x",
            "{{a,b}}",
            "a{,}b",
            "{a,${c}}",
            "${d}{1,2}",
        ])
        .to_owned()
}

fn arithmetic(random: &mut Random) -> String {
    random
        .one_of(&[
            "1", "1+2", "n", "n*2", "(1+2)*3", "7/2", "7%4", "2**3", "n>1?4:5", "1<<3", "0x10",
            "010", "n++", "++n", "-3", "!0", "~1", "5&6", "5|2", "5^1", "1&&0", "1||0", "n+=2",
            "n=4", "2#101", "16#ff", "${#a}", "l[9]+1", "1==1", "3<=2", "1,2",
        ])
        .to_owned()
}
