//! What coding costs here: milliseconds a picture, one thread, and the size of what comes out.
//!
//! `cargo run --release -p eyeline-media --example codec_cost`
use eyeline_media::{
    clock::MediaClock,
    codec::{CodecError, EncoderSettings, Reference, VideoCodec},
    frame::MediaTime,
    synthetic::draw_test_card,
};

const FRAMES: u32 = 300;

fn main() -> Result<(), CodecError> {
    for codec in VideoCodec::AVAILABLE {
        for (width, height, bitrate_bps) in [(640, 480, 1_000_000), (1280, 720, 1_500_000)] {
            let mut encoder = codec.encoder(EncoderSettings { width, height, bitrate_bps, fps: 30 })?;
            let mut decoder = codec.decoder()?;
            let (mut encode, mut decode, mut worst, mut bytes) = (0.0, 0.0, 0.0_f64, 0);
            for frame in 0..FRAMES {
                let ms = u64::from(frame) * 1000 / 30;
                let image = draw_test_card(width, height, ms);
                let start = MediaClock::now();
                let Some(encoded) =
                    encoder.encode(&image, MediaTime(i64::from(frame) * 33_333), Reference::Any)?
                else {
                    continue;
                };
                let half = MediaClock::now();
                decoder.decode(encoded.data)?;
                let end = MediaClock::now();
                bytes += encoded.data.len();
                let took = (half - start).as_secs_f64() * 1000.0;
                encode += took;
                worst = worst.max(took);
                decode += (end - half).as_secs_f64() * 1000.0;
            }
            let frames = f64::from(FRAMES);
            println!(
                "{} {width}x{height}: encode {:.2} ms (worst {worst:.1}), decode {:.2} ms, {} kbit/s",
                codec.name(),
                encode / frames,
                decode / frames,
                bytes * 8 * 30 / FRAMES as usize / 1000,
            );
        }
    }
    let start = MediaClock::now();
    (0..100).for_each(|ms| drop(draw_test_card(1280, 720, ms)));
    println!("test card from nothing, 1280x720: {:.2} ms", (MediaClock::now() - start).as_secs_f64() * 10.0);
    Ok(())
}
