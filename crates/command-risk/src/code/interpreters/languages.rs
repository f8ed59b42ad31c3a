//! Interpreters, the language each of them reads, and the options that carry code.

/// How an interpreter takes its code.
pub(super) struct Interpreter {
    pub(super) names: &'static [&'static str],
    pub(super) language: &'static str,
    /// Options with code.
    pub(super) code: &'static [&'static str],
    /// Other options with a value.
    pub(super) valued: &'static [&'static str],
}

pub(super) const INTERPRETERS: &[Interpreter] = &[
    Interpreter {
        names: &[
            "python",
            "python2",
            "python3",
            "pypy",
            "pypy3",
            "ipython",
            "ipython3",
            "micropython",
            "py",
        ],
        language: "python",
        code: &["-c"],
        valued: &["-W", "-X", "-Q"],
    },
    Interpreter {
        names: &["perl", "perl5"],
        language: "perl",
        code: &["-e", "-E"],
        valued: &["-F"],
    },
    Interpreter {
        names: &["ruby", "irb", "jruby", "rake", "crystal"],
        language: "ruby",
        code: &["-e"],
        valued: &["-I", "-r", "-C", "-f", "--rakefile"],
    },
    Interpreter {
        names: &["node", "nodejs", "bun", "deno", "qjs", "ts-node", "tsx", "d8", "zx"],
        language: "node",
        code: &["-e", "-p", "-pe", "--eval", "--print", "-c"],
        valued: &["-r", "--require", "--import", "--loader"],
    },
    Interpreter {
        names: &["php", "php-cgi", "hhvm"],
        language: "php",
        code: &["-r", "-B", "-R", "-E"],
        valued: &["-d", "-c"],
    },
    Interpreter {
        names: &["lua", "luajit", "texlua"],
        language: "lua",
        code: &["-e"],
        valued: &["-l"],
    },
    Interpreter {
        names: &["Rscript", "R", "r", "littler"],
        language: "r",
        code: &["-e"],
        valued: &[],
    },
    Interpreter {
        names: &["julia"],
        language: "julia",
        code: &["-e", "-E", "--eval", "--print"],
        valued: &["-L", "--load", "-J", "--sysimage"],
    },
    Interpreter {
        names: &[
            "groovy",
            "jshell",
            "jrunscript",
            "scala",
            "kotlin",
            "scala-cli",
            "clj-java",
            "groovysh",
            "bsh",
        ],
        language: "java",
        code: &["-e"],
        valued: &["-cp", "-classpath", "-l"],
    },
    Interpreter {
        names: &["elixir", "iex", "erl", "escript"],
        language: "elixir",
        code: &["-e", "--eval", "-eval"],
        valued: &[],
    },
    Interpreter {
        names: &[
            "emacs",
            "emacsclient",
            "sbcl",
            "clisp",
            "guile",
            "racket",
            "clojure",
            "clj",
            "bb",
            "ecl",
            "csi",
            "gosh",
            "scheme",
            "chez",
        ],
        language: "lisp",
        code: &["--eval", "-eval", "-e", "-c", "-f", "--execute"],
        valued: &[
            "-l",
            "--load",
            "-L",
            "--directory",
            "--script",
            "-i",
            "-r",
            "-t",
            "--init-directory",
        ],
    },
    Interpreter {
        names: &["tclsh", "wish", "expect"],
        language: "tcl",
        code: &["-c"],
        valued: &[],
    },
    Interpreter { names: &["osascript"], language: "applescript", code: &["-e"], valued: &["-l"] },
    Interpreter {
        names: &["ghc", "ghci", "runghc", "runhaskell"],
        language: "haskell",
        code: &["-e"],
        valued: &[],
    },
    Interpreter { names: &["ocaml", "utop"], language: "ocaml", code: &["-e"], valued: &["-I"] },
    Interpreter { names: &["swift"], language: "swift", code: &["-e"], valued: &["-I"] },
    Interpreter { names: &["nim"], language: "nim", code: &["--eval"], valued: &["-p", "--path"] },
    Interpreter {
        names: &["raku", "perl6", "rakudo"],
        language: "perl",
        code: &["-e"],
        valued: &["-I", "-M"],
    },
    Interpreter {
        names: &["octave", "matlab", "gnuplot", "maxima"],
        language: "r",
        code: &["--eval", "-r", "-batch", "-e"],
        valued: &[],
    },
];

/// The canonical language of a name such as `py`, `javascript` or `zsh`.
pub(crate) fn language_of(name: &str) -> &str {
    match name {
        "bash" | "sh" | "zsh" | "dash" | "shell" | "ksh" => "sh",
        "javascript" | "js" | "typescript" | "ts" | "deno" | "bun" => "node",
        "rb" => "ruby",
        "pl" => "perl",
        "ps1" | "pwsh" => "powershell",
        other => {
            INTERPRETERS.iter().find(|i| i.names.contains(&other)).map_or(other, |i| i.language)
        }
    }
}
