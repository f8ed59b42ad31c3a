//! How words are expanded: what a printer gets is what bash would give it.

use countersign_command_risk::{Context, Engine, Policy};

fn said(command: &str) -> Vec<(String, bool)> {
    let ctx = Context {
        cwd: "/home/ana/work/shop".into(),
        home: "/home/ana".into(),
        workspace: None,
        user: "ana".into(),
    };
    let analysis = Engine::new(Policy::builtin()).assess(command, &ctx);
    analysis.commands().iter().map(|view| (view.words.clone(), view.exact)).collect()
}

#[test]
fn words_are_expanded_as_bash_expands_them() {
    let table = [
        // Parameters.
        ("v=foo.tar.gz; p ${v%.*} ${v%%.*} ${v#*.} ${v##*.}", "p foo.tar foo tar.gz gz"),
        ("v=foo; p ${v/o/0} ${v//o/0} ${v/#f/g} ${v/%o/a} ${v/[fo]/x}", "p f0o f00 goo foa xoo"),
        ("v=foo; p ${v^} ${v^^} ${v^^[a-m]}", "p Foo FOO Foo"),
        ("v=abcdef; p ${v:2} ${v:1:2} ${v: -2} ${v:1:-1} ${v:1+1:1}", "p cdef bc ef bcde c"),
        ("v='x y'; p \"${v@Q}\" ${v@U}", "p 'x y' X Y"),
        ("v=; p a${v:-b}c${v-d}e${v:+f}g${v+h}i", "p abceghi"),
        ("unset v; p a${v-d}${v+e}${v:=f}$v", "p adff"),
        ("v='it s'; p ${w:-'a b'} ${w:-a b}", "p a b a b"),
        ("p \"${w:-'a'}\" \"${w:-$'\\x62'}\"", "p 'a' b"),
        ("r=v; v=x; p ${!r}", "p x"),
        // Arrays.
        (
            "a=(one 'two 2' three); p ${#a[@]} ${a[1]} ${a[-1]} ${a[@]:1:1} ${!a[@]}",
            "p 3 two 2 three two 2 0 1 2",
        ),
        ("a=(x y); p ${a[@]/x/z} ${a[@]^^} \"${a[*]}\"", "p z y X Y x y"),
        ("IFS=,; a=(x y); p \"${a[*]}\"", "p x,y"),
        ("a=(x y); a=z; a+=(q); p ${a[@]}", "p z y q"),
        ("declare -A m=([k]=v ['two words']=w); p ${m[k]} ${m[two words]}", "p v w"),
        // Splitting.
        ("IFS=,; v=a,,b; p $v", "p a b"),
        ("IFS=; v='a b'; p $v", "p a b"),
        // Braces.
        ("p {01..03} {1..7..3} {a..e..2} {3..1}", "p 01 02 03 1 4 7 a c e 3 2 1"),
        ("v=x; vs=y; p {$v,r}s", "p y rs"),
        // Arithmetic.
        ("n=2; p $((n*3+1)) $((n>1?4:5)) $((2**3)) $((0x10)) $((n++)) $n", "p 7 4 8 16 2 3"),
        ("((n=4)); let m=n+1; p $n $m", "p 4 5"),
        // Quotes and printers.
        ("p $'\\x41\\102\\u0043\\xc3\\xa9'", "p ABCé"),
        ("p $(printf '%03d|%x|%c|%.2s|%b' 7 255 abc xyz '\\x41')", "p 007|ff|a|xy|A"),
        ("p $(printf '%s-' a b c)", "p a-b-c-"),
        ("p $(echo -e '\\0101\\tb')", "p A b"),
        ("p $(printf '%s\\n' a b c | head -n 2 | tail -n1) $(echo abc | head -c 2)", "p b ab"),
        ("p $(echo aabb | tr -s a)", "p abb"),
        // Setting.
        ("read -r x y <<< 'a b c'; p $y $x", "p b c a"),
        ("IFS=: read -ra l <<< 'a:b c:d'; p ${l[1]}", "p b c"),
        ("mapfile -t l <<< $'x\\ny'; p ${l[1]}", "p y"),
        ("set -- a b; shift 3; p $# $1", "p 2 a"),
        ("declare -u v; v=abc; p $v", "p ABC"),
        ("declare -n r=v; r=1; p $v", "p 1"),
        ("declare -i n=1+1; n+=2; p $n", "p 4"),
        ("f() { local v=in; }; v=out; f; p $v", "p out"),
        ("v=out; (v=in); { v=x; } & p $v", "p out"),
        ("b='x y'; export v=$b; p \"$v\"", "p x y"),
        ("echo 'p $1 $2' > s.sh; . ./s.sh one two", "p one two"),
        ("printf 'x\\ny\\n' | while read -r l; do p $l; done", "p y"),
        ("printf '%s\\n' a b c | xargs -n2 p x", "p x c"),
        ("echo \"a 'b c'\" | xargs -n1 p", "p b c"),
        // What another shell gets to see.
        ("export v=x; bash -c 'p $v'", "p x"),
        ("v=x bash -c 'p $v'", "p x"),
    ];
    for (command, words) in table {
        let found = said(command);
        assert!(found.contains(&(words.to_owned(), true)), "`{command}`: {found:?}");
    }
}

#[test]
fn what_is_not_certain_is_not_called_exact() {
    for command in [
        "v=x; bash -c 'p $v'",
        "p ${v+x}",
        "[ -f x ] && v=1; p $v",
        "v=$(date); p ${v%x}",
        "a=([3]=x); p ${a[1]} $(date)",
    ] {
        let found = said(command);
        assert!(
            found.iter().filter(|(words, _)| words.starts_with("p ")).all(|(_, exact)| !exact),
            "`{command}`: {found:?}"
        );
    }
}
