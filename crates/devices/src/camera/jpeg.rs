//! Motion JPEG to I420, without the detour through RGB.
use eyeline_media::frame::I420;
use std::array;
use turbojpeg::{Decompressor, Subsamp, YuvImage, yuv_pixels_len};

/// Decodes pictures, keeping its buffer from one to the next.
pub(super) struct Jpeg {
    decompressor: Decompressor,
    planes: Vec<u8>,
    luma: [u8; 256],
    chroma: [u8; 256],
}

impl Jpeg {
    pub(super) fn new() -> turbojpeg::Result<Self> {
        // JPEG is full range (JFIF 1.02), I420 here is limited range: 219 and 224 steps (BT.601).
        let squeeze = |steps: i32, from: i32, to: i32| {
            array::from_fn(|i| {
                let value =
                    to + ((i as i32 - from) * steps * 2 + if i as i32 >= from { 255 } else { -255 }) / 510;
                value.clamp(0, 255) as u8
            })
        };
        Ok(Self {
            decompressor: Decompressor::new()?,
            planes: Vec::new(),
            luma: squeeze(219, 0, 16),
            chroma: squeeze(224, 128, 128),
        })
    }

    /// Decodes one picture; its size is its own.
    pub(super) fn decode(&mut self, data: &[u8]) -> turbojpeg::Result<I420> {
        let header = self.decompressor.read_header(data)?;
        let (width, height, subsamp) = (header.width, header.height, header.subsamp);
        self.planes.resize(yuv_pixels_len(width, 1, height, subsamp)?, 0);
        let target = YuvImage { pixels: self.planes.as_mut_slice(), width, align: 1, height, subsamp };
        self.decompressor.decompress_to_yuv(data, target)?;

        // A JPEG is at most 65535 pixels wide and high.
        let mut image = I420::black(width as u32, height as u32);
        let (even, half) = (image.width() as usize, image.width() as usize / 2);
        let (across, down) = (subsamp.width(), subsamp.height());
        let [y, u, v] = image.planes_mut();
        for (to, from) in y.chunks_exact_mut(even).zip(self.planes.chunks(width)) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to = self.luma[usize::from(*from)]);
        }
        if subsamp != Subsamp::Gray {
            let (stride, rows) = (width.div_ceil(across), height.div_ceil(down));
            let (from_u, from_v) = self.planes[width * height..].split_at(stride * rows);
            for (to, from) in [(u, from_u), (v, from_v)] {
                for (row, to) in to.chunks_exact_mut(half).enumerate() {
                    average(
                        to,
                        &from[row * 2 / down * stride..],
                        stride,
                        across,
                        (2 / down).max(1),
                        &self.chroma,
                    );
                }
            }
        }
        Ok(image)
    }
}

/// Fills a row of 4:2:0 chroma from `lines` lines of a plane that has one value for `across` pixels.
fn average(to: &mut [u8], from: &[u8], stride: usize, across: usize, lines: usize, map: &[u8; 256]) {
    let wide = (2 / across).max(1);
    let count = wide * lines;
    for (x, to) in to.iter_mut().enumerate() {
        let start = x * 2 / across;
        let sum: usize = (0..lines)
            .flat_map(|line| &from[line * stride + start..line * stride + start + wide])
            .map(|v| usize::from(*v))
            .sum();
        *to = map[(sum + count / 2) / count];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use turbojpeg::{Compressor, Image, PixelFormat};

    /// A picture, red above and blue below, as JPEG.
    fn jpeg(subsamp: Subsamp) -> Vec<u8> {
        let (width, height) = (64, 32);
        let pixels =
            [[255, 0, 0].repeat(width * height / 2), [0, 0, 255].repeat(width * height / 2)].concat();
        let image =
            Image { pixels: pixels.as_slice(), width, pitch: width * 3, height, format: PixelFormat::RGB };
        let mut compressor = Compressor::new().unwrap();
        compressor.set_subsamp(subsamp).unwrap();
        compressor.set_quality(95).unwrap();
        compressor.compress_to_vec(image).unwrap()
    }

    #[test]
    fn every_subsampling_gives_limited_range_colours() {
        for subsamp in [Subsamp::None, Subsamp::Sub2x1, Subsamp::Sub2x2, Subsamp::Sub1x2, Subsamp::Sub4x1] {
            let image = Jpeg::new().unwrap().decode(&jpeg(subsamp)).unwrap();
            assert_eq!((image.width(), image.height()), (64, 32));
            let [y, u, v] = image.planes();
            let top = [y[0], u[0], v[0]];
            let bottom = [y[64 * 31], u[32 * 15], v[32 * 15]];
            // Red and blue in BT.601, limited range.
            for (got, want) in [(top, [81_u8, 90, 240]), (bottom, [41, 240, 110])] {
                let near = got.iter().zip(want).all(|(g, w)| g.abs_diff(w) <= 2);
                assert!(near, "{subsamp:?}: {got:?}, not {want:?}");
            }
        }
    }

    #[test]
    fn a_grey_picture_has_neutral_chroma() {
        let image = Jpeg::new().unwrap().decode(&jpeg(Subsamp::Gray)).unwrap();
        assert!(image.planes()[1].iter().chain(image.planes()[2]).all(|c| *c == 128));
    }

    #[test]
    fn noise_is_an_error() {
        assert!(Jpeg::new().unwrap().decode(&[0x55; 500]).is_err());
    }
}
