//! The command line. An ordinary person needs none of it; the demo and the tests do.
use clap::Parser;
use eyeline_client::config::{CameraChoice, ClientConfig, MicrophoneChoice, SpeakerChoice};
use eyeline_media::device::CaptureFormat;
use std::{fmt, path::PathBuf, str::FromStr};

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
    /// testcard, device, device:ID, none or y4m:FILE
    #[arg(long, default_value = "device")]
    pub camera: Camera,
    /// tone, device, device:ID, none or wav:FILE
    #[arg(long, default_value = "device")]
    pub mic: Microphone,
    /// null, device or device:ID
    #[arg(long, default_value = "device")]
    pub speaker: Speaker,
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
            camera: self.camera.0.clone(),
            microphone: self.mic.0.clone(),
            speaker: self.speaker.0.clone(),
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

/// `--camera`.
#[derive(Debug, Clone)]
pub struct Camera(CameraChoice);

impl FromStr for Camera {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Ok(Self(match (text, text.split_once(':')) {
            ("testcard", None) => CameraChoice::TestCard(CaptureFormat::IDEAL),
            ("none", None) => CameraChoice::None,
            ("device", None) => CameraChoice::Device(None),
            (_, Some(("device", id))) => CameraChoice::Device(Some(id.to_owned())),
            (_, Some(("y4m", file))) => CameraChoice::Y4m(file.into()),
            (_, Some(_) | None) => return Err(Unknown("testcard, device, device:ID, none or y4m:FILE")),
        }))
    }
}

/// `--mic`.
#[derive(Debug, Clone)]
pub struct Microphone(MicrophoneChoice);

impl FromStr for Microphone {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Ok(Self(match (text, text.split_once(':')) {
            ("tone", None) => MicrophoneChoice::Tone,
            ("none", None) => MicrophoneChoice::None,
            ("device", None) => MicrophoneChoice::Device(None),
            (_, Some(("device", id))) => MicrophoneChoice::Device(Some(id.to_owned())),
            (_, Some(("wav", file))) => MicrophoneChoice::Wav(file.into()),
            (_, Some(_) | None) => return Err(Unknown("tone, device, device:ID, none or wav:FILE")),
        }))
    }
}

/// `--speaker`.
#[derive(Debug, Clone)]
pub struct Speaker(SpeakerChoice);

impl FromStr for Speaker {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Ok(Self(match (text, text.split_once(':')) {
            ("null", None) => SpeakerChoice::Null,
            ("device", None) => SpeakerChoice::Device(None),
            (_, Some(("device", id))) => SpeakerChoice::Device(Some(id.to_owned())),
            (_, Some(_) | None) => return Err(Unknown("null, device or device:ID")),
        }))
    }
}

/// Two numbers with a sign between them: pixels, such as `1280x760` or `-10,20`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<const SIGN: char>(pub i32, pub i32);

impl<const SIGN: char> FromStr for Pair<SIGN> {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let wrong = Unknown("two whole numbers, such as 1280x760 or 10,20");
        let (first, second) = text.split_once(SIGN).ok_or(wrong)?;
        match (first.parse(), second.parse()) {
            (Ok(first), Ok(second)) => Ok(Self(first, second)),
            (Ok(_) | Err(_), _) => Err(wrong),
        }
    }
}

/// What would have been understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unknown(&'static str);

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.0)
    }
}

impl std::error::Error for Unknown {}

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
