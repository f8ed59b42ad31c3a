//! The same words, written in another way.

type Named = (&'static str, String);

/// Every respelling of a line whose words need no quotes.
pub(crate) fn all(line: &str) -> Vec<Named> {
    let words: Vec<&str> = line.split(' ').collect();
    let each =
        |how: fn(&str) -> String| words.iter().map(|word| how(word)).collect::<Vec<_>>().join(" ");
    let name = words.first().copied().unwrap_or_default();
    let rest = words.get(1..).unwrap_or_default().join(" ");
    let values: String = words.iter().enumerate().map(|(at, w)| format!("v{at}={w}; ")).collect();
    let uses: Vec<String> = (0..words.len()).map(|at| format!("$v{at}")).collect();
    let quoted_uses: Vec<String> = (0..words.len()).map(|at| format!("\"${{v{at}}}\"")).collect();
    let (head, tail) = halves(name);
    vec![
        ("plain", line.to_owned()),
        ("single quotes", each(|w| format!("'{w}'"))),
        ("double quotes", each(|w| format!("\"{w}\""))),
        (
            "empty quotes",
            each(|w| {
                let (a, b) = halves(w);
                format!("{a}''{b}\"\"")
            }),
        ),
        (
            "split quotes",
            each(|w| {
                let (a, b) = halves(w);
                format!("'{a}'\"{b}\"")
            }),
        ),
        ("backslashes", each(|w| w.chars().map(|c| format!("\\{c}")).collect())),
        ("hexadecimal", each(|w| coded(w, |b| format!("\\x{b:02x}")))),
        ("octal", each(|w| coded(w, |b| format!("\\{b:03o}")))),
        ("unicode", each(|w| coded(w, |b| format!("\\u{b:04x}")))),
        ("wide unicode", each(|w| coded(w, |b| format!("\\U{b:08x}")))),
        (
            "continued line",
            each(|w| {
                let (a, b) = halves(w);
                format!("{a}\\\n{b}")
            }),
        ),
        ("substitution", each(|w| format!("\"$(printf '%s' '{w}')\""))),
        ("unquoted substitution", each(|w| format!("$(echo {w})"))),
        ("backticks", each(|w| format!("`echo {w}`"))),
        ("separators", words.join("${IFS}")),
        ("bare separator", separated(&words)),
        ("tabs", words.join("\t")),
        ("unset middle", format!("unset zz; {head}${{zz}}{tail} {rest}")),
        ("empty variable", format!("e=; {head}${{e}}{tail} {rest}")),
        ("default", each(|w| format!("${{zz_unset:-{w}}}"))),
        ("assigned default", each(|w| format!("${{zz_{}:={w}}}", w.len()))).pick(line),
        ("variables", format!("{values}{}", uses.join(" "))),
        ("quoted variables", format!("{values}{}", quoted_uses.join(" "))),
        ("whole in a variable", format!("c='{line}'; $c")),
        ("halves", format!("a={head}; b={tail}; $a$b {rest}")),
        ("braces", format!("{{{}}}", words.join(","))),
        ("array", format!("a=({line}); \"${{a[@]}}\"")),
        ("grown array", format!("a=({name}); a+=({rest}); ${{a[*]}}")),
        ("positional", format!("set -- {line}; \"$@\"")),
        ("shifted", format!("set -- zz {line}; shift; $*")),
        ("printf -v", format!("printf -v c '%s %s' {name} '{rest}'; $c")),
        (
            "replaced",
            format!(
                "c='@{}'; ${{c//@/{}}} {rest}",
                name.get(1..).unwrap_or_default(),
                name.get(..1).unwrap_or_default()
            ),
        ),
        ("reversed case", format!("c='{}'; ${{c,,}} {rest}", name.to_uppercase())),
        ("prefix removed", format!("c=zz-{name}; ${{c#zz-}} {rest}")),
        ("suffix removed", format!("c={name}.zz; ${{c%.*}} {rest}")),
        ("sliced", format!("c=zz{name}zz; ${{c:2:{}}} {rest}", name.len())),
        ("indirect", format!("c={name}; r=c; ${{!r}} {rest}")),
        ("here-string read", format!("read -r c <<< '{line}'; $c")),
        ("array read", format!("read -ra c <<< '{line}'; \"${{c[@]}}\"")),
    ]
}

/// An assignment that would be shared by words of one length is left out.
trait Pick {
    fn pick(self, line: &str) -> Named;
}

impl Pick for Named {
    fn pick(self, line: &str) -> Named {
        let mut lengths: Vec<usize> = line.split(' ').map(str::len).collect();
        lengths.sort_unstable();
        let count = lengths.len();
        lengths.dedup();
        if lengths.len() == count { self } else { (self.0, line.to_owned()) }
    }
}

/// `$IFS` where what follows cannot be taken for a part of its name.
fn separated(words: &[&str]) -> String {
    let mut out = String::new();
    for (at, word) in words.iter().enumerate() {
        let named = word.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        out.push_str(match (at, named) {
            (0, _) => "",
            (_, true) => " ",
            (_, false) => "$IFS",
        });
        out.push_str(word);
    }
    out
}

fn halves(word: &str) -> (&str, &str) {
    word.split_at(word.len() / 2)
}

fn coded(word: &str, how: impl Fn(u8) -> String) -> String {
    format!("$'{}'", word.bytes().map(how).collect::<Vec<_>>().concat())
}
