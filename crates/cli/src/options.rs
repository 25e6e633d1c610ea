//! The command line: a contract that scripts outside the project rely on.
use clap::{Args, Parser, Subcommand, ValueEnum};
use eyeline_client::config::{CARD, CameraChoice, MediaOptions, MicrophoneChoice, SpeakerChoice};
use eyeline_media::codec::VideoCodec;
use std::{path::PathBuf, str::FromStr, time::Duration};

/// Eyeline without a window: makes real calls and measures them.
#[derive(Debug, Parser)]
#[command(name = "eyeline-cli", version, after_help = crate::exit::HELP)]
pub struct Options {
    /// Base address of the signaling server.
    #[arg(long, default_value = "http://127.0.0.1:8000", global = true)]
    pub server: String,
    /// User name to sign in with.
    #[arg(long, global = true)]
    pub user: Option<String>,
    /// Password.
    #[arg(
        long,
        global = true,
        env = "EYELINE_PASSWORD",
        hide_env_values = true,
        overrides_with = "password"
    )]
    pub password: Option<String>,
    /// Create the account if it does not exist, else sign in.
    #[arg(long, global = true)]
    pub register: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Place a call, run it, hang up after --duration.
    Call {
        /// User name of the person to call.
        peer: String,
        /// Media.
        #[command(flatten)]
        media: Media,
    },
    /// Wait for one call, accept it, stay until it ends (or --duration).
    Answer {
        /// Let the call ring for so many seconds before it is taken.
        #[arg(long, default_value = "0", value_parser = seconds, allow_negative_numbers = true)]
        after: Duration,
        /// Refuse the call instead of taking it.
        #[arg(long)]
        decline: bool,
        /// Let the call ring, and neither take nor refuse it.
        #[arg(long, conflicts_with = "decline")]
        wait: bool,
        /// Media.
        #[command(flatten)]
        media: Media,
    },
    /// Place a call without media, send TEXT over the data channel, print what comes back until it ends.
    Chat {
        /// User name of the person to write to.
        peer: String,
        /// The words.
        text: String,
        /// Hang up after so many seconds.
        #[arg(long, value_parser = seconds)]
        duration: Option<Duration>,
    },
    /// Test server, token, WebSocket, STUN and TURN, and devices: one line each.
    Doctor,
    /// List cameras (with formats), microphones and speakers, as JSON.
    Devices,
}

/// How a call is run and measured.
#[derive(Debug, Clone, Args)]
pub struct Media {
    /// Where pictures come from: `testcard[:1280x720@30]`, `y4m:FILE`, `device[:NAME]` or `none`.
    #[arg(long, default_value = "testcard")]
    pub camera: CameraChoice,
    /// Where sound comes from: `tone`, `wav:FILE`, `device[:NAME]` or `none`.
    #[arg(long, default_value = "tone")]
    pub mic: MicrophoneChoice,
    /// Where sound goes: `null` or `device[:NAME]`.
    #[arg(long, default_value = "null")]
    pub speaker: SpeakerChoice,
    /// Video codec to prefer.
    #[arg(long, value_enum)]
    pub video_codec: Option<Codec>,
    /// Most to send, in kbit/s: 30 at least, which is sound alone.
    #[arg(long, value_parser = clap::value_parser!(u32).range(30..))]
    pub max_kbps: Option<u32>,
    /// Tell the other side that its pictures are drawn at this size, and not that they are wanted as large as can be.
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = size)]
    pub view: Option<(u32, u32)>,
    /// Use only paths through a TURN server.
    #[arg(long)]
    pub relay_only: bool,
    /// Hang up after so many seconds of call.
    #[arg(long, value_parser = seconds, allow_negative_numbers = true)]
    pub duration: Option<Duration>,
    /// Send this text as soon as chat is open, and print what comes back on stderr.
    #[arg(long)]
    pub say: Option<String>,
    /// Write one JSON object a line here, once a second.
    #[arg(long)]
    pub stats: Option<PathBuf>,
    /// Write what was rendered here, as YUV4MPEG2.
    #[arg(long)]
    pub dump_video: Option<PathBuf>,
    /// Write what was played here, as WAV.
    #[arg(long)]
    pub dump_audio: Option<PathBuf>,
}

/// Video codecs by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Codec {
    /// RFC 6386.
    Vp8,
    /// Constrained baseline.
    H264,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            camera: CameraChoice::TestCard(CARD),
            mic: MicrophoneChoice::Tone,
            speaker: SpeakerChoice::Null,
            video_codec: None,
            max_kbps: None,
            view: None,
            relay_only: false,
            duration: None,
            say: None,
            stats: None,
            dump_video: None,
            dump_audio: None,
        }
    }
}

impl Media {
    /// For the client.
    pub fn options(&self) -> MediaOptions {
        let mut options =
            MediaOptions { max_kbps: self.max_kbps, relay_only: self.relay_only, ..MediaOptions::default() };
        if let Some(codec) = self.video_codec {
            let first = match codec {
                Codec::Vp8 => VideoCodec::Vp8,
                Codec::H264 => VideoCodec::H264,
            };
            options.video_codecs.sort_by_key(|codec| *codec != first);
        }
        options
    }
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let number = |text: &str| text.parse().map_err(|e| format!("{text}: {e}"));
    let (width, height) = text.split_once('x').ok_or("a size is like 640x360")?;
    Ok((number(width)?, number(height)?))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = f64::from_str(text).map_err(|e| e.to_string())?;
    Duration::try_from_secs_f64(seconds).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use eyeline_media::device::CaptureFormat;

    #[test]
    fn media_is_named_as_the_contract_says() {
        let parse = |words: &[&str]| Options::try_parse_from([&["eyeline-cli"], words].concat());
        let options = parse(&[
            "--user",
            "a",
            "--password",
            "b",
            "call",
            "bob",
            "--camera",
            "testcard:640x480@15",
            "--mic",
            "none",
        ])
        .unwrap();
        let Command::Call { peer, media } = options.command else { panic!() };
        assert_eq!(peer, "bob");
        assert_eq!(media.camera, CameraChoice::TestCard(CaptureFormat { width: 640, height: 480, fps: 15 }));
        assert_eq!(media.mic, MicrophoneChoice::None);
        assert_eq!(media.speaker, SpeakerChoice::Null);
        assert!(parse(&["answer", "--camera", "device:Integrated: Camera"]).is_ok());
        for wrong in [
            ["--camera", "testcard:641x480"],
            ["--camera", "film"],
            ["--mic", "wav"],
            ["--duration", "-1"],
            ["--max-kbps", "0"],
        ] {
            assert!(parse(&[&["answer"], &wrong[..]].concat()).is_err(), "{wrong:?}");
        }
    }
}
