//! The test card as a picture: drawn for a moment, and read back.
//!
//! Across the top 32 cells hold the low 32 bits of the Unix time in milliseconds, most significant leftmost. Below: colour
//! bars, three moving discs, a patch of fixed noise, and in the middle of the lower edge a square that is white in the
//! first frame of each second.
use crate::frame::I420;

/// Limited-range white and black.
const WHITE: u8 = 235;
const BLACK: u8 = 16;
/// Cells in the clock.
const CELLS: usize = 32;
/// 75 % colour bars in BT.601: white, yellow, cyan, green, magenta, red, blue.
const BARS: [[u8; 3]; 7] = [
    [180, 128, 128],
    [162, 44, 142],
    [131, 156, 44],
    [112, 72, 58],
    [84, 184, 198],
    [65, 100, 212],
    [35, 212, 114],
];
/// A cell's centre is read as an average over this many pixels each way, against coding noise.
const PROBE: usize = 1;
/// Luma between these is no bit at all: it is some other picture.
const DOUBTFUL: std::ops::RangeInclusive<u32> = 96..=158;

/// A rectangle in luma pixels.
#[derive(Debug, Clone, Copy)]
struct Area {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

/// The cells fill the whole width, also where it is no multiple of 32: so they stay in place when the card is scaled.
fn cell(width: usize, index: usize) -> Area {
    let (left, right) = (width * index / CELLS, width * (index + 1) / CELLS);
    Area { x: left, y: 0, width: right - left, height: (width / CELLS).max(1) }
}

/// Chroma has half the resolution: what has a colour starts and ends at even pixels.
fn even(pixels: usize) -> usize {
    pixels & !1
}

/// A square of an eighth of the width, at the middle of the lower edge.
fn flash(width: usize, height: usize) -> Area {
    let side = (width / 8).min(height / 2) & !1;
    Area { x: even((width - side) / 2), y: even(height - side), width: side, height: side }
}

/// The test card of one moment; for tests. [`super::TestCard`] draws it without starting from nothing each time.
#[must_use]
pub fn draw_test_card(width: u32, height: u32, unix_ms: u64) -> I420 {
    let mut image = background(width, height);
    draw_moment(&mut image, unix_ms, unix_ms % 1000 < 33);
    image
}

/// What does not move.
pub(super) fn background(width: u32, height: u32) -> I420 {
    let mut image = I420::black(width, height);
    let (width, height) = (image.width() as usize, image.height() as usize);
    let top = cell(width, 0).height;
    for (index, colour) in BARS.into_iter().enumerate() {
        let x = even(width * index / BARS.len());
        let right = even(width * (index + 1) / BARS.len());
        let y = (top + 1) & !1;
        fill(&mut image, Area { x, y, width: right - x, height: height - y }, colour);
    }
    // Noise at the lower left: the hardest thing to encode, and the same each time.
    let noise = Area { x: 0, y: even(height * 3 / 4), width: even(width / 4), height: even(height / 4) };
    let mut random = 0x2545_f491_u32;
    let luma = &mut image.planes_mut()[0];
    for row in luma.chunks_exact_mut(width).skip(noise.y).take(noise.height) {
        for pixel in &mut row[noise.x..noise.x + noise.width] {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            *pixel = 64 + (random >> 25) as u8;
        }
    }
    image
}

/// What moves: clock, discs, flash.
pub(super) fn draw_moment(image: &mut I420, unix_ms: u64, flashing: bool) {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let bits = (unix_ms & u64::from(u32::MAX)) as u32;
    for index in 0..CELLS {
        let luma = if bits >> (CELLS - 1 - index) & 1 == 1 { WHITE } else { BLACK };
        fill(image, cell(width, index), [luma, 128, 128]);
    }
    let seconds = (unix_ms % 3_600_000) as f32 / 1000.0;
    for (index, colour) in [[210, 16, 146], [81, 90, 240], [41, 240, 110]].into_iter().enumerate() {
        let turn = seconds * (0.6 + 0.25 * index as f32) + 2.0 * index as f32;
        let x = width as f32 * (0.5 + 0.35 * turn.cos());
        let y = height as f32 * (0.42 + 0.2 * (turn * 1.3).sin());
        disc(image, x as usize, y as usize, height / 12, colour);
    }
    fill(image, flash(width, height), [if flashing { WHITE } else { BLACK }, 128, 128]);
}

fn fill(image: &mut I420, area: Area, colour: [u8; 3]) {
    let width = image.width() as usize;
    let Area { x, y, width: w, height: h } = area;
    let [luma, u, v] = image.planes_mut();
    for row in luma.chunks_exact_mut(width).skip(y).take(h) {
        row[x..x + w].fill(colour[0]);
    }
    for (plane, value) in [(u, colour[1]), (v, colour[2])] {
        for row in plane.chunks_exact_mut(width / 2).skip(y / 2).take(h / 2) {
            row[x / 2..(x + w) / 2].fill(value);
        }
    }
}

fn disc(image: &mut I420, x: usize, y: usize, radius: usize, colour: [u8; 3]) {
    let (width, height) = (image.width() as usize, image.height() as usize);
    for row in (y.saturating_sub(radius)..(y + radius).min(height)).map(|row| row & !1).step_by(2) {
        let dy = row.abs_diff(y);
        let half = ((radius * radius).saturating_sub(dy * dy) as f32).sqrt() as usize & !1;
        let left = x.saturating_sub(half) & !1;
        let right = (x + half).min(width) & !1;
        if left < right && row + 1 < height {
            fill(image, Area { x: left, y: row, width: right - left, height: 2 }, colour);
        }
    }
}

/// Reads the clock: the low 32 bits of the Unix time in milliseconds at capture. `None` where a cell is neither black nor
/// white: then the picture is no test card.
#[must_use]
pub fn read_clock(image: &I420) -> Option<u32> {
    let width = image.width() as usize;
    (0..CELLS).try_fold(0, |bits, index| {
        let luma = mean_luma(image, cell(width, index), PROBE)?;
        (!DOUBTFUL.contains(&luma)).then_some(bits << 1 | u32::from(luma > 127))
    })
}

/// Whether the flash shows: white over half of its square at least.
#[must_use]
pub fn flash_shows(image: &I420) -> bool {
    let area = flash(image.width() as usize, image.height() as usize);
    mean_luma(image, area, area.width / 4).is_some_and(|luma| luma > *DOUBTFUL.end())
}

/// Mean luma of the pixels up to `reach` around an area's centre.
fn mean_luma(image: &I420, area: Area, reach: usize) -> Option<u32> {
    let width = image.width() as usize;
    let (x, y) = (area.x + area.width / 2, area.y + area.height / 2);
    let reach = reach.min(area.width / 4);
    let (mut sum, mut count) = (0, 0);
    for row in image.planes()[0].chunks_exact(width).skip(y - reach).take(2 * reach + 1) {
        sum += row.get(x - reach..=x + reach)?.iter().map(|luma| u32::from(*luma)).sum::<u32>();
        count += 2 * reach as u32 + 1;
    }
    (count > 0).then(|| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scale;

    #[test]
    fn clock_is_read_back_at_every_size() {
        for (width, height) in [(320, 240), (640, 360), (640, 480), (1280, 720), (720, 1280)] {
            let unix_ms = 1_763_877_000_123;
            let image = draw_test_card(width, height, unix_ms);
            assert_eq!(read_clock(&image), Some(unix_ms as u32), "{width}x{height}");
        }
    }

    #[test]
    fn clock_survives_scaling() {
        let image = draw_test_card(1280, 720, 1_763_877_000_123);
        let mut smaller = I420::black(426, 240);
        scale::scale(&image, &mut smaller);
        assert_eq!(read_clock(&smaller), Some(1_763_877_000_123_u64 as u32));
    }

    #[test]
    fn other_pictures_have_no_clock() {
        let mut grey = I420::black(640, 480);
        grey.planes_mut()[0].fill(128);
        assert_eq!(read_clock(&grey), None);
        assert_eq!(
            read_clock(&I420::black(640, 480)),
            Some(0),
            "black is a clock at 0: the meter asks for plausibility"
        );
    }

    #[test]
    fn flash_shows_in_the_first_frame_of_a_second_only() {
        assert!(flash_shows(&draw_test_card(640, 480, 1_763_877_000_000)));
        assert!(!flash_shows(&draw_test_card(640, 480, 1_763_877_000_034)));
    }
}
