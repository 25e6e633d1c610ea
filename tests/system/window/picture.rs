//! Reads the test card from a screenshot.

/// Cells of the card's clock.
const CELLS: u32 = 32;
/// Luma between these is no bit at all: something lies over the picture, or it is half drawn.
const DOUBTFUL: std::ops::RangeInclusive<f64> = 96.0..=158.0;

/// Where a picture is on the screen, in pixels.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    pub x: f64,
    pub y: f64,
    pub width: f64,
}

/// A decoded screenshot.
pub struct Picture {
    width: usize,
    channels: usize,
    pixels: Vec<u8>,
}

impl Picture {
    /// From PNG.
    pub fn decode(png: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size that fits into memory")];
        let info = reader.next_frame(&mut pixels).expect("a whole PNG");
        Self { width: info.width as usize, channels: info.color_type.samples(), pixels }
    }

    /// The clock of a test card that fills `area`.
    pub fn clock(&self, area: Area) -> Option<u32> {
        let side = area.width / f64::from(CELLS);
        (0..CELLS).try_fold(0, |clock, cell| {
            let luma = self.luma(area.x + side * (f64::from(cell) + 0.5), area.y + side * 0.5)?;
            (!DOUBTFUL.contains(&luma)).then_some(clock << 1 | u32::from(luma > 127.0))
        })
    }

    fn luma(&self, x: f64, y: f64) -> Option<f64> {
        let at = (y as usize * self.width + x as usize) * self.channels;
        let rgb = self.pixels.get(at..at + 3)?;
        Some(0.299 * f64::from(rgb[0]) + 0.587 * f64::from(rgb[1]) + 0.114 * f64::from(rgb[2]))
    }
}
