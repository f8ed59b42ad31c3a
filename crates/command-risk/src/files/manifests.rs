//! Files that say what a program runs without being named on its command line.

/// Where a program finds what it runs.
pub(super) struct Manifest {
    /// The program's names.
    pub(super) programs: &'static [&'static str],
    /// Words of which one must be among the operands; none for any use.
    pub(super) only_with: &'static [&'static str],
    /// What it looks for in its directory, in its order.
    pub(super) names: &'static [&'static str],
    /// Options that name such a file instead.
    pub(super) file_options: &'static [&'static str],
    /// Options that name the directory.
    pub(super) directory_options: &'static [&'static str],
    /// Whether an operand can be the directory.
    pub(super) operand_is_directory: bool,
    /// Endings of operands that are run themselves.
    pub(super) operands: &'static [&'static str],
}

const fn of(programs: &'static [&'static str], names: &'static [&'static str]) -> Manifest {
    Manifest {
        programs,
        only_with: &[],
        names,
        file_options: &[],
        directory_options: &[],
        operand_is_directory: false,
        operands: &[],
    }
}

pub(super) const MANIFESTS: &[Manifest] = &[
    Manifest {
        file_options: &["-f", "--file", "--makefile"],
        directory_options: &["-C", "--directory"],
        ..of(&["make", "gmake"], &["GNUmakefile", "makefile", "Makefile"])
    },
    Manifest {
        directory_options: &["-C", "--prefix", "--cwd", "--dir"],
        ..of(&["npm", "pnpm", "yarn", "bun"], &["package.json"])
    },
    Manifest {
        file_options: &["-f", "--justfile"],
        directory_options: &["-d", "--working-directory"],
        ..of(&["just"], &["justfile", "Justfile", ".justfile"])
    },
    Manifest {
        file_options: &["--manifest-path", "--config"],
        ..of(&["cargo"], &["Cargo.toml", "build.rs", ".cargo/config.toml"])
    },
    Manifest {
        only_with: &["build"],
        file_options: &["-f", "--file"],
        operand_is_directory: true,
        ..of(&["docker", "podman", "buildah", "nerdctl"], &["Dockerfile"])
    },
    Manifest {
        only_with: &["compose"],
        file_options: &["-f", "--file"],
        ..of(&["docker", "podman", "nerdctl"], COMPOSE)
    },
    Manifest {
        file_options: &["-f", "--file"],
        ..of(&["docker-compose", "podman-compose"], COMPOSE)
    },
    Manifest { file_options: &["-f", "--file"], ..of(&["psql"], &[]) },
    Manifest { file_options: &["-init"], operands: &[".sql"], ..of(&["sqlite3"], &[]) },
    Manifest { file_options: &["-i"], ..of(&["sqlcmd"], &[]) },
    Manifest { file_options: &["-f", "--rakefile"], ..of(&["rake"], &["rakefile", "Rakefile"]) },
    Manifest { file_options: &["-c"], ..of(&["tox"], &["tox.ini"]) },
    Manifest { file_options: &["-f", "--noxfile"], ..of(&["nox"], &["noxfile.py"]) },
    of(&["invoke", "inv"], &["tasks.py"]),
    Manifest { operands: &[".py"], ..of(&["pytest", "py.test"], &["conftest.py"]) },
    Manifest {
        file_options: &["-b", "--build-file"],
        directory_options: &["-p", "--project-dir"],
        ..of(&["gradle"], &["build.gradle", "build.gradle.kts"])
    },
    Manifest { file_options: &["-f", "--file"], ..of(&["mvn"], &["pom.xml"]) },
    Manifest {
        file_options: &["-t", "--taskfile"],
        directory_options: &["-d", "--dir"],
        ..of(&["task"], &["Taskfile.yml", "Taskfile.yaml"])
    },
    Manifest {
        directory_options: &["-d", "--working-dir"],
        ..of(&["composer"], &["composer.json"])
    },
    Manifest {
        file_options: &["-c", "--config"],
        ..of(&["pre-commit"], &[".pre-commit-config.yaml"])
    },
    Manifest { directory_options: &["-C"], ..of(&["ninja"], &["build.ninja"]) },
    of(&["bundle"], &["Gemfile"]),
    Manifest { operands: &[".yml", ".yaml"], ..of(&["ansible-playbook"], &[]) },
    Manifest { operands: &[".go"], ..of(&["go"], &[]) },
    Manifest { operands: &[".ts", ".js", ".tsx", ".mjs"], ..of(&["deno", "bun"], &[]) },
    Manifest { operands: &[".bats"], ..of(&["bats"], &[]) },
    Manifest { file_options: &["-f", "--file"], ..of(&["awk", "gawk", "mawk", "sed", "jq"], &[]) },
    Manifest { file_options: &["-x", "--command"], ..of(&["gdb"], &[]) },
    Manifest { file_options: &["-f", "--filename"], ..of(&["kubectl"], &[]) },
];

const COMPOSE: &[&str] =
    &["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
