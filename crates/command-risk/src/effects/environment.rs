//! Variables that make programs run or load other code.

use super::own::{Owner, neutralises};
use super::paths::base_name;
use crate::interpret::Machine;
use crate::interpret::value::UNKNOWN;
use crate::parse::ast::Assignment;

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
/// The value is a program.
const PROGRAMS: &[&str] = &[
    "GIT_SSH_COMMAND",
    "GIT_SSH",
    "GIT_EDITOR",
    "GIT_SEQUENCE_EDITOR",
    "GIT_PAGER",
    "GIT_EXTERNAL_DIFF",
    "GIT_ASKPASS",
    "GIT_PROXY_COMMAND",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
    "EDITOR",
    "VISUAL",
    "SUDO_EDITOR",
    "PAGER",
    "MANPAGER",
    "LESSOPEN",
    "LESSCLOSE",
    "BROWSER",
    "CC",
    "CXX",
    "LD",
    "AR",
    "CPP",
    "AS",
    "FC",
    "RUSTC",
    "RUSTDOC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTC_WRAPPER",
    "SHELL",
    "RSYNC_RSH",
    "CVS_RSH",
    "SYSTEMD_PAGER",
    "AWS_PAGER",
    "BAT_PAGER",
    "DELTA_PAGER",
    "PSQL_PAGER",
    "PSQL_EDITOR",
    "FCEDIT",
    "HGEDITOR",
    "SVN_EDITOR",
    "SVN_SSH",
    "HGMERGE",
    "KUBE_EDITOR",
    "KUBECTL_EXTERNAL_DIFF",
    "TAR_OPTIONS",
    "GROFF_COMMAND",
    "MAKE",
    "CMAKE_C_COMPILER_LAUNCHER",
    "CMAKE_CXX_COMPILER_LAUNCHER",
    "PYTEST_PLUGINS_CMD",
    "npm_config_script_shell",
    "NPM_CONFIG_SCRIPT_SHELL",
    "TEXEDIT",
    "PERLDB",
    "RIPGREP_PREPROCESSOR",
    "FZF_DEFAULT_COMMAND",
    "CARGO",
    "GREP_PAGER",
    "XZ_OPT_PROG",
    "NVIM",
    "TERMINAL",
    "GIT_MAN_VIEWER",
    "PKG_CONFIG",
    "FZF_CTRL_T_COMMAND",
    "BORG_RSH",
    "BORG_PASSCOMMAND",
    "RESTIC_PASSWORD_COMMAND",
    "RCLONE_PASSWORD_COMMAND",
    "PUPPETEER_EXECUTABLE_PATH",
    "ESBUILD_BINARY_PATH",
    "RSYNC_CONNECT_PROG",
    "LESSEDIT",
    "PINENTRY_PROGRAM",
    "CONFIG_SHELL",
    "MAKESHELL",
    "HOSTCC",
    "NM",
    "STRIP",
    "CSC",
    "SENDMAIL",
    "MAILER",
];
/// Code that is loaded or run, whatever the value.
const CODE: &[&str] = &[
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "LD_AUDIT",
    "LD_ORIGIN_PATH",
    "BASH_ENV",
    "ENV",
    "PROMPT_COMMAND",
    "ZDOTDIR",
    "PYTHONSTARTUP",
    "PYTHONHOME",
    "PERL5OPT",
    "PERL5DB",
    "RUBYOPT",
    "PS0",
    "PS4",
    "PYTHONINSPECT",
    "PYTHONBREAKPOINT",
    "GIT_EXEC_PATH",
    "GIT_TEMPLATE_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "GCONV_PATH",
    "OPENSSL_CONF",
    "OPENSSL_ENGINES",
    "GTK_MODULES",
    "QT_PLUGIN_PATH",
    "GIO_EXTRA_MODULES",
    "LUA_INIT",
    "NODE_REPL_EXTERNAL_MODULE",
    "VIMINIT",
    "EXINIT",
    "MAKEFILES",
    "CLASSPATH_PREFIX",
    "GEM_HOME",
    "COMPILER_PATH",
    "GCC_EXEC_PREFIX",
    "R_PROFILE",
    "R_PROFILE_USER",
    "R_ENVIRON",
    "R_ENVIRON_USER",
    "ERL_FLAGS",
    "ERL_ZFLAGS",
    "PYTHONUSERBASE",
    "npm_config_node_options",
    "NPM_CONFIG_NODE_OPTIONS",
    "GST_PLUGIN_PATH",
    "GUILE_LOAD_PATH",
    "EMACSLOADPATH",
    "CMAKE_PROJECT_TOP_LEVEL_INCLUDES",
    "PERL_MB_OPT",
    "IRBRC",
    "PHPRC",
    "PHP_INI_SCAN_DIR",
    "ERL_AFLAGS",
    "ELIXIR_ERL_OPTIONS",
    "COREPACK_NPM_REGISTRY",
    "DOTNET_STARTUP_HOOKS",
    "COR_PROFILER",
    "CORECLR_PROFILER_PATH",
    "GLIBC_TUNABLES",
    "GIO_MODULE_DIR",
    "GST_PLUGIN_SCANNER",
    "GTK_PATH",
    "GTK_IM_MODULE_FILE",
    "GDK_PIXBUF_MODULE_FILE",
    "QT_QPA_PLATFORM_PLUGIN_PATH",
    "LIBGL_DRIVERS_PATH",
    "VK_LAYER_PATH",
    "LADSPA_PATH",
    "SASL_PATH",
    "MAGICK_CODER_MODULE_PATH",
    "JULIA_LOAD_PATH",
    "JULIA_DEPOT_PATH",
    "TCL_LIBRARY",
    "PERL_UNICODE_INC",
    "ANT_ARGS",
    "ERL_LIBS",
    "OCAMLLIB",
    "GHCRTS",
    "TEXMFHOME",
    "TEXINPUTS_PLUGIN",
    "ANSIBLE_LIBRARY",
    "ANSIBLE_ROLES_PATH",
    "ANSIBLE_CONFIG",
    "TF_CLI_CONFIG_FILE",
    "GRADLE_USER_HOME",
    "MAVEN_ARGS",
    "BASH_LOADABLES_PATH",
    "HISTCMD_HOOK",
];
/// Directories that code is loaded from.
const SEARCHED: &[&str] = &[
    "PATH",
    "PYTHONPATH",
    "PERL5LIB",
    "PERLLIB",
    "RUBYLIB",
    "NODE_PATH",
    "LUA_PATH",
    "LUA_CPATH",
    "CLASSPATH",
    "GOPATH",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "TCLLIBPATH",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "CDPATH",
    "FPATH",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "XDG_CONFIG_HOME",
    "HOME",
    "DOCKER_CONFIG",
    "NPM_CONFIG_USERCONFIG",
    "npm_config_userconfig",
    "PIP_CONFIG_FILE",
    "CARGO_TARGET_RUNNER",
    "KUBECONFIG_DIR",
    "TERMINFO",
    "GEM_PATH",
    "BUNDLE_GEMFILE",
    "COMPOSER_HOME",
    "CMAKE_TOOLCHAIN_FILE",
    "ACKRC",
    "SCREENRC",
    "INPUTRC",
    "LESSKEYIN",
    "BAT_CONFIG_PATH",
    "ELECTRON_OVERRIDE_DIST_PATH",
    "VIMRUNTIME",
    "GOROOT",
    "JAVA_HOME",
    "HGRCPATH",
    "PSQLRC",
    "WGETRC",
    "CURL_HOME",
    "MYSQL_HOME",
];
/// Where packages come from.
const SOURCES: &[&str] = &[
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_TRUSTED_HOST",
    "UV_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_INDEX",
    "npm_config_registry",
    "NPM_CONFIG_REGISTRY",
    "YARN_REGISTRY",
    "GOPROXY",
    "GONOSUMDB",
    "GONOSUMCHECK",
    "GOINSECURE",
    "RUSTUP_DIST_SERVER",
    "RUSTUP_UPDATE_ROOT",
    "BUNDLE_MIRROR",
    "HOMEBREW_BOTTLE_DOMAIN",
    "POETRY_REPOSITORIES",
    "CONDA_CHANNELS",
    "BUN_CONFIG_REGISTRY",
    "GOSUMDB",
    "CARGO_REGISTRIES_CRATES_IO_INDEX",
    "HEX_MIRROR",
];
const PROXIES: &[&str] = &[
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "DOCKER_HOST",
    "KUBERNETES_MASTER",
    "SSLKEYLOGFILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "PGHOST_OVERRIDE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
];

