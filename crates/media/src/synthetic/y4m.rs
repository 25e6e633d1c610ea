//! YUV4MPEG2 files as camera and screen.
use super::Schedule;
use crate::{
    device::{CaptureFormat, DeviceError, VideoSource},
    frame::{I420, VideoFrame},
    pool::FramePool,
    receive::{RenderInfo, VideoSink},
    scale,
};
use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Longest header line that is read; real ones have some 60 bytes.
const MAX_HEADER: u64 = 1024;

/// A camera that plays a file, at the file's rate.
pub struct Y4mSource {
    path: PathBuf,
    file: BufReader<File>,
    first_frame: u64,
    format: CaptureFormat,
    repeat: bool,
    pool: FramePool,
    buffer: Vec<u8>,
    schedule: Schedule,
}

impl Y4mSource {
    /// Opens a file of 4:2:0 frames of even size; with `repeat` it has no end.
    ///
    /// # Errors
    /// [`DeviceError::Other`] where it cannot be read, [`DeviceError::NoFormat`] where it is of another kind.
    pub fn open(path: &Path, repeat: bool) -> Result<Self, DeviceError> {
        let file = File::open(path).map_err(|error| failed(path, &error))?;
        let mut file = BufReader::new(file);
        let header = read_line(&mut file).map_err(|error| failed(path, &error))?;
        let format =
            parse_header(&header).ok_or_else(|| DeviceError::NoFormat(path.display().to_string()))?;
        let luma = format.width as usize * format.height as usize;
        Ok(Self {
            path: path.to_owned(),
            file,
            first_frame: header.len() as u64,
            format,
            repeat,
            pool: FramePool::default(),
            buffer: vec![0; luma * 3 / 2],
            schedule: Schedule::new(format.fps),
        })
    }

    /// Reads the next frame into the buffer; `false` at the end.
    fn read_frame(&mut self) -> std::io::Result<bool> {
        if !read_line(&mut self.file)?.starts_with(b"FRAME") {
            return Ok(false);
        }
        match self.file.read_exact(&mut self.buffer) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn read_or_repeat(&mut self) -> std::io::Result<bool> {
        if self.read_frame()? {
            return Ok(true);
        }
        if !self.repeat {
            return Ok(false);
        }
        self.file.seek(SeekFrom::Start(self.first_frame))?;
        self.read_frame()
    }
}

fn failed(path: &Path, error: &std::io::Error) -> DeviceError {
    DeviceError::Other { device: path.display().to_string(), reason: error.to_string() }
}

fn read_line(file: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut line = Vec::new();
    file.take(MAX_HEADER).read_until(b'\n', &mut line)?;
    Ok(line)
}

fn parse_header(header: &[u8]) -> Option<CaptureFormat> {
    let header = std::str::from_utf8(header).ok()?.strip_prefix("YUV4MPEG2 ")?;
    let (mut width, mut height, mut fps) = (None, None, 30);
    for field in header.split_whitespace() {
        let (kind, value) = field.split_at_checked(1)?;
        match kind {
            "W" => width = value.parse().ok(),
            "H" => height = value.parse().ok(),
            "F" => {
                let (count, per) = value.split_once(':')?;
                let (count, per): (u32, u32) = (count.parse().ok()?, per.parse().ok()?);
                fps = (count.checked_add(per / 2)?).checked_div(per)?;
            }
            "C" if !value.starts_with("420") || value.starts_with("420p1") => return None,
            _ => {}
        }
    }
    let even = |side: &u32| side.is_multiple_of(2) && (2..=8192).contains(side);
    Some(CaptureFormat { width: width.filter(even)?, height: height.filter(even)?, fps: fps.clamp(1, 60) })
}

impl VideoSource for Y4mSource {
    fn next_frame(&mut self) -> Result<VideoFrame, DeviceError> {
        if !self.read_or_repeat().map_err(|error| failed(&self.path, &error))? {
            return Err(DeviceError::Ended(self.path.display().to_string()));
        }
        let buffer = &self.buffer;
        let image = self.pool.fill(self.format.width, self.format.height, |image| {
            let mut rest = buffer.as_slice();
            for plane in image.planes_mut() {
                let (this, after) = rest.split_at(plane.len());
                plane.copy_from_slice(this);
                rest = after;
            }
        });
        let (_, captured_at) = self.schedule.wait(0);
        Ok(VideoFrame { image, captured_at })
    }

    fn format(&self) -> CaptureFormat {
        self.format
    }
}

/// A screen that keeps what it shows. Pictures of another size than the first are scaled to it.
pub struct Y4mSink {
    file: File,
    fps: u32,
    size: Option<(u32, u32)>,
    pool: FramePool,
    failed: bool,
}

impl Y4mSink {
    /// Writes to `path`, declaring `fps` frames a second.
    ///
    /// # Errors
    /// [`DeviceError::Other`] where the file cannot be made.
    pub fn create(path: &Path, fps: u32) -> Result<Self, DeviceError> {
        let file = File::create(path).map_err(|error| failed(path, &error))?;
        Ok(Self { file, fps, size: None, pool: FramePool::default(), failed: false })
    }

    fn write(&mut self, image: &Arc<I420>) -> std::io::Result<()> {
        let (width, height) = match self.size {
            Some(size) => size,
            None => {
                let size = *self.size.insert((image.width(), image.height()));
                let fps = self.fps;
                self.file.write_all(
                    format!("YUV4MPEG2 W{} H{} F{fps}:1 Ip A1:1 C420\n", size.0, size.1).as_bytes(),
                )?;
                size
            }
        };
        let image = if (image.width(), image.height()) == (width, height) {
            Arc::clone(image)
        } else {
            self.pool.fill(width, height, |scaled| scale::scale(image, scaled))
        };
        self.file.write_all(b"FRAME\n")?;
        self.file.write_all(image.as_bytes())
    }
}

impl VideoSink for Y4mSink {
    fn render(&mut self, image: &Arc<I420>, _info: &RenderInfo) {
        if self.failed {
            return;
        }
        if let Err(error) = self.write(image) {
            tracing::error!(%error, "pictures are no longer written");
            self.failed = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{frame::MediaTime, synthetic::draw_test_card};

    #[test]
    fn pictures_survive_a_file_and_change_to_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pictures.y4m");
        let mut sink = Y4mSink::create(&path, 60).unwrap();
        let card = Arc::new(draw_test_card(320, 240, 12_345));
        let at = MediaTime(0);
        let info = RenderInfo { rtp_timestamp: 0, key: false, complete_at: at, rendered_at: at };
        sink.render(&card, &info);
        sink.render(&Arc::new(draw_test_card(640, 480, 12_345)), &info);
        let mut source = Y4mSource::open(&path, true).unwrap();
        assert_eq!(source.format(), CaptureFormat { width: 320, height: 240, fps: 60 });
        assert_eq!(source.next_frame().unwrap().image, card);
        assert_eq!(source.next_frame().unwrap().image.width(), 320);
        assert_eq!(source.next_frame().unwrap().image, card, "it repeats");
    }

    #[test]
    fn other_kinds_of_file_are_refused() {
        assert_eq!(parse_header(b"YUV4MPEG2 W640 H480 F30:1 C444\n"), None);
        assert_eq!(parse_header(b"YUV4MPEG2 W641 H480 F30:1\n"), None);
        assert_eq!(parse_header(b"RIFF"), None);
        assert_eq!(parse_header(b"YUV4MPEG2 W640 H480 F30000:1001 C420jpeg\n").unwrap().fps, 30);
    }
}
