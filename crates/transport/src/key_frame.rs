//! Whether a key frame begins with a packet, told from the payload alone: what came before it needs no repair.
use bytes::Bytes;
use eyeline_rtp::{h264, vp8};

/// For payloads of that MIME type; false for formats that are not known here.
pub fn begins(mime_type: &str, payload: &Bytes) -> bool {
    match mime_type.split_once('/') {
        Some((_, format)) if format.eq_ignore_ascii_case("VP8") => {
            vp8::parse(payload).is_some_and(|payload| payload.begins_key_frame())
        }
        Some((_, format)) if format.eq_ignore_ascii_case("H264") => h264::starts_sequence(payload),
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::begins;
    use bytes::Bytes;

    #[test]
    fn each_format_is_read_in_its_own_way() {
        let (start, parameters) = (Bytes::from_static(&[0x10, 0x00]), Bytes::from_static(&[0x67, 0x42]));
        assert!(begins("video/VP8", &start) && !begins("video/VP8", &parameters));
        assert!(begins("video/h264", &parameters) && !begins("video/h264", &start));
        assert!(!begins("video/AV1", &start) && !begins("VP8", &start));
    }
}
