//! Whether a key frame begins with a packet, told from the payload alone: what came before it needs no repair.

/// For payloads of that MIME type; false for formats that are not known here.
#[must_use]
pub fn begins(mime_type: &str, payload: &[u8]) -> bool {
    match mime_type.split_once('/') {
        Some((_, format)) if format.eq_ignore_ascii_case("VP8") => vp8(payload).unwrap_or(false),
        Some((_, format)) if format.eq_ignore_ascii_case("H264") => h264(payload),
        Some(_) | None => false,
    }
}

/// RFC 7741 section 4.2 and 4.3: the start of partition 0, and the inverse key frame flag behind the descriptor.
fn vp8(payload: &[u8]) -> Option<bool> {
    let first = *payload.first()?;
    let begins = first & 0x10 != 0 && first & 0x07 == 0;
    let mut at = 1;
    if first & 0x80 != 0 {
        let present = *payload.get(at)?;
        at += 1;
        if present & 0x80 != 0 {
            at += if *payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
        }
        at += usize::from(present & 0x40 != 0);
        at += usize::from(present & 0x30 != 0);
    }
    Some(begins && payload.get(at)? & 0x01 == 0)
}

/// RFC 6184: a sequence parameter set, alone (section 5.6) or in an aggregate (section 5.7.1), where a delimiter may go
/// before it.
fn h264(payload: &[u8]) -> bool {
    const SPS: u8 = 7;
    const STAP_A: u8 = 24;
    let is = |unit: &[u8], kind: u8| unit.first().is_some_and(|byte| byte & 0x1f == kind);
    match payload.split_first() {
        Some((_, units)) if is(payload, STAP_A) => aggregated(units).any(|unit| is(unit, SPS)),
        Some(_) | None => is(payload, SPS),
    }
}

/// The units of an aggregate behind its header, as far as they are whole.
fn aggregated(mut units: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = units.split_first_chunk()?;
        let (unit, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        units = rest;
        Some(unit)
    })
}

#[cfg(test)]
mod tests {
    use super::begins;

    #[test]
    fn vp8_says_it_behind_its_descriptor() {
        for (payload, key) in [
            (&[0x10, 0x00][..], true),
            (&[0x10, 0x01], false),
            // Not the start of the frame.
            (&[0x00, 0x00], false),
            // A long picture id, TL0PICIDX and TID.
            (&[0x90, 0xf0, 0x81, 0x23, 0x01, 0x20, 0x00], true),
            (&[0x90, 0xf0, 0x81, 0x23, 0x01, 0x20, 0x01], false),
            (&[0x90, 0x80, 0x05, 0x00], true),
            (&[0x90, 0x80], false),
            (&[], false),
        ] {
            assert_eq!(begins("video/VP8", payload), key, "{payload:?}");
        }
    }

    #[test]
    fn h264_says_it_by_its_parameter_sets() {
        assert!(begins("video/H264", &[0x67, 0x42]));
        assert!(begins("video/H264", &[0x78, 0x00, 0x02, 0x67, 0x42]));
        assert!(begins("video/H264", &[0x78, 0x00, 0x02, 0x09, 0x10, 0x00, 0x01, 0x67]));
        for payload in [&[0x65, 0x88][..], &[0x7c, 0x85], &[0x78, 0x00], &[]] {
            assert!(!begins("video/H264", payload), "{payload:?}");
        }
        assert!(!begins("video/AV1", &[0x67]));
    }
}
