//! Capture to RTP, and RTP to picture and sound.
//!
//! ```text
//!  VideoSource -> capture -> [latest] -> encode ----> RtpPacket ~ network ~> push -> assemble -> decode -> [queue] -> render -> VideoSink
//!                    '-> self view                                                      '-> KeyFrameNeeded     '-> EncodedSink
//!                                                                                                AvSync ----------^
//!  AudioSource -> clean up -> mute -> Opus ---------> RtpPacket ~ network ~> push -> jitter buffer -> playout ----'-> AudioSink
//!                    ^------------------------------ RenderTap ------------------------------------------'
//! ```
//! Each stage runs on an OS thread of its own, and hands on through a bounded path: pictures drop the oldest, sound is
//! concealed. SSRC, payload type, RTCP and everything about networks belong to the caller.
//!
//! # Example
//! Both directions of one call:
//! ```no_run
//! use eyeline_media::{
//!     clock::MediaClock, codec::VideoCodec, process::RenderTap, receive::*, send::*, synthetic::*,
//! };
//! # fn send_on_network<T>(_: T) {}
//! # fn send_pli() {}
//! # struct Screen;
//! # impl VideoSink for Screen {
//! #     fn render(&mut self, _: &std::sync::Arc<eyeline_media::frame::I420>, _: &RenderInfo) {}
//! # }
//! # fn main() -> Result<(), eyeline_media::error::PipelineError> {
//! let speaker = RenderTap::default();
//! let video = VideoSend::start(
//!     VideoSendConfig { codec: VideoCodec::Vp8, target: Some(VideoTarget::default()) },
//!     |packets, _info| send_on_network(packets),
//!     |event| eprintln!("{event:?}"),
//! )?;
//! video.begin();
//! video.set_source(Some(Box::new(TestCard::new(1280, 720, 30))));
//! let audio = AudioSend::start(AudioSendConfig::synthetic(), speaker.clone(), send_on_network, |_| ())?;
//! audio.set_source(Some(Box::new(Tone::default())));
//! // For each RTCP sender report: the time of now.
//! let _rtp = video.clock().rtp(MediaClock::now());
//!
//! let sync = AvSync::default();
//! let remote_video = VideoReceive::start(sync.clone(), |_key_frame_needed| send_pli())?;
//! let remote_audio = AudioReceive::start(sync.clone(), speaker, |_| ())?;
//! remote_video.set_decoded_sink(Some(Box::new(Screen)));
//! remote_audio.set_sink(Some(Box::new(NullSpeaker::default())));
//! // For each packet: remote_video.push(codec, packet, MediaClock::now()).
//! // For each sender report: sync.on_sender_report(StreamKind::Video, ntp, rtp).
//! # Ok(())
//! # }
//! ```
pub mod adapt;
pub mod clock;
pub mod codec;
pub mod device;
pub mod error;
pub mod frame;
pub mod measure;
mod pool;
pub mod process;
pub mod receive;
pub mod rtp;
pub mod scale;
pub mod send;
pub mod slot;
pub mod stats;
pub mod synthetic;

pub use pool::FramePool;
