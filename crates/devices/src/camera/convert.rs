//! What cameras deliver, as I420.
use super::jpeg::Jpeg;
use eyeline_media::frame::I420;
use nokhwa::utils::FrameFormat;
use thiserror::Error;
use yuv::{
    BufferStoreMut, YuvConversionMode, YuvError, YuvPackedImage, YuvPlanarImageMut, YuvRange,
    YuvStandardMatrix, bgr_to_yuv420, rgb_to_yuv420, yuyv422_to_yuv420,
};

/// Why a picture was of no use. The next one may be.
#[derive(Debug, Error)]
pub(super) enum ConvertError {
    /// Less than the format promises: a transfer that broke off.
    #[error("{got} bytes where {needed} make a picture")]
    Short { got: usize, needed: usize },
    #[error("raw picture: {0}")]
    Raw(#[from] YuvError),
    #[error("JPEG: {0}")]
    Jpeg(#[from] turbojpeg::Error),
}

/// Makes I420 of whatever comes, keeping its buffers from picture to picture.
#[derive(Default)]
pub(super) struct Converter {
    jpeg: Option<Jpeg>,
}

impl Converter {
    /// Makes I420 of `data`, `width` by `height` pixels of `format`. Odd sizes lose a row or column.
    ///
    /// What follows the picture in `data` is ignored: drivers round their buffers up to whole pages.
    pub(super) fn convert(
        &mut self,
        data: &[u8],
        format: FrameFormat,
        width: u32,
        height: u32,
    ) -> Result<I420, ConvertError> {
        let mut image = I420::black(width, height);
        let (row, rows) = (width as usize, height as usize);
        match format {
            FrameFormat::YUYV => {
                let stride = row.next_multiple_of(2) * 2;
                let packed = YuvPackedImage {
                    yuy: first(data, stride * image.height() as usize)?,
                    yuy_stride: width.next_multiple_of(2) * 2,
                    width: image.width(),
                    height: image.height(),
                };
                yuyv422_to_yuv420(&mut planar(&mut image), &packed)?;
            }
            FrameFormat::NV12 => {
                let chroma_stride = row.next_multiple_of(2);
                let luma = row * rows;
                let data = first(data, luma + chroma_stride * rows.div_ceil(2))?;
                copy_nv12(&mut image, &data[..luma], row, &data[luma..], chroma_stride);
            }
            FrameFormat::GRAY => copy_rows(&mut image, first(data, row * rows)?, row),
            FrameFormat::RAWRGB | FrameFormat::RAWBGR => {
                let to_yuv = if format == FrameFormat::RAWRGB { rgb_to_yuv420 } else { bgr_to_yuv420 };
                let data = first(data, row * 3 * image.height() as usize)?;
                let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt601);
                to_yuv(&mut planar(&mut image), data, width * 3, range, matrix, YuvConversionMode::Balanced)?;
            }
            FrameFormat::MJPEG => {
                let jpeg = match &mut self.jpeg {
                    Some(jpeg) => jpeg,
                    none => none.insert(Jpeg::new()?),
                };
                return Ok(jpeg.decode(data)?);
            }
        }
        Ok(image)
    }
}

fn first(data: &[u8], needed: usize) -> Result<&[u8], ConvertError> {
    data.get(..needed).ok_or(ConvertError::Short { got: data.len(), needed })
}

fn planar(image: &mut I420) -> YuvPlanarImageMut<'_, u8> {
    let (width, height) = (image.width(), image.height());
    let [y, u, v] = image.planes_mut();
    YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(y),
        y_stride: width,
        u_plane: BufferStoreMut::Borrowed(u),
        u_stride: width / 2,
        v_plane: BufferStoreMut::Borrowed(v),
        v_stride: width / 2,
        width,
        height,
    }
}

fn copy_rows(image: &mut I420, luma: &[u8], stride: usize) {
    let width = image.width() as usize;
    let [y, ..] = image.planes_mut();
    for (to, from) in y.chunks_exact_mut(width).zip(luma.chunks(stride)) {
        to.copy_from_slice(&from[..width]);
    }
}

fn copy_nv12(image: &mut I420, luma: &[u8], stride: usize, chroma: &[u8], chroma_stride: usize) {
    copy_rows(image, luma, stride);
    let half = image.width() as usize / 2;
    let [_, u, v] = image.planes_mut();
    let rows = u.chunks_exact_mut(half).zip(v.chunks_exact_mut(half)).zip(chroma.chunks(chroma_stride));
    for ((u, v), row) in rows {
        for ((u, v), pair) in u.iter_mut().zip(v).zip(row.chunks_exact(2)) {
            (*u, *v) = (pair[0], pair[1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One pixel of each plane.
    fn corner(image: &I420) -> [u8; 3] {
        image.planes().map(|p| p[0])
    }

    #[test]
    fn yuyv_becomes_its_own_luma_and_chroma() {
        let data: Vec<u8> = [50, 90, 60, 200].repeat(4 * 2 / 2);
        let image = Converter::default().convert(&data, FrameFormat::YUYV, 4, 2).unwrap();
        assert_eq!(image.planes()[0], [50, 60, 50, 60, 50, 60, 50, 60]);
        assert_eq!(image.planes()[1], [90, 90]);
        assert_eq!(image.planes()[2], [200, 200]);
    }

    #[test]
    fn nv12_chroma_is_taken_apart() {
        let mut data = vec![77; 8];
        data.extend([10, 20, 30, 40]);
        let image = Converter::default().convert(&data, FrameFormat::NV12, 4, 2).unwrap();
        assert_eq!(image.as_bytes(), [77, 77, 77, 77, 77, 77, 77, 77, 10, 30, 20, 40]);
    }

    #[test]
    fn red_is_red_in_rgb_and_in_bgr() {
        for (format, pixel) in [(FrameFormat::RAWRGB, [255, 0, 0]), (FrameFormat::RAWBGR, [0, 0, 255])] {
            let image = Converter::default().convert(&pixel.repeat(16 * 16), format, 16, 16).unwrap();
            // BT.601, limited range: red is (81, 90, 240).
            for (got, want) in corner(&image).into_iter().zip([81_u8, 90, 240]) {
                assert!(got.abs_diff(want) <= 1, "{format:?}: {:?}", corner(&image));
            }
        }
    }

    #[test]
    fn bytes_behind_the_picture_are_ignored_and_a_short_picture_is_refused() {
        let mut data = vec![128; 640 * 480 * 2];
        data.extend([255; 100]);
        Converter::default().convert(&data, FrameFormat::YUYV, 640, 480).unwrap();
        let short = Converter::default().convert(&data[..1000], FrameFormat::YUYV, 640, 480);
        assert!(matches!(short, Err(ConvertError::Short { got: 1000, .. })));
    }

    #[test]
    fn odd_sizes_lose_their_last_row_and_column() {
        let image = Converter::default().convert(&[99; 5 * 3], FrameFormat::GRAY, 5, 3).unwrap();
        assert_eq!((image.width(), image.height(), corner(&image)), (4, 2, [99, 128, 128]));
    }
}
