//! What a variable that is set makes programs do.

use super::names::{CODE, PROGRAMS, PROXIES, SEARCHED, SOURCES, names_program};
use super::usual_programs::is_usual_helper;
use crate::effects::paths::base_name;
use crate::interpret::Machine;
use crate::interpret::value::UNKNOWN;
use crate::parse::ast::Assignment;

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
            let host = crate::effects::net::host_of(value);
            if !crate::effects::net::is_local_host(host)
                && !value.starts_with("unix:")
                && !value.is_empty()
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
        let ordinary = crate::effects::paths::is_within(&resolved, self.ctx.root())
            || self.is_own_code(&resolved)
            || resolved.starts_with(&self.ctx.home) && name == "PATH";
        ordinary
            || ["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local", "/opt", "/snap", "/nix"]
                .iter()
                .any(|d| crate::effects::paths::is_within(&resolved, d))
    }
}
