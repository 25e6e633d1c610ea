//! What nokhwa says, as something that a person can act on.
use eyeline_media::device::DeviceError;

/// The words by which the systems say it: nokhwa passes them on as text only. Linux gives errno, Windows an HRESULT.
const BUSY: [&str; 4] = ["(os error 16)", "0x80070020", "0xC00D3EA3", "in use"];
const DENIED: [&str; 4] = ["(os error 13)", "(os error 1)", "0x80070005", "denied"];
const GONE: [&str; 5] = ["(os error 19)", "(os error 2)", "(os error 6)", "(os error 5)", "0xC00D3EA2"];

/// `error` of the camera called `name`.
pub(super) fn typed(name: &str, error: &nokhwa::NokhwaError) -> DeviceError {
    let reason = error.to_string();
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    let device = name.to_owned();
    if says(&BUSY) {
        DeviceError::Busy(device)
    } else if says(&DENIED) {
        DeviceError::Denied(device)
    } else if says(&GONE) {
        DeviceError::Lost(device)
    } else {
        DeviceError::Other { device, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nokhwa::NokhwaError;
    use std::io;

    fn v4l2(errno: i32) -> DeviceError {
        let why = io::Error::from_raw_os_error(errno);
        typed("Webcam", &NokhwaError::OpenDeviceError("0".into(), format!("V4L2 Error: {why}")))
    }

    #[cfg(unix)]
    #[test]
    fn errno_names_what_a_person_can_act_on() {
        assert_eq!(v4l2(16), DeviceError::Busy("Webcam".into()));
        assert_eq!(v4l2(13), DeviceError::Denied("Webcam".into()));
        assert_eq!(v4l2(19), DeviceError::Lost("Webcam".into()));
        assert!(matches!(v4l2(12), DeviceError::Other { .. }), "{:?}", v4l2(12));
    }
}
