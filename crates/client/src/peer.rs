//! One peer connection: negotiation, both media streams and the data channel, over webrtc-rs.
//!
//! ```text
//!   Sdp, IceCandidate <--> Peer <--> webrtc-rs <--> network
//!   codec threads --> MediaSender --> |      | --> MediaCallbacks --> codec threads
//!                     events <--------'      '-- eyeline_transport's chain of stages
//! ```
//!
//! Everything rare comes as a [`PeerEvent`]; media and what paces it comes by callback, straight from the network task.
mod addresses;
mod candidates;
mod channel;
mod config;
mod connect;
mod cookie;
mod error;
mod handler;
mod outgoing;
mod sdp;
mod servers;
mod sockets;
mod stats;
mod tcp;
#[cfg(test)]
mod tests;
mod turn;

pub(crate) use addresses::usable_addresses;
use candidates::Candidates;
use channel::Channel;
pub use error::PeerError;
pub use eyeline_media::{codec::VideoCodec, rtp::RtpPacket as OutgoingRtp};
use eyeline_protocol::{
    channel::LABEL,
    signal::{ConnectionState, IceCandidate, Sdp, SdpKind},
};
use eyeline_transport::SharedStats;
pub use eyeline_transport::{
    Event as MediaEvent, EventSink as MediaCallbacks, MediaKind, ReceivedRtp, TransportStats, bwe::START_BPS,
};
pub use handler::IceState;
pub use outgoing::MediaSender;
use outgoing::Tracks;
use rtc::peer_connection::configuration::RTCOfferOptions;
use sdp::Formats;
pub use servers::Servers;
use sockets::Shared;
pub use stats::{EndStats, PathStats, PeerStats, SentStream};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
pub use turn::{FrameError, ProbeError, StreamError, probe};
use webrtc::{
    error::Error,
    media_stream::track_local::TrackLocal,
    peer_connection::{PeerConnection, RTCSessionDescription, StatsSelector},
};

/// What a connection is made with.
#[derive(Debug, Clone)]
pub struct PeerConfig {
    /// STUN and TURN servers.
    pub servers: Servers,
    /// Use only paths through a TURN server, which hides this machine's address from the peer.
    pub relay_only: bool,
    /// What we can encode and decode, the preferred one first.
    pub video_codecs: Vec<VideoCodec>,
}

/// What a connection reports.
#[derive(Debug, Clone, PartialEq)]
pub enum PeerEvent {
    /// A candidate for the peer; `None` ends those that are found at once, of this round of gathering: TCP's may follow.
    LocalCandidate(Option<IceCandidate>),
    /// The connection as a whole. An ICE restart shows `connecting` for a moment: no drop to show a person.
    State(ConnectionState),
    /// The path alone.
    IceState(IceState),
    /// The data channel can be used.
    ChannelOpen,
    /// A text message came.
    ChannelMessage(String),
    /// The data channel is gone.
    ChannelClosed,
}

/// One peer connection. Closed by [`Peer::close`], or when dropped.
pub struct Peer {
    connection: Arc<dyn PeerConnection>,
    shared: Shared,
    relay_only: bool,
    video_codecs: Vec<VideoCodec>,
    events: mpsc::Sender<PeerEvent>,
    candidates: Candidates,
    channel: Channel,
    tracks: Arc<Tracks>,
    sender: MediaSender,
    stats: SharedStats,
    /// What media are sent in, by the newest answer.
    formats: Mutex<Formats>,
}

impl Peer {
    /// Opens sockets and prepares both streams; nothing is sent yet. `media` is called on the network task: it must
    /// return at once. `events` should hold some hundreds: what does not fit is lost, and logged.
    ///
    /// # Errors
    /// [`PeerError::Connection`] where no socket can be opened.
    pub async fn new(
        config: PeerConfig,
        media: MediaCallbacks,
        events: mpsc::Sender<PeerEvent>,
    ) -> Result<Self, PeerError> {
        let tracks = Arc::new(Tracks::new());
        let channel = Channel::default();
        let shared = Shared::default();
        shared.use_servers(&config.servers);
        let parts = connect::Parts {
            config: &config,
            media: &media,
            events: &events,
            channel: &channel,
            tracks: &tracks,
            shared: &shared,
        };
        let (connection, handles) = parts.connect().await?;
        for track in [&tracks.audio.track, &tracks.video.track] {
            let track = Arc::clone(track) as Arc<dyn TrackLocal>;
            connection.add_transceiver_from_track(track, None).await?;
        }
        let sender = outgoing::start(Arc::clone(&tracks), handles.clone());
        Ok(Self {
            candidates: Candidates::of(Arc::clone(&connection), shared.callers.clone()),
            connection,
            shared,
            relay_only: config.relay_only,
            video_codecs: config.video_codecs,
            events,
            channel,
            tracks,
            sender,
            stats: handles.stats,
            formats: Mutex::default(),
        })
    }

