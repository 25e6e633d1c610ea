//! The choice of devices by words, as both command lines take it: `testcard:640x480@30`, `wav:speech.wav`, `device`.
use super::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use eyeline_media::device::CaptureFormat;
use std::{path::PathBuf, str::FromStr};
use thiserror::Error;

/// The test card where its size is not named.
pub const CARD: CaptureFormat = CaptureFormat { width: 1280, height: 720, fps: 30 };

/// What would have been understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotUnderstood {
    /// In place of a camera.
    #[error("expected testcard[:WxH@FPS], y4m:FILE, device[:NAME] or none")]
    Camera,
    /// In place of a microphone.
    #[error("expected tone, wav:FILE, device[:NAME] or none")]
    Microphone,
    /// In place of a speaker.
    #[error("expected null or device[:NAME]")]
    Speaker,
    /// In place of a test card's size: the clock on it needs 32 cells, 4:2:0 needs even sides.
    #[error(
        "expected a size of even sides from 64x48 to 3840x2160 and 1 to 60 pictures a second, as in 1280x720@30"
    )]
    Card,
}

impl FromStr for CameraChoice {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, NotUnderstood> {
        Ok(match split(text) {
            ("testcard", None) => Self::TestCard(CARD),
            ("testcard", Some(format)) => Self::TestCard(card(format).ok_or(NotUnderstood::Card)?),
            ("y4m", Some(file)) => Self::Y4m(PathBuf::from(file)),
            ("device", name) => Self::Device(name.map(str::to_owned)),
            ("none", None) => Self::None,
            _ => return Err(NotUnderstood::Camera),
        })
    }
}

impl FromStr for MicrophoneChoice {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, NotUnderstood> {
        Ok(match split(text) {
            ("tone", None) => Self::Tone,
            ("wav", Some(file)) => Self::Wav(PathBuf::from(file)),
            ("device", name) => Self::Device(name.map(str::to_owned)),
            ("none", None) => Self::None,
            _ => return Err(NotUnderstood::Microphone),
        })
    }
}

impl FromStr for SpeakerChoice {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, NotUnderstood> {
        Ok(match split(text) {
            ("null", None) => Self::Null,
            ("device", name) => Self::Device(name.map(str::to_owned)),
            _ => return Err(NotUnderstood::Speaker),
        })
    }
}

/// The kind, and what follows its colon.
fn split(text: &str) -> (&str, Option<&str>) {
    text.split_once(':').map_or((text, None), |(kind, rest)| (kind, Some(rest)))
}

/// `1280x720@30` or `1280x720`.
fn card(text: &str) -> Option<CaptureFormat> {
    let (size, fps) = text.split_once('@').unwrap_or((text, "30"));
    let (width, height) = size.split_once('x')?;
    let format =
        CaptureFormat { width: width.parse().ok()?, height: height.parse().ok()?, fps: fps.parse().ok()? };
    let fits = (64..=3840).contains(&format.width) && (48..=2160).contains(&format.height);
    let even = format.width.is_multiple_of(2) && format.height.is_multiple_of(2);
    (fits && even && (1..=60).contains(&format.fps)).then_some(format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_is_named_by_words() {
        let card = |width, height, fps| Ok(CameraChoice::TestCard(CaptureFormat { width, height, fps }));
        assert_eq!("testcard".parse(), card(1280, 720, 30));
        assert_eq!("testcard:640x480".parse(), card(640, 480, 30));
        assert_eq!("testcard:320x240@15".parse(), card(320, 240, 15));
        assert_eq!("device".parse(), Ok(CameraChoice::Device(None)));
        assert_eq!(
            "device:Camera: front".parse(),
            Ok(CameraChoice::Device(Some("Camera: front".to_owned())))
        );
        assert_eq!("y4m:a:b.y4m".parse(), Ok(CameraChoice::Y4m("a:b.y4m".into())));
        assert_eq!("none".parse(), Ok(CameraChoice::None));
        for wrong in ["", "film", "y4m", "none:1", "tone"] {
            assert_eq!(wrong.parse::<CameraChoice>(), Err(NotUnderstood::Camera), "{wrong}");
        }
        for size in
            ["", "640", "641x480", "640x480@0", "640x480@61", "32x32", "9999x480", "-2x480", "640x480@"]
        {
            let text = format!("testcard:{size}");
            assert_eq!(text.parse::<CameraChoice>(), Err(NotUnderstood::Card), "{text}");
        }
    }

    #[test]
    fn sound_is_named_by_words() {
        assert_eq!("tone".parse(), Ok(MicrophoneChoice::Tone));
        assert_eq!("wav:speech.wav".parse(), Ok(MicrophoneChoice::Wav("speech.wav".into())));
        assert_eq!("device:hw:0".parse(), Ok(MicrophoneChoice::Device(Some("hw:0".to_owned()))));
        assert_eq!("none".parse(), Ok(MicrophoneChoice::None));
        assert_eq!("wav".parse::<MicrophoneChoice>(), Err(NotUnderstood::Microphone));
        assert_eq!("null".parse(), Ok(SpeakerChoice::Null));
        assert_eq!("device".parse(), Ok(SpeakerChoice::Device(None)));
        assert_eq!("null:1".parse::<SpeakerChoice>(), Err(NotUnderstood::Speaker));
    }
}
