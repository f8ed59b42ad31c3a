//! The commands, a file each, and the command line that leads to them.

mod approvals;
mod audit;
mod backup;
mod chat;
mod chats;
mod check;
mod completions;
mod config;
mod connections;
mod doctor;
mod edit_draft;
mod health;
mod keys;
mod man;
mod nodes;
mod pair_platform;
mod pairings;
mod platforms;
mod rules;
mod runs;
mod service;
mod sessions;
mod setup;
mod sign_in;
mod store;
mod test_platform;
mod up;
mod version;
mod watch;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::failure::Outcome;
use crate::logging::{self, LogFormat};

/// An agent gateway under human control: agents ask before they act, people decide.
#[derive(Debug, Parser)]
#[command(
    name = "countersign",
    version,
    disable_help_subcommand = true,
    after_help = "Examples:
  countersign setup                       the first configuration, step by step
  countersign up                          start the gateway
  countersign approvals watch             decide in the terminal
  countersign chat \"run ls\"               talk to the agent
  countersign check 'rm -rf build'        what the policy says of a command
  countersign doctor                      whether all is as it should be

Exit codes: 0 done, 1 the answer is \"no\" or a check failed, 2 usage or configuration error,
3 the gateway cannot be reached."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options that every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The home directory [default: ~/.countersign]
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_HOME", global = true)]
    pub(crate) home: Option<PathBuf>,
}

/// Whether a command answers in JSON.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct JsonFlag {
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Up(up::UpArgs),
    Setup(setup::SetupArgs),
    Health(health::HealthArgs),
    Chat(chat::ChatArgs),
    Approvals(approvals::ApprovalsArgs),
    Audit(audit::AuditArgs),
    Rules(rules::RulesArgs),
    Nodes(nodes::NodesArgs),
    Runs(runs::RunsArgs),
    Sessions(sessions::SessionsArgs),
    Keys(keys::KeysArgs),
    Pairings(pairings::PairingsArgs),
    Platforms(platforms::PlatformsArgs),
    Chats(chats::ChatsArgs),
    Service(service::ServiceArgs),
    SignIn(sign_in::SignInArgs),
    Check(check::CheckArgs),
    Doctor(doctor::DoctorArgs),
    Config(config::ConfigArgs),
    Store(store::StoreArgs),
    Backup(backup::BackupArgs),
    Version(version::VersionArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Does what the command line says.
pub(crate) async fn run(cli: Cli) -> Outcome {
    let Cli { global, command } = cli;
    // `up` has its own idea of how much is worth a line.
    if !matches!(command, Command::Up(_)) {
        logging::start(LogFormat::Text, "error")?;
    }
    match command {
        Command::Up(args) => up::run(args, &global).await,
        Command::Setup(args) => Box::pin(setup::run(args, &global)).await,
        Command::Health(args) => health::run(args, &global).await,
        Command::Chat(args) => chat::run(args, &global).await,
        Command::Approvals(args) => approvals::run(args, &global).await,
        Command::Audit(args) => audit::run(args, &global).await,
        Command::Rules(args) => rules::run(args, &global).await,
        Command::Nodes(args) => nodes::run(args, &global).await,
        Command::Runs(args) => runs::run(args, &global).await,
        Command::Sessions(args) => sessions::run(args, &global).await,
        Command::Keys(args) => keys::run(args, &global).await,
        Command::Pairings(args) => pairings::run(args, &global).await,
        Command::Platforms(args) => platforms::run(args, &global).await,
        Command::Chats(args) => chats::run(args, &global).await,
        Command::Service(args) => service::run(args, &global).await,
        Command::SignIn(args) => sign_in::run(args, &global).await,
        Command::Doctor(args) => doctor::run(args, &global).await,
        Command::Check(args) => check::run(&args, &global),
        Command::Config(args) => config::run(args, &global),
        Command::Store(args) => store::run(args, &global).await,
        Command::Backup(args) => backup::run(args, &global).await,
        Command::Version(args) => version::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn every_command_is_consistent_and_has_an_example() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        let mut rest = vec![command];
        while let Some(command) = rest.pop() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let name = command.get_name();
            assert!(help.contains("Example") && help.contains("countersign "), "{name}: {help}");
            rest.extend(command.get_subcommands().cloned());
        }
    }
}
