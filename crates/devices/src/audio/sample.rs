//! The audio callback's side of the rings: arithmetic and lock-free queues, nothing else.
use cpal::{Data, FromSample, I24, SampleFormat, SizedSample, U24};
use rtrb::{Consumer, Producer};

/// How welcome a sample format is, the best first; None where it is not understood.
pub(super) fn rank(format: SampleFormat) -> Option<usize> {
    use SampleFormat::{F32, F64, I8, I16, I24, I32, U8, U16, U24, U32};
    [F32, I16, I32, I24, F64, U16, U32, U24, I8, U8].iter().position(|f| *f == format)
}

/// Calls a function that is generic over the sample type.
macro_rules! by_format {
    ($format:expr, $function:ident($($argument:expr),*)) => {
        match $format {
            SampleFormat::F32 => $function::<f32>($($argument),*),
            SampleFormat::F64 => $function::<f64>($($argument),*),
            SampleFormat::I8 => $function::<i8>($($argument),*),
            SampleFormat::I16 => $function::<i16>($($argument),*),
            SampleFormat::I24 => $function::<I24>($($argument),*),
            SampleFormat::I32 => $function::<i32>($($argument),*),
            SampleFormat::U8 => $function::<u8>($($argument),*),
            SampleFormat::U16 => $function::<u16>($($argument),*),
            SampleFormat::U24 => $function::<U24>($($argument),*),
            SampleFormat::U32 => $function::<u32>($($argument),*),
            _ => 0,
        }
    };
}

/// Takes what a microphone recorded, mixed to mono, into the ring; gives the number of samples that found room.
pub(super) fn record(data: &Data, channels: usize, ring: &mut Producer<f32>) -> usize {
    by_format!(data.sample_format(), take(data, channels, ring))
}

fn take<T: SizedSample>(data: &Data, channels: usize, ring: &mut Producer<f32>) -> usize
where
    f32: FromSample<T>,
{
    let Some(frames) = data.as_slice::<T>() else {
        return 0;
    };
    // An array of microphones: its first two are enough, and all of them would be out of phase.
    let used = channels.min(2);
    let mono = frames.chunks_exact(channels).map(|frame| {
        let sum: f32 = frame[..used].iter().map(|s| f32::from_sample_(*s)).sum();
        sum / used as f32
    });
    let room = ring.slots().min(mono.len());
    ring.write_chunk_uninit(room).map_or(0, |chunk| chunk.fill_from_iter(mono))
}

/// Fills what a speaker asks for from the ring, and with silence where that is empty; gives the number of samples that
/// were there.
pub(super) fn play(data: &mut Data, channels: usize, ring: &mut Consumer<f32>) -> usize {
    by_format!(data.sample_format(), give(data, channels, ring))
}

fn give<T: SizedSample + FromSample<f32>>(
    data: &mut Data,
    channels: usize,
    ring: &mut Consumer<f32>,
) -> usize {
    let Some(samples) = data.as_slice_mut::<T>() else {
        return 0;
    };
    samples.fill(T::EQUILIBRIUM);
    let ready = ring.slots().min(samples.len() / channels);
    let Ok(chunk) = ring.read_chunk(ready) else {
        return 0;
    };
    // Left and right; centre, bass and surround of a larger set stay silent.
    let used = channels.min(2);
    for (frame, sample) in samples.chunks_exact_mut(channels).zip(chunk) {
        frame[..used].fill(T::from_sample_(sample.clamp(-1.0, 1.0)));
    }
    ready
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtrb::RingBuffer;

    fn data<T: SizedSample>(samples: &mut [T]) -> Data {
        // SAFETY: pointer, length and format all come from the one slice, which outlives its use in each test.
        unsafe { Data::from_parts(samples.as_mut_ptr().cast(), samples.len(), T::FORMAT) }
    }

    #[test]
    fn stereo_integers_are_mixed_to_mono() {
        let (mut into, mut out) = RingBuffer::new(8);
        let mut stereo = [16_384_i16, 0, -16_384, -16_384];
        assert_eq!(record(&data(&mut stereo), 2, &mut into), 2);
        assert_eq!((out.pop(), out.pop()), (Ok(0.25), Ok(-0.5)));
    }

    #[test]
    fn a_full_ring_keeps_what_it_has() {
        let (mut into, mut out) = RingBuffer::new(2);
        assert_eq!(record(&data(&mut [0.1_f32, 0.2, 0.3]), 1, &mut into), 2);
        assert_eq!((out.pop(), out.pop(), out.pop().is_err()), (Ok(0.1), Ok(0.2), true));
    }

    #[test]
    fn an_empty_ring_plays_silence_on_all_channels() {
        let (mut into, mut out) = RingBuffer::new(8);
        into.push(0.5).unwrap();
        let mut samples = [7_u8; 4];
        assert_eq!(play(&mut data(&mut samples), 2, &mut out), 1);
        assert_eq!(samples, [192, 192, 128, 128]);
    }
}
