//! Microphones and speakers, through cpal.
//!
//! [`host`] reaches the sound server and lists its devices, [`config`] chooses how to talk to one, [`supervise`] owns
//! its stream on a thread; [`input`] and [`output`] are the two ends of the ring that the callback serves, with
//! [`sample`] on the callback's side and [`resample`] on ours.
mod config;
mod host;
mod input;
mod output;
mod resample;
mod sample;
mod supervise;

use eyeline_media::device::{AudioDeviceInfo, AudioSink, AudioSource, DeviceError};
use host::{Direction, Hosts};
use std::sync::Arc;

/// The microphones and speakers of this machine.
#[derive(Default)]
pub(crate) struct Audio {
    hosts: Arc<Hosts>,
}

impl Audio {
    pub(crate) fn microphones(&self) -> Result<Vec<AudioDeviceInfo>, DeviceError> {
        host::list(&self.hosts, Direction::Input)
    }

    pub(crate) fn speakers(&self) -> Result<Vec<AudioDeviceInfo>, DeviceError> {
        host::list(&self.hosts, Direction::Output)
    }

    pub(crate) fn open_microphone(&self, id: Option<&str>) -> Result<Box<dyn AudioSource>, DeviceError> {
        Ok(Box::new(input::Microphone::open(self.hosts.clone(), id)?))
    }

    pub(crate) fn open_speaker(&self, id: Option<&str>) -> Result<Box<dyn AudioSink>, DeviceError> {
        Ok(Box::new(output::Speaker::open(self.hosts.clone(), id)?))
    }
}
