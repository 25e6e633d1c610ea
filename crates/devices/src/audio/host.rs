//! The sound server, and the devices that it knows.
use crate::worker::within;
use cpal::{
    Device, ErrorKind, Host, SupportedStreamConfig, SupportedStreamConfigRange,
    traits::{DeviceTrait, HostTrait},
};
use eyeline_media::device::{AudioDeviceInfo, DeviceError};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Longest that a sound server may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// Which way sound flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// A microphone.
    Input,
    /// A speaker.
    Output,
}

impl Direction {
    /// What a person calls such a device.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Input => "microphone",
            Self::Output => "speaker",
        }
    }

    pub(super) fn default_config(self, device: &Device) -> Result<SupportedStreamConfig, cpal::Error> {
        match self {
            Self::Input => device.default_input_config(),
            Self::Output => device.default_output_config(),
        }
    }

    pub(super) fn configs(self, device: &Device) -> Result<Vec<SupportedStreamConfigRange>, cpal::Error> {
        Ok(match self {
            Self::Input => device.supported_input_configs()?.collect(),
            Self::Output => device.supported_output_configs()?.collect(),
        })
    }

    fn devices(self, host: &Host) -> Result<Vec<Device>, cpal::Error> {
        Ok(match self {
            Self::Input => host.input_devices()?.collect(),
            Self::Output => host.output_devices()?.collect(),
        })
    }

    fn default_device(self, host: &Host) -> Option<Device> {
        match self {
            Self::Input => host.default_input_device(),
            Self::Output => host.default_output_device(),
        }
    }

    fn not_found(self, id: Option<&str>) -> DeviceError {
        DeviceError::NotFound { kind: self.kind(), id: id.map(str::to_owned) }
    }
}

/// The connection to the sound server. Kept, because cpal's PulseAudio client never ends its thread (pulseaudio
/// 0.3.2), and made anew where the server has gone or a better one has come.
#[derive(Default)]
pub(super) struct Hosts(Mutex<Option<Arc<Host>>>);

impl Hosts {
    fn get(&self) -> Arc<Host> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let best = cpal::available_hosts().first().copied();
        let host = kept.take().filter(|host| Some(host.id()) == best);
        kept.insert(host.unwrap_or_else(|| Arc::new(cpal::default_host()))).clone()
    }

    fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Asks the server, once more with a new connection where the old one is dead.
    fn ask<T>(&self, ask: impl Fn(&Host) -> Result<T, cpal::Error>) -> Result<T, cpal::Error> {
        ask(&self.get()).or_else(|_| {
            self.forget();
            ask(&self.get())
        })
    }
}

/// ALSA lists it on every machine: it plays to nobody and hears nothing, and is no device to a person.
const ALSA_NOTHING: &str = "alsa:null";

/// All devices of one direction, the default one first.
pub(super) fn list(hosts: &Arc<Hosts>, direction: Direction) -> Result<Vec<AudioDeviceInfo>, DeviceError> {
    let failed = |reason| DeviceError::Other { device: format!("{}s", direction.kind()), reason };
    let hosts = hosts.clone();
    let ask = move || {
        let default = hosts.ask(|host| Ok(direction.default_device(host)))?;
        let default = default.and_then(|d| d.id().ok());
        let devices = hosts.ask(|host| direction.devices(host))?;
        let mut infos: Vec<_> = devices.iter().filter_map(|d| describe(d, direction)).collect();
        for info in &mut infos {
            info.is_default = default.as_ref().is_some_and(|id| id.to_string() == info.id);
        }
        infos.sort_by_key(|info| !info.is_default);
        Ok::<_, cpal::Error>(infos)
    };
    within(ANSWER_LIMIT, ask)
        .ok_or_else(|| failed("the sound server does not answer".into()))?
        .map_err(|e| failed(e.to_string()))
}

/// The device named by `id`, or the default one.
pub(super) fn find(
    hosts: &Arc<Hosts>,
    direction: Direction,
    id: Option<&str>,
) -> Result<(Device, String), DeviceError> {
    let nameless = move |error| typed(direction.kind(), error);
    let (asked, wanted) = (hosts.clone(), id.map(str::to_owned));
    let ask = move || {
        let found = asked.ask(|host| match &wanted {
            None => Ok(direction.default_device(host).filter(|d| !plays_back(d, direction))),
            Some(id) => {
                let has_id = |d: &Device| d.id().is_ok_and(|own| own.to_string() == *id);
                Ok(direction.devices(host)?.into_iter().find(has_id))
            }
        });
        let device = found.map_err(nameless)?.ok_or_else(|| direction.not_found(wanted.as_deref()))?;
        let id = device.id().map_err(nameless)?.to_string();
        Ok((device, id))
    };
    within(ANSWER_LIMIT, ask).unwrap_or_else(|| {
        // A server that dies while it is asked leaves cpal waiting for ever (seen with PulseAudio).
        hosts.forget();
        Err(DeviceError::Timeout(direction.kind().into()))
    })
}

fn describe(device: &Device, direction: Direction) -> Option<AudioDeviceInfo> {
    if plays_back(device, direction) {
        return None;
    }
    let id = device.id().ok()?.to_string();
    if id == ALSA_NOTHING {
        return None;
    }
    let native = direction.default_config(device).ok()?;
    let mut rates = vec![native.sample_rate()];
    let fixed = |c: &SupportedStreamConfigRange| {
        (c.min_sample_rate() == c.max_sample_rate()).then(|| c.min_sample_rate())
    };
    rates.extend(direction.configs(device).ok()?.iter().filter_map(fixed));
    rates.sort_unstable();
    rates.dedup();
    Some(AudioDeviceInfo {
        name: name(device, &id),
        id,
        is_default: false,
        sample_rates_hz: rates,
        channels: native.channels(),
    })
}

/// Name for a person.
pub(super) fn name(device: &Device, id: &str) -> String {
    device.description().map_or_else(|_| id.to_owned(), |d| d.name().to_owned())
}

/// Whether the device is PulseAudio's, or PipeWire's in its place.
pub(super) fn is_sound_server(device: &Device) -> bool {
    device.id().is_ok_and(|id| id.to_string().starts_with("pulseaudio:"))
}

/// PulseAudio offers what a speaker plays as a source, and makes it the default one where there is no microphone:
/// taken for a microphone it would send the other person's voice back. It can still be opened by its name.
fn plays_back(device: &Device, direction: Direction) -> bool {
    direction == Direction::Input && device.id().is_ok_and(|id| id.id().ends_with(".monitor"))
}

/// What cpal says, as something that a person can act on.
pub(super) fn typed(device: &str, error: cpal::Error) -> DeviceError {
    let device = device.to_owned();
    match error.kind() {
        ErrorKind::DeviceBusy => DeviceError::Busy(device),
        ErrorKind::PermissionDenied => DeviceError::Denied(device),
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => DeviceError::Lost(device),
        ErrorKind::UnsupportedConfig => DeviceError::NoFormat(device),
        _ => DeviceError::Other { device, reason: error.to_string() },
    }
}