/// Whether the name of a variable says that a tool runs what it holds.
fn names_program(name: &str) -> bool {
    let short = ["P4", "BZR", "HG", "SVN", "CVS", "DARCS", "FOSSIL", "X", "DIFF", "MERGE"];
    let kinds = [
        "EDITOR",
        "PAGER",
        "DIFF",
        "MERGE",
        "BROWSER",
        "MERGETOOL",
        "DIFFTOOL",
        "DIFFPROG",
        "VIEWER",
        "VISUAL",
        "FILTER",
    ];
    ["_COMMAND", "_CMD", "_PROGRAM", "_PROG", "_EXEC", "_EXECUTABLE", "_HOOK", "_SHELL", "_RSH"]
        .iter()
        .chain(&["_SSH", "_VIEWER", "_MERGE", "_DIFF", "_HELPER", "_OPENER", "_TERMINAL"])
        .any(|end| name.ends_with(end))
        || kinds.contains(&name)
        || short.iter().any(|tool| name.strip_prefix(tool).is_some_and(|k| kinds.contains(&k)))
}

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

impl Machine<'_> {
    /// Checks variables as they are set, for one command or for the shell.
    pub(crate) fn check_assigned(&mut self, assignments: &[Assignment], exported: bool) {
        for assignment in assignments {
            let value = self
                .state
                .variables
                .get(&assignment.name)
                .map(|v| v.first().text)
                .unwrap_or_default();
            self.check_variable(&assignment.name, &value, exported);
        }
    }

    /// One variable and what it makes programs do.
    #[expect(clippy::nonminimal_bool, reason = "written the way it is said")]
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(crate) fn check_variable(&mut self, name: &str, value: &str, exported: bool) {
        if let Some(owner) = self.owner_of_variable(name) {
            return self.own_variable(name, value, owner);
        }
        let object = format!("{name}={value}");
        if matches!(name, "HISTFILE" | "HISTSIZE" | "HISTFILESIZE" | "SAVEHIST" | "HISTCONTROL")
            && matches!(value, "0" | "/dev/null" | "" | "ignorespace:ignoredups:erasedups")
        {
            return self.effect("log.tamper", object);
        }
        if !exported && name != "PATH" && name != "PROMPT_COMMAND" && name != "BASH_ENV" {
            return;
        }
        if value.is_empty() {
            return;
        }
        if CODE.contains(&name)
            || name.starts_with("DYLD_")
            || name.starts_with("BASH_FUNC_")
            || name.starts_with("GIT_CONFIG_KEY")
            || name.starts_with("GIT_CONFIG_VALUE")
        {
            if name == "JAVA_TOOL_OPTIONS" || name == "_JAVA_OPTIONS" || name == "JDK_JAVA_OPTIONS"
            {
                if !value.contains("agent")
                    && !value.contains("Xbootclasspath")
                    && !value.contains("OnError")
                {
                    return;
                }
            } else if name == "ENV" && !value.contains('/')
                || (matches!(name, "OPENSSL_CONF" | "ANSIBLE_CONFIG" | "TF_CLI_CONFIG_FILE")
                    || name.ends_with("_PATH")
                    || name.ends_with("_HOME")
                    || name.ends_with("_LIBRARY")
                    || name.ends_with("_LIBS")
                    || name.ends_with("BASE")
                    || name.ends_with("_USER"))
                    && name != "LD_LIBRARY_PATH"
                    && !name.starts_with("DYLD_")
                    && name != "GIT_EXEC_PATH"
                    && name != "GCONV_PATH"
                    && value.split(':').all(|dir| dir.is_empty() || self.is_own_code(dir))
            {
                return;
            }
            if name == "PROMPT_COMMAND" || name == "PS0" || name == "PS4" {
                self.script(value, None);
            }
            self.effect("code.env", object);
        } else if PROGRAMS.contains(&name)
            || name.ends_with("_WRAPPER")
            || name.ends_with("_RUNNER")
            || name.ends_with("_ASKPASS")
            || name.ends_with("_PAGER")
            || name.ends_with("_EDITOR")
            || name.ends_with("_BROWSER")
            || name.ends_with("_LAUNCHER")
            || name.ends_with("_LINKER")
            || (names_program(name) && self.holds_program(value))
        {
            if !is_usual_helper(value.trim_start_matches('|'))
                && !(value.starts_with('-')
                    && name == "TAR_OPTIONS"
                    && !value.contains("exec")
                    && !value.contains("-I")
                    && !value.contains("-command")
                    && !value.contains("program"))
            {
                self.effect("code.env", object);
                self.script(value.trim_start_matches('|'), None);
            }
        } else if SEARCHED.contains(&name) {
            let foreign = value.split(':').any(|dir| {
                !dir.is_empty() && !dir.starts_with(UNKNOWN) && !self.is_code_directory(name, dir)
            });
            if foreign {
                self.effect("code.env", object);
            }
        } else if SOURCES.contains(&name) {
            let usual = [
                "https://pypi.org",
                "https://registry.npmjs.org",
                "https://proxy.golang.org",
                "https://static.rust-lang.org",
                "https://index.crates.io",
                "off",
                "direct",
                "sum.golang.org",
            ];
            if !usual.iter().any(|u| value.starts_with(u))
                || value.contains(',') && value.contains("http://")
            {
                self.effect("package.foreign", object);
            }
        } else if PROXIES.iter().any(|p| p.eq_ignore_ascii_case(name)) {
            let host = super::net::host_of(value);
            if !super::net::is_local_host(host) && !value.starts_with("unix:") && !value.is_empty()
            {
                self.effect("net.settings", object);
            }
        } else if name == "NODE_OPTIONS" {
            if [
                "--require",
                "-r ",
                "--import",
                "--loader",
                "--experimental-loader",
                "--inspect",
                "--env-file",
            ]
            .iter()
            .any(|o| value.contains(o))
            {
                self.effect("code.env", object);
            }
        } else if matches!(
            name,
            "GOFLAGS"
                | "MAKEFLAGS"
                | "GNUMAKEFLAGS"
                | "RUSTFLAGS"
                | "CGO_CFLAGS"
                | "CFLAGS"
                | "LDFLAGS"
                | "PYTEST_ADDOPTS"
                | "MAVEN_OPTS"
                | "GRADLE_OPTS"
                | "SBT_OPTS"
                | "LESS"
                | "FZF_DEFAULT_OPTS"
                | "ANSIBLE_CALLBACK_PLUGINS"
                | "NIX_PATH"
                | "RUSTDOCFLAGS"
                | "PERL_MM_OPT"
                | "RIPGREP_CONFIG_PATH"
                | "GIT_TRACE"
        ) {
            let bad = [
                "-toolexec",
                "--eval",
                "-fplugin",
                "-javaagent",
                "linker=",
                "-B/",
                "-wrapper",
                "-p ",
                "exec:",
                "execute",
                "--preview",
                "-specs=",
                "http://",
            ];
            let shell_escape = name == "LESS" && value.contains("+!");
            if shell_escape || bad.iter().any(|b| value.contains(b)) || value.starts_with("/tmp") {
                self.effect("code.env", object);
            }
        }
    }

    /// Whether a value is more than a word or a setting: a path outside the usual places, or a
    /// command with words.
    fn holds_program(&self, value: &str) -> bool {
        let first = value.split_whitespace().next().unwrap_or_default();
        let outside = first.starts_with(['/', '~', '.']) && !self.is_own_code(first);
        outside || value.contains([';', '|', '$', '`']) || {
            let name = base_name(first);
            let shell = matches!(name, "sh" | "bash" | "zsh" | "dash" | "python3" | "perl");
            shell && value.trim() != first
        }
    }

    fn is_code_directory(&self, name: &str, dir: &str) -> bool {
        let resolved = self.resolve(dir);
        if name == "HOME" || name.starts_with("XDG_") {
            return resolved == self.ctx.home
                || self.is_own_code(&resolved)
                || resolved.starts_with("/tmp/");
        }
        let ordinary = super::paths::is_within(&resolved, self.ctx.root())
            || self.is_own_code(&resolved)
            || resolved.starts_with(&self.ctx.home) && name == "PATH";
        ordinary
            || ["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local", "/opt", "/snap", "/nix"]
                .iter()
                .any(|d| super::paths::is_within(&resolved, d))
    }

    fn own_variable(&mut self, name: &str, value: &str, owner: Owner) {
        let spelled = format!("{name}={value}");
        let upper = name.to_ascii_uppercase();
        let off_name = [
            "OFF",
            "DISABLE",
            "BYPASS",
            "SKIP",
            "YOLO",
            "UNSAFE",
            "ALLOW",
            "NO_",
            "IGNORE",
            "PERMISSIVE",
        ]
        .iter()
        .any(|w| upper.contains(w));
        let on = !matches!(value.to_ascii_lowercase().as_str(), "" | "0" | "false" | "no" | "off");
        let off_value = matches!(
            value.to_ascii_lowercase().as_str(),
            "off"
                | "none"
                | "disabled"
                | "disable"
                | "allow"
                | "allow-all"
                | "never"
                | "permissive"
                | "0"
                | "false"
                | "no"
                | "audit"
                | "monitor"
        ) || neutralises(value);
        let kind = match (owner, (off_name && on) || (off_value && !off_name)) {
            (Owner::Guard | Owner::OtherGuard, true) => "guard.off",
            (Owner::Guard | Owner::OtherGuard, false) => "guard.edit",
            (Owner::Agent, true) => "agent.bypass",
            (Owner::Agent, false) => return,
        };
        self.effect(kind, spelled);
    }

    pub(crate) fn unset_own(&mut self, name: &str) {
        if matches!(self.owner_of_variable(name), Some(Owner::Guard | Owner::OtherGuard)) {
            self.effect("guard.edit", name);
        }
        if name.starts_with("HIST") {
            self.effect("log.tamper", name);
        }
    }
}
