//! How a command ends, and the exit code that says so.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

/// What a command that worked says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is done.
    Yes,
    /// It was done, and the answer is "no".
    No,
}

/// Why a command did not work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The gateway or the store says no, or something broke.
    Refused(String),
    /// The command line or the configuration is wrong.
    Usage(String),
    /// There is no gateway to talk to.
    Unreachable(String),
    /// Whoever read the output has gone.
    OutputClosed,
}

/// What a command comes to.
pub(crate) type Outcome = Result<Answer, Failure>;

impl Failure {
    /// The command line or the configuration is wrong.
    pub(crate) fn usage(error: impl Display) -> Self {
        Self::Usage(error.to_string())
    }

    /// It did not work.
    pub(crate) fn refused(error: impl Display) -> Self {
        Self::Refused(error.to_string())
    }

    /// What is told the person.
    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Refused(text) | Self::Usage(text) | Self::Unreachable(text) => Some(text),
            Self::OutputClosed => None,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::OutputClosed
        } else {
            Self::Refused(error.to_string())
        }
    }
}

impl From<crate::config::ConfigError> for Failure {
    fn from(error: crate::config::ConfigError) -> Self {
        Self::usage(error)
    }
}

impl From<crate::home::HomeError> for Failure {
    fn from(error: crate::home::HomeError) -> Self {
        Self::usage(error)
    }
}

/// The exit code of an outcome: 0 done, 1 no, 2 usage or configuration, 3 no gateway.
pub(crate) fn exit_code(outcome: &Outcome) -> ExitCode {
    match outcome {
        Ok(Answer::Yes) | Err(Failure::OutputClosed) => ExitCode::SUCCESS,
        Ok(Answer::No) | Err(Failure::Refused(_)) => ExitCode::from(1),
        Err(Failure::Usage(_)) => ExitCode::from(2),
        Err(Failure::Unreachable(_)) => ExitCode::from(3),
    }
}
