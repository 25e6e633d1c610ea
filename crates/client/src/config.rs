//! What a client is started with.
use eyeline_media::{codec::VideoCodec, device::CaptureFormat};
use std::path::PathBuf;

mod words;

pub use words::{CARD, NotUnderstood};

/// The settings of one client.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// Where the server, the session and the choice of devices are remembered.
    pub data_dir: PathBuf,
    /// Whether the session and the choice of devices outlive this run.
    pub remember: bool,
    /// Where pictures come from.
    pub camera: CameraChoice,
    /// Where sound comes from.
    pub microphone: MicrophoneChoice,
    /// Where sound goes.
    pub speaker: SpeakerChoice,
    /// Where what is played is kept as a WAV file, beside the speaker.
    pub dump_audio: Option<PathBuf>,
    /// How media is sent.
    pub media: MediaOptions,
}

impl ClientConfig {
    /// The system's default devices.
    #[must_use]
    pub fn new(data_dir: PathBuf) -> Self {
        Self {
            data_dir,
            remember: true,
            camera: CameraChoice::Device(None),
            microphone: MicrophoneChoice::Device(None),
            speaker: SpeakerChoice::Device(None),
            dump_audio: None,
            media: MediaOptions::default(),
        }
    }
}

/// Where pictures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraChoice {
    /// A camera by its `id`; the first that works where `None`.
    Device(Option<String>),
    /// The synthetic test card.
    TestCard(CaptureFormat),
    /// A YUV4MPEG2 file, played once and then held.
    Y4m(PathBuf),
    /// None: the other side sees an avatar.
    None,
}

/// Where sound comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MicrophoneChoice {
    /// A microphone by its `id`; the system's default where `None`.
    Device(Option<String>),
    /// The synthetic beep, in step with the test card's flash.
    Tone,
    /// A WAV file, played once and then silent.
    Wav(PathBuf),
    /// None: the other side sees a muted microphone.
    None,
}

/// Where sound goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpeakerChoice {
    /// A speaker by its `id`; the system's default where `None`.
    Device(Option<String>),
    /// Played by the clock and thrown away.
    Null,
}

/// How media is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaOptions {
    /// Codecs in the order in which they are offered; what both sides have is taken.
    pub video_codecs: Vec<VideoCodec>,
    /// Most that is sent, audio and video together, in kbit/s.
    pub max_kbps: Option<u32>,
    /// Use only paths through a TURN server.
    pub relay_only: bool,
    /// What a camera is asked for.
    pub capture: CaptureFormat,
}

impl Default for MediaOptions {
    fn default() -> Self {
        Self {
            video_codecs: vec![VideoCodec::Vp8, VideoCodec::H264],
            max_kbps: None,
            relay_only: false,
            capture: CaptureFormat::IDEAL,
        }
    }
}
