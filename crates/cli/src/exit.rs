//! The exit status says how it ended.
use eyeline_client::snapshot::NoticeCode;
use eyeline_protocol::rest::EndReason;
use std::process::ExitCode;

/// Shown below `--help`.
pub const HELP: &str = "\
Exit status:
   0  connected, and ended normally          20  the server cannot be reached
   1  anything not listed here               21  wrong user name or password
   2  wrong command line                     22  no such user
  10  declined                               23  the server refused
  11  missed: nobody answered
  12  busy
  13  cancelled by the caller
  14  answered on another device
  15  no path between the two, or it was lost
  16  encryption or codecs could not be agreed on
  17  replaced by a newer call
  18  the server could not go on";

/// Why the program ends with another status than 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// The call ended so.
    Call(EndReason),
    /// The server, or what it said.
    Server(NoticeCode, String),
    /// The command line asks for what cannot be.
    Usage(String),
}

impl Exit {
    /// The status of a call that ended for `reason`, `connected` or not: a hang-up before media is a cancelled call.
    pub fn of_call(reason: EndReason, connected: bool) -> Result<(), Self> {
        match (reason, connected) {
            (EndReason::Hangup, true) => Ok(()),
            (EndReason::Hangup, false) => Err(Self::Call(EndReason::Cancelled)),
            (other, _) => Err(Self::Call(other)),
        }
    }

    /// For the operating system.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::Call(reason) => match reason {
                EndReason::Hangup => 1,
                EndReason::Declined => 10,
                EndReason::Missed => 11,
                EndReason::Busy => 12,
                EndReason::Cancelled => 13,
                EndReason::AnsweredElsewhere => 14,
                EndReason::ConnectionFailed => 15,
                EndReason::MediaFailed => 16,
                EndReason::Replaced => 17,
                EndReason::ServerError => 18,
            },
            Self::Server(code, _) => match code {
                NoticeCode::ServerUnreachable => 20,
                NoticeCode::WrongCredentials | NoticeCode::SignedOut => 21,
                NoticeCode::NoSuchUser => 22,
                NoticeCode::NameTaken
                | NoticeCode::InvalidAccount
                | NoticeCode::NotAServer
                | NoticeCode::ServerRefused => 23,
                NoticeCode::Camera
                | NoticeCode::Microphone
                | NoticeCode::Speaker
                | NoticeCode::ChatFailed => 1,
            },
        })
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Call(reason) => f.write_str(match reason {
                EndReason::Hangup => "hung up",
                EndReason::Declined => "declined",
                EndReason::Missed => "nobody answered",
                EndReason::Busy => "busy",
                EndReason::Cancelled => "cancelled",
                EndReason::AnsweredElsewhere => "answered on another device",
                EndReason::ConnectionFailed => "no path to the other side",
                EndReason::MediaFailed => "no common codec or encryption",
                EndReason::Replaced => "replaced by a newer call",
                EndReason::ServerError => "the server could not go on",
            }),
            Self::Server(_, words) | Self::Usage(words) => f.write_str(words),
        }
    }
}

impl std::error::Error for Exit {}