    /// Makes an offer and begins to gather candidates. The first offer also makes the data channel.
    ///
    /// # Errors
    /// [`PeerError::Connection`] where an offer is not allowed at this point.
    pub async fn create_offer(&self, ice_restart: bool) -> Result<Sdp, PeerError> {
        if !self.channel.exists() {
            let channel = self.connection.create_data_channel(LABEL, None).await?;
            self.channel.adopt(channel, self.events.clone());
        }
        if ice_restart {
            self.shared.callers.clear(clock());
        }
        let options = RTCOfferOptions { ice_restart };
        let offer = self.connection.create_offer(Some(options)).await?;
        if ice_restart || self.connection.remote_description().await.is_none() {
            self.shared.early.await_description();
        }
        if let Err(error) = self.connection.set_local_description(offer.clone()).await {
            self.shared.early.release();
            return Err(error.into());
        }
        Ok(self.ours(SdpKind::Offer, &offer))
    }

    /// Answers the peer's offer and begins to gather candidates. One that cannot be used is forgotten: half accepted, it
    /// would stand in the way of any other.
    ///
    /// # Errors
    /// [`PeerError::BadSdp`] where the offer cannot be used.
    pub async fn accept_offer(&self, offer: Sdp) -> Result<Sdp, PeerError> {
        let before = self.formats();
        let answer = self.answer(offer).await;
        if answer.is_err() {
            let nothing = RTCSessionDescription::rollback(None)?;
            if let Err(error) = self.connection.set_remote_description(nothing).await {
                tracing::debug!(%error, "no offer of the peer's to forget");
            }
            self.send_in(before).await?;
        }
        answer
    }

    async fn answer(&self, offer: Sdp) -> Result<Sdp, PeerError> {
        self.shared.callers.clear(clock());
        let (sdp, hidden) = self.candidates.of_description(&offer.sdp);
        let description = RTCSessionDescription::offer(with_opus_kept(&sdp)).map_err(bad_sdp)?;
        self.connection.set_remote_description(description).await.map_err(bad_sdp)?;
        self.shared.early.release();
        self.candidates.reveal(hidden);
        let answer = self.connection.create_answer(None).await.map_err(bad_sdp)?;
        // A browser offers H.264 several times over: what we send is what our own answer took of that.
        self.take_over(&offer.sdp, &answer.sdp).await?;
        self.connection.set_local_description(answer.clone()).await.map_err(bad_sdp)?;
        Ok(self.ours(SdpKind::Answer, &answer))
    }

    /// Takes the peer's answer to our offer. One that cannot be used leaves the media as they were, and no offer of ours, which
    /// would stand in the way of the peer's next one; the path, where that offer began a restart, is to be found anew.
    ///
    /// # Errors
    /// [`PeerError::BadSdp`] where the answer cannot be used.
    pub async fn accept_answer(&self, answer: Sdp) -> Result<(), PeerError> {
        let before = self.formats();
        let applied = self.apply(answer).await;
        if applied.is_err() {
            if let Err(error) = self.rollback().await {
                tracing::debug!(%error, "no offer to take back");
            }
            self.send_in(before).await?;
        }
        applied
    }

    async fn apply(&self, answer: Sdp) -> Result<(), PeerError> {
        let (sdp, hidden) = self.candidates.of_description(&answer.sdp);
        let description = RTCSessionDescription::answer(with_opus_kept(&sdp)).map_err(bad_sdp)?;
        // Before it is applied: streams are bound to their codecs meanwhile.
        self.take_over(&answer.sdp, &answer.sdp).await?;
        self.connection.set_remote_description(description).await.map_err(bad_sdp)?;
        self.shared.early.release();
        self.candidates.reveal(hidden);
        Ok(())
    }

    /// Looks for paths by these servers from the next gathering on, which an ICE restart begins.
    ///
    /// # Errors
    /// [`PeerError::Connection`] where the connection is closed.
    pub async fn set_servers(&self, servers: Servers) -> Result<(), PeerError> {
        self.shared.use_servers(&servers);
        let servers = servers.for_webrtc(&self.shared.servers);
        Ok(self.connection.set_configuration(config::whole(servers, self.relay_only)).await?)
    }

