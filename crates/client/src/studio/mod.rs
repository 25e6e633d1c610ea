//! Cameras, microphones, speakers and codecs of one call: started and stopped as the call logic says.
//!
//! ```text
//!   Switch (opens devices off the actor) --> media's senders --> PeerLink --> peer connection
//!   Viewer <-- sinks <-- media's receivers <------------------- PeerLink <--/
//!   StudioEvent --> actor            Meter: counters --> CallStats, once a second
//! ```
mod link;
mod meter;
mod open;
mod running;
mod sinks;
mod switch;
mod webrtc;

use crate::{
    config::{CameraChoice, ClientConfig, MediaOptions, MicrophoneChoice, SpeakerChoice},
    peer::{IceState, PeerStats},
    snapshot::{NoticeCode, SideView},
    stats::CallStats,
    store::Remembered,
    viewer::{Side, Viewer},
};
use eyeline_call::MediaState;
use eyeline_media::device::{DeviceBackend, DeviceError};
pub(crate) use link::PeerLink;
use running::Running;
use std::{path::PathBuf, sync::Arc};
use tokio::sync::mpsc;

/// Events that may wait for the actor. Troubles and key frame requests are rare, and a lost one is repeated.
const EVENTS: usize = 64;

/// What the running media report.
#[derive(Debug)]
pub(crate) enum StudioEvent {
    /// A device cannot be used, or was lost; the call goes on without it.
    Trouble(NoticeCode, DeviceError),
    /// Nothing can be shown before a key frame.
    KeyFrameNeeded,
    /// The other side's picture or sound has come for the first time.
    Seen,
    /// The other side's pictures are drawn at another size.
    View,
    /// A second has passed.
    Tick,
}

/// What a call uses, by the person's choice.
#[derive(Debug, Clone)]
pub(crate) struct Choices {
    pub camera: CameraChoice,
    pub microphone: MicrophoneChoice,
    pub speaker: SpeakerChoice,
    /// Where what is played is kept.
    pub dump_audio: Option<PathBuf>,
}

impl Choices {
    /// Whether there is to be a picture at all.
    pub(crate) fn has_camera(&self) -> bool {
        self.camera != CameraChoice::None
    }

    /// Whether there is to be sound at all.
    pub(crate) fn has_microphone(&self) -> bool {
        self.microphone != MicrophoneChoice::None
    }
}

/// The media of one person, in a call or not.
pub(crate) struct Studio {
    choices: Choices,
    options: MediaOptions,
    devices: Arc<dyn DeviceBackend>,
    viewer: Arc<dyn Viewer>,
    events: mpsc::Sender<StudioEvent>,
    inbox: mpsc::Receiver<StudioEvent>,
    running: Option<Running>,
}

impl Studio {
    pub(crate) fn new(
        config: &ClientConfig,
        remembered: &Remembered,
        devices: Arc<dyn DeviceBackend>,
        viewer: Arc<dyn Viewer>,
    ) -> Self {
        let (events, inbox) = mpsc::channel(EVENTS);
        let mut choices = Choices {
            camera: config.camera.clone(),
            microphone: config.microphone.clone(),
            speaker: config.speaker.clone(),
            dump_audio: config.dump_audio.clone(),
        };
        // What was chosen in an earlier run holds where this one does not say otherwise.
        if let CameraChoice::Device(id @ None) = &mut choices.camera {
            id.clone_from(&remembered.camera);
        }
        if let MicrophoneChoice::Device(id @ None) = &mut choices.microphone {
            id.clone_from(&remembered.microphone);
        }
        if let SpeakerChoice::Device(id @ None) = &mut choices.speaker {
            id.clone_from(&remembered.speaker);
        }
        Self { choices, options: config.media.clone(), devices, viewer, events, inbox, running: None }
    }

    /// What a call uses.
    pub(crate) fn choices(&self) -> &Choices {
        &self.choices
    }

    /// Starts to capture and to render.
    pub(crate) fn start(&mut self, media: MediaState) {
        match Running::start(&self.choices, &self.options, &self.devices, &self.viewer, self.events.clone()) {
            Ok(mut running) => {
                running.set(media, &self.choices);
                self.running = Some(running);
            }
            Err(error) => {
                let error = DeviceError::Other { device: "media".into(), reason: error.to_string() };
                let _ = self.events.try_send(StudioEvent::Trouble(NoticeCode::Camera, error));
            }
        }
    }

    /// Changes what is captured.
    pub(crate) fn set(&mut self, media: MediaState) {
        if let Some(running) = &mut self.running {
            running.set(media, &self.choices);
        }
        if !media.camera {
            self.viewer.cleared(Side::Own);
        }
    }

    /// Stops everything: lights go out.
    pub(crate) fn stop(&mut self) {
        self.running = None;
    }

    /// Takes another camera, at once where one is in use.
    pub(crate) fn choose_camera(&mut self, id: Option<String>) {
        self.choices.camera = CameraChoice::Device(id);
        if let Some(running) = &mut self.running {
            running.apply(&self.choices);
        }
    }

    /// Takes another microphone, at once where one is in use.
    pub(crate) fn choose_microphone(&mut self, id: Option<String>) {
        self.choices.microphone = MicrophoneChoice::Device(id);
        if let Some(running) = &mut self.running {
            running.try_microphone(&self.choices);
        }
    }

    /// Takes another speaker, at once where one is in use.
    pub(crate) fn choose_speaker(&mut self, id: Option<String>) {
        self.choices.speaker = SpeakerChoice::Device(id);
        if let Some(running) = &mut self.running {
            running.try_speaker(&self.choices);
        }
    }

    /// For a new peer connection; one that leads nowhere where media could not be started.
    pub(crate) fn link(&self) -> PeerLink {
        self.running.as_ref().map(Running::link).unwrap_or_default()
    }

    /// The peer connection is gone: nothing is sent any more.
    pub(crate) fn disconnect(&mut self) {
        if let Some(running) = &self.running {
            running.link().disconnect();
        }
    }

    /// Whether the other side says that its camera is on.
    pub(crate) fn set_remote_camera(&self, on: bool) {
        if let Some(running) = &self.running {
            running.link().set_remote_camera(on);
        }
    }

    /// How large the other side's pictures are drawn, where that is known.
    pub(crate) fn view(&self) -> Option<(u32, u32)> {
        self.running.as_ref().and_then(Running::view)
    }

    /// The other side draws our pictures at this size.
    pub(crate) fn set_view(&self, view: (u32, u32)) {
        if let Some(running) = &self.running {
            running.link().set_view(view);
        }
    }

    /// What the other side sends, as far as its packets tell.
    pub(crate) fn seen(&self) -> SideView {
        self.running.as_ref().map(Running::seen).unwrap_or_default()
    }

    /// The figures of the last second.
    pub(crate) fn stats(&mut self, peer: &PeerStats, ice: Option<IceState>) -> CallStats {
        self.running.as_mut().map(|running| running.stats(peer, ice)).unwrap_or_default()
    }

    /// Waits for the next event.
    pub(crate) async fn next(&mut self) -> StudioEvent {
        let tick = async {
            match &mut self.running {
                Some(running) => running.tick().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            event = self.inbox.recv() => match event {
                Some(event) => {
                    if let (StudioEvent::Trouble(device, _), Some(running)) = (&event, &mut self.running) {
                        running.lose(*device, &self.choices);
                    }
                    event
                }
                None => std::future::pending().await,
            },
            () = tick => StudioEvent::Tick,
        }
    }
}

#[cfg(test)]
mod tests;
