//! Every codec, there and back.
use super::*;
use crate::synthetic::draw_test_card;

const SETTINGS: EncoderSettings =
    EncoderSettings { width: 640, height: 480, bitrate_bps: 1_500_000, fps: 30 };

fn psnr_y(a: &I420, b: &I420) -> f64 {
    let (a, b) = (a.planes()[0], b.planes()[0]);
    let squares: f64 = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
    10.0 * (255.0 * 255.0 * a.len() as f64 / squares.max(1e-9)).log10()
}

fn at(frame: u32) -> MediaTime {
    MediaTime(i64::from(frame) * 33_333)
}

/// Encodes and decodes `count` pictures from `first` on; returns the last one's PSNR and the bytes.
fn run(
    encoder: &mut dyn VideoEncoder,
    decoder: &mut dyn VideoDecoder,
    size: (u32, u32),
    first: u32,
    count: u32,
) -> (f64, usize) {
    let (mut psnr, mut bytes) = (0.0, 0);
    for frame in first..first + count {
        let image = draw_test_card(size.0, size.1, 1_700_000_000_000 + u64::from(frame) * 33);
        let Some(encoded) = encoder.encode(&image, at(frame), Reference::Any).unwrap() else {
            continue;
        };
        bytes += encoded.data.len();
        let picture = decoder.decode(encoded.data).unwrap().unwrap();
        assert_eq!((picture.width(), picture.height()), size);
        psnr = psnr_y(&image, &picture);
    }
    (psnr, bytes)
}

#[test]
fn pictures_survive_every_codec() {
    for codec in VideoCodec::AVAILABLE {
        let (mut encoder, mut decoder) = (codec.encoder(SETTINGS).unwrap(), codec.decoder().unwrap());
        let (psnr, _) = run(&mut *encoder, &mut *decoder, (640, 480), 0, 30);
        assert!(psnr > 28.0, "{codec:?}: {psnr}");
    }
}

#[cfg(feature = "vp8")]
#[test]
fn neither_of_two_chains_needs_the_other() {
    let size = (320, 240);
    let settings = EncoderSettings { width: size.0, height: size.1, bitrate_bps: 300_000, fps: 30 };
    let mut encoder = VideoCodec::Vp8.encoder(settings).unwrap();
    let mut decoders = [(); 3].map(|()| VideoCodec::Vp8.decoder().unwrap());
    let mut chains = crate::send::Chains::default();
    for frame in 0..90 {
        // One chain at first, and for a while later on.
        let wanted = !matches!(frame, 0..20 | 50..55);
        let reference = chains.next(wanted, frame == 0);
        let image = draw_test_card(size.0, size.1, 1_700_000_000_000 + u64::from(frame) * 33);
        let encoded = encoder.encode(&image, at(frame), reference).unwrap().expect("there is room");
        let layer = chains.on_encoded(reference, wanted, encoded.key);
        let whole = decoders[0].decode(encoded.data).unwrap().unwrap();
        assert!(psnr_y(&image, &whole) > 25.0, "picture {frame}: {}", psnr_y(&image, &whole));
        // The second decoder gets nothing of the second chain; the third one of the first only what the second goes on from.
        let index = layer.map_or(0, |layer| layer.index);
        if index == 0 {
            assert_eq!(decoders[1].decode(encoded.data).unwrap().unwrap(), whole, "picture {frame}");
        }
        if frame <= 20 || index == 1 && frame < 50 {
            assert_eq!(decoders[2].decode(encoded.data).unwrap().unwrap(), whole, "picture {frame}");
        }
    }
}

#[test]
fn a_picture_of_hundreds_of_millions_of_pixels_is_seen_by_its_frame() {
    for codec in VideoCodec::AVAILABLE {
        let mut encoder = codec.encoder(SETTINGS).unwrap();
        let image = draw_test_card(640, 480, 1_700_000_000_000);
        let frame = encoder
            .encode(&image, at(0), Reference::Nothing)
            .unwrap()
            .expect("the first picture")
            .data
            .to_vec();
        assert!(!codec.is_too_large(&frame), "{codec:?}");
        if *codec == VideoCodec::Vp8 {
            let sides = [0xff, 0x3f, 0xff, 0x3f];
            assert!(codec.is_too_large(&[&frame[..6], &sides, &frame[10..]].concat()));
        }
    }
}

#[test]
fn bitrate_can_be_lowered_and_raised_while_running() {
    for codec in VideoCodec::AVAILABLE {
        let (mut encoder, mut decoder) = (codec.encoder(SETTINGS).unwrap(), codec.decoder().unwrap());
        run(&mut *encoder, &mut *decoder, (640, 480), 0, 60);
        let mut rate = |bitrate_bps, first| {
            encoder.configure(EncoderSettings { bitrate_bps, ..SETTINGS }).unwrap();
            run(&mut *encoder, &mut *decoder, (640, 480), first, 60);
            run(&mut *encoder, &mut *decoder, (640, 480), first + 60, 90).1 * 8 / 3
        };
        let low = rate(150_000, 60);
        let high = rate(1_500_000, 300);
        assert!(low < 225_000 && high > 2 * low, "{codec:?}: {low} and {high} bit/s");
    }
}

#[test]
fn size_changes_with_a_key_frame_and_no_new_decoder() {
    for codec in VideoCodec::AVAILABLE {
        let (mut encoder, mut decoder) = (codec.encoder(SETTINGS).unwrap(), codec.decoder().unwrap());
        run(&mut *encoder, &mut *decoder, (640, 480), 0, 5);
        encoder.configure(EncoderSettings { width: 320, height: 240, ..SETTINGS }).unwrap();
        run(&mut *encoder, &mut *decoder, (320, 240), 5, 5);
        encoder.configure(EncoderSettings { width: 1280, height: 720, ..SETTINGS }).unwrap();
        run(&mut *encoder, &mut *decoder, (1280, 720), 10, 5);
    }
}

#[test]
fn key_frames_come_when_asked_for_and_only_then() {
    for codec in VideoCodec::AVAILABLE {
        let mut encoder = codec.encoder(SETTINGS).unwrap();
        let keys: Vec<u32> = (0..100)
            .filter(|frame| {
                let image = draw_test_card(640, 480, u64::from(*frame) * 33);
                let reference = if *frame == 50 { Reference::Nothing } else { Reference::Any };
                encoder.encode(&image, at(*frame), reference).unwrap().is_some_and(|encoded| encoded.key)
            })
            .collect();
        assert_eq!(keys, [0, 50], "{codec:?}");
    }
}

#[test]
fn garbage_is_an_error_or_nothing_and_the_decoder_goes_on() {
    for codec in VideoCodec::AVAILABLE {
        let (mut encoder, mut decoder) = (codec.encoder(SETTINGS).unwrap(), codec.decoder().unwrap());
        let _ = decoder.decode(&[0x5a; 200]);
        let (psnr, _) = run(&mut *encoder, &mut *decoder, (640, 480), 0, 5);
        assert!(psnr > 20.0);
    }
}
