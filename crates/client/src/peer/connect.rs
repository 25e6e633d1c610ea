//! How a connection to webrtc-rs's is put together.
use super::{
    MediaCallbacks, MediaEvent, MediaKind, PeerConfig, PeerError, PeerEvent, addresses,
    channel::{self, Channel},
    config,
    cookie::{Cookie, WithCookie},
    handler::{Handler, IceState},
    outgoing::Tracks,
    sockets::{Shared, Sockets},
};
use eyeline_transport::{Chain, ChainConfig, Handles, WallClock};
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Instant, SystemTime},
};
use tokio::sync::{mpsc, watch};
use webrtc::{
    error::Error,
    peer_connection::{PeerConnection, PeerConnectionBuilder, crypto::default_provider},
};

/// What a connection is made with, and what it reports to.
pub(super) struct Parts<'a> {
    pub config: &'a PeerConfig,
    pub media: &'a MediaCallbacks,
    pub events: &'a mpsc::Sender<PeerEvent>,
    pub channel: &'a Channel,
    pub tracks: &'a Arc<Tracks>,
    pub shared: &'a Shared,
}

impl Parts<'_> {
    /// Opens its sockets.
    pub(super) async fn connect(&self) -> Result<(Arc<dyn PeerConnection>, Handles), PeerError> {
        let Self { config, shared, .. } = self;
        let chain = Chain::new(ChainConfig { wall: wall_clock(), sink: self.watching_video() });
        let handler = Handler {
            events: self.events.clone(),
            channel: self.channel.clone(),
            hurry: shared.hurry.clone(),
            callers: shared.callers.clone(),
            ice: watch::Sender::new(IceState::New),
        };
        let mut builder = PeerConnectionBuilder::new();
        if let Some(sockets) = Sockets::new((*shared).clone(), config.relay_only) {
            builder = builder.with_runtime(Arc::new(sockets));
        }
        // A path from a relay is never one of TCP's between the machines.
        if !config.relay_only {
            builder = builder.with_tcp_addrs(vec![addresses::LocalAddresses]);
        }
        shared.knowledge.set_cookie(Cookie::random());
        let crypto = default_provider().map_err(|error| Error::Crypto(error.to_string()))?;
        let crypto = Arc::new(WithCookie::new(crypto, shared.knowledge.clone()));
        let connection = builder
            .with_configuration(config::whole(config.servers.for_webrtc(&shared.servers), config.relay_only))
            .with_media_engine(config::media(&config.video_codecs)?)
            .with_setting_engine(config::settings(config.relay_only, crypto))
            .with_interceptor_registry(chain.registry)
            .with_handler(Arc::new(handler))
            .with_udp_addrs(vec![addresses::LocalAddresses])
            .with_data_channel_send_buffer_limit(channel::SEND_BUFFER)
            .build()
            .await?;
        Ok((Arc::new(connection), chain.handles))
    }

    /// What media reports to, with the peer's video noted on the way: requests for key frames must name it.
    fn watching_video(&self) -> MediaCallbacks {
        let (media, tracks) = (Arc::clone(self.media), Arc::clone(self.tracks));
        Arc::new(move |event| {
            if let MediaEvent::RemoteStream { kind: MediaKind::Video, ssrc, .. } = event {
                tracks.remote_video.store(ssrc, Ordering::Relaxed);
            }
            media(event);
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "read once for a connection's sender reports")]
fn wall_clock() -> WallClock {
    WallClock::new(Instant::now(), SystemTime::now())
}
