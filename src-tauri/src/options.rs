//! The command line. An ordinary person needs none of it; the demo and the tests do.
use clap::Parser;
use eyeline_client::config::{CameraChoice, ClientConfig, MicrophoneChoice, SpeakerChoice};
use std::{fmt, path::PathBuf, str::FromStr};
use thiserror::Error;

/// Video calls between two people.
#[derive(Parser)]
#[command(name = "eyeline", version)]
pub struct Options {
    /// Sign in at this server, such as `https://calls.example.org`
    #[arg(long, value_name = "URL", requires = "user")]
    pub server: Option<String>,
    /// Sign in under this name
    #[arg(long, value_name = "NAME", requires_all = ["server", "password"])]
    pub user: Option<String>,
    /// Sign in with this password
    #[arg(long, env = "EYELINE_PASSWORD", hide_env_values = true)]
    pub password: Option<Secret>,
    /// Create the account if there is none of that name
    #[arg(long, requires = "user")]
    pub register: bool,
    /// Call this person as soon as they are online
    #[arg(long, value_name = "NAME")]
    pub call: Option<String>,
    /// Accept every call
    #[arg(long)]
    pub auto_accept: bool,
    /// Where pictures come from: `testcard[:1280x720@30]`, `y4m:FILE`, `device[:NAME]` or `none`
    #[arg(long, default_value = "device")]
    pub camera: CameraChoice,
    /// Where sound comes from: `tone`, `wav:FILE`, `device[:NAME]` or `none`
    #[arg(long, default_value = "device")]
    pub mic: MicrophoneChoice,
    /// Where sound goes: `null` or `device[:NAME]`
    #[arg(long, default_value = "device")]
    pub speaker: SpeakerChoice,
    /// Where the sign-in, the choices and the log are kept
    #[arg(long, env = "EYELINE_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Title of the window
    #[arg(long)]
    pub title: Option<String>,
    /// Position of the window on the screen
    #[arg(long, value_name = "X,Y", allow_hyphen_values = true)]
    pub position: Option<Pair<','>>,
    /// Size of the window
    #[arg(long, value_name = "WxH")]
    pub size: Option<Pair<'x'>>,
}

impl Options {
    /// What the client is to be told.
    #[must_use]
    pub fn client_config(&self, data_dir: PathBuf) -> ClientConfig {
        ClientConfig {
            camera: self.camera.clone(),
            microphone: self.mic.clone(),
            speaker: self.speaker.clone(),
            ..ClientConfig::new(data_dir)
        }
    }
}

/// Something that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Two numbers with a sign between them: pixels, such as `1280x760` or `-10,20`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<const SIGN: char>(pub i32, pub i32);

impl<const SIGN: char> FromStr for Pair<SIGN> {
    type Err = NoPair;

    fn from_str(text: &str) -> Result<Self, NoPair> {
        let (first, second) = text.split_once(SIGN).ok_or(NoPair)?;
        match (first.parse(), second.parse()) {
            (Ok(first), Ok(second)) => Ok(Self(first, second)),
            (Ok(_) | Err(_), _) => Err(NoPair),
        }
    }
}

/// Something else in place of a [`Pair`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected two whole numbers, such as 1280x760 or 10,20")]
pub struct NoPair;

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(["eyeline"].into_iter().chain(line.split_whitespace()))
    }

    #[test]
    fn the_description_of_the_command_line_holds_together() {
        Options::command().debug_assert();
    }

    #[test]
    fn without_words_the_real_devices_are_used() -> Result<(), clap::Error> {
        let config = parse("")?.client_config("folder".into());
        assert_eq!(config.camera, CameraChoice::Device(None));
        assert_eq!(config.microphone, MicrophoneChoice::Device(None));
        assert_eq!(config.speaker, SpeakerChoice::Device(None));
        Ok(())
    }

    #[test]
    fn devices_are_named_by_words() -> Result<(), clap::Error> {
        let config =
            parse("--camera y4m:a:b.y4m --mic device:hw:0 --speaker null")?.client_config("folder".into());
        assert_eq!(config.camera, CameraChoice::Y4m("a:b.y4m".into()));
        assert_eq!(config.microphone, MicrophoneChoice::Device(Some("hw:0".to_owned())));
        assert_eq!(config.speaker, SpeakerChoice::Null);
        Ok(())
    }

    #[test]
    fn the_window_has_a_place_and_a_size() -> Result<(), clap::Error> {
        let options = parse("--position -10,20 --size 640x480 --title Ann")?;
        assert_eq!((options.position, options.size), (Some(Pair(-10, 20)), Some(Pair(640, 480))));
        Ok(())
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in
            ["--camera tv", "--mic tone:1", "--size 640", "--position a,b", "--user ann", "--register"]
        {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_password_is_never_printed() -> Result<(), clap::Error> {
        let options = parse("--server http://here --user ann --password hunter22")?;
        assert_eq!(format!("{:?}", options.password), "Some((secret))");
        Ok(())
    }
}