    /// Takes our own offer back, to accept the peer's instead.
    ///
    /// # Errors
    /// [`PeerError::Connection`] where there is no offer to take back.
    pub async fn rollback(&self) -> Result<(), PeerError> {
        self.shared.early.release();
        let nothing = RTCSessionDescription::rollback(None)?;
        Ok(self.connection.set_local_description(nothing).await?)
    }

    /// Adds a candidate of the peer's; one with an empty line ends them. The peer's description must be set. What a browser
    /// hides behind a name follows once that is known.
    ///
    /// # Errors
    /// [`PeerError::BadCandidate`]; the connection goes on without it.
    pub async fn add_candidate(&self, candidate: IceCandidate) -> Result<(), PeerError> {
        self.candidates.add(candidate).await
    }

    /// The way in for encoded media.
    #[must_use]
    pub fn sender(&self) -> MediaSender {
        self.sender.clone()
    }

    /// Sends a text message over the data channel.
    ///
    /// # Errors
    /// [`PeerError::ChannelNotOpen`] and [`PeerError::ChannelFull`].
    pub async fn send_channel(&self, text: &str) -> Result<(), PeerError> {
        self.channel.send(text).await
    }

    /// Waits until the peer has acknowledged what was sent over the data channel, at most for `limit`.
    pub async fn flush_channel(&self, limit: Duration) {
        // Where the limit passes, what is left is lost with the connection.
        let _ = tokio::time::timeout(limit, self.channel.flushed()).await;
    }

    /// Asks the peer for a key frame; not more often than one can come, which the caller sees to. `false` where the
    /// peer sends no video yet.
    ///
    /// # Errors
    /// [`PeerError::Connection`] where the connection is closed.
    pub async fn request_key_frame(&self) -> Result<bool, PeerError> {
        self.tracks.request_key_frame().await
    }

    /// The codec that our video is to be sent in, once negotiated.
    #[must_use]
    pub fn video_codec(&self) -> Option<VideoCodec> {
        self.formats().video.map(|video| video.codec)
    }

    /// How the connection fares.
    pub async fn stats(&self) -> PeerStats {
        let report = self.connection.get_stats(clock(), StatsSelector::None).await;
        PeerStats::new(&report, &self.shared.servers, self.stats.get(), self.sender.dropped())
            .with_remote(self.shared.callers.path_type())
            .without_assumed(self.shared.knowledge.assumed())
            .with_tracks(&self.tracks, self.video_codec())
    }

    /// Closes the connection. The peer does not see it: hanging up is signaled.
    pub async fn close(&self) {
        // What it waits for is no timer.
        self.shared.hurry.set(false);
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "closing");
        }
    }

    fn ours(&self, kind: SdpKind, description: &RTCSessionDescription) -> Sdp {
        self.shared.knowledge.set_local(&description.sdp);
        sdp::ours(kind, &description.sdp, self.shared.knowledge.new_cookie())
    }

    /// Reads off the peer's description who it is, off the answer (whoever made it) what we send; and tells webrtc-rs.
    async fn take_over(&self, theirs: &str, answer: &str) -> Result<(), PeerError> {
        let is_ours = sdp::is_ours(theirs);
        self.shared.knowledge.set_remote(theirs, is_ours);
        self.sender.set_peer_is_ours(is_ours);
        self.send_in(Formats::agreed(answer, &self.video_codecs)).await
    }

    fn formats(&self) -> Formats {
        self.formats.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn send_in(&self, formats: Formats) -> Result<(), PeerError> {
        *self.formats.lock().unwrap_or_else(PoisonError::into_inner) = formats.clone();
        self.sender.set_red(formats.red);
        self.sender.set_received(formats.received.clone());
        let tracks = self.tracks.negotiated(formats);
        for sender in self.connection.get_senders().await {
            let kind = sender.track().kind().await;
            for (_, track) in tracks.iter().filter(|(of, _)| *of == kind) {
                let track = Arc::clone(track);
                sender.replace_track(track).await?;
            }
        }
        Ok(())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.shared.hurry.set(false);
        let connection = Arc::clone(&self.connection);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { connection.close().await });
        }
    }
}

fn with_opus_kept(sdp: &str) -> String {
    sdp::with_opus_kept(sdp, &config::opus().sdp_fmtp_line)
}

fn bad_sdp(error: Error) -> PeerError {
    PeerError::BadSdp(error.to_string())
}

#[expect(clippy::disallowed_methods, reason = "the peer connection is an I/O shell")]
fn clock() -> Instant {
    Instant::now()
}
