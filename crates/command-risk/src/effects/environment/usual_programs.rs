//! Programs that tools commonly call for help: pagers, editors, compilers, compressors.

use crate::effects::paths::base_name;
use crate::interpret::value::UNKNOWN;

/// Whether a program is one that tools commonly call for help, called in an ordinary way.
pub(crate) fn is_usual_helper(program: &str) -> bool {
    let mut words = program.split_whitespace();
    let Some(first) = words.next() else {
        return true;
    };
    let name = base_name(first);
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let place = !first.contains('/')
        || ["/bin/", "/usr/bin/", "/usr/local/bin/"]
            .iter()
            .any(|dir| first == format!("{dir}{}", base_name(first)));
    let shell = matches!(name, "bash" | "sh" | "zsh" | "dash" | "fish" | "python" | "node");
    let compiler_prefix = name.ends_with("-gcc")
        || name.ends_with("-g++")
        || name.ends_with("-clang")
        || name.ends_with("-ld")
        || name.ends_with("-ar");
    place
        && (HELPERS.contains(&name) || HELPERS.contains(&base_name(first)) || compiler_prefix)
        && !program.contains([';', '|', '&', '$', '`', '>', '(', '\n', UNKNOWN])
        && !program.contains("ProxyCommand")
        && !program.contains("LocalCommand")
        && !(shell && words.next().is_some())
}

/// Programs that tools commonly call for help, and that do nothing else.
const HELPERS: &[&str] = &[
    "cat",
    "less",
    "more",
    "most",
    "bat",
    "batcat",
    "delta",
    "diff-so-fancy",
    "true",
    "echo",
    ":",
    "false",
    "ssh",
    "gzip",
    "pigz",
    "bzip2",
    "pbzip2",
    "lbzip2",
    "xz",
    "pixz",
    "zstd",
    "zstdmt",
    "lz4",
    "lzop",
    "lzip",
    "plzip",
    "brotli",
    "compress",
    "gcc",
    "g++",
    "clang",
    "clang++",
    "cc",
    "c++",
    "tcc",
    "icc",
    "ld",
    "lld",
    "mold",
    "gold",
    "ar",
    "ranlib",
    "sccache",
    "ccache",
    "distcc",
    "bash",
    "sh",
    "zsh",
    "dash",
    "fish",
    "vi",
    "vim",
    "nvim",
    "nano",
    "emacs",
    "code",
    "subl",
    "micro",
    "hx",
    "ed",
    "gedit",
    "head",
    "tail",
    "nproc",
    "ld.lld",
    "rust-lld",
    "rustc",
    "go",
    "python3",
    "python",
    "node",
    "meld",
    "vimdiff",
    "opendiff",
    "kdiff3",
    "cache",
    "store",
    "osxkeychain",
    "manager",
    "libsecret",
    "firefox",
    "xdg-open",
    "open",
    "rustfmt",
    "clippy-driver",
    "w3m",
    "lynx",
    "lesspipe",
    "pdftotext",
    "zcat",
    "bzcat",
    "xzcat",
    "zstdcat",
    "antiword",
    "lv",
    "pspg",
    "cmake",
    "ninja",
    "gpg",
    "gpg2",
    "valgrind",
    "qemu-aarch64",
    "time",
    "wslview",
    "chromium",
    "google-chrome",
];
