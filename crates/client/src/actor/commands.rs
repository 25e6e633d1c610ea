//! What a person asks for, handed to whom it concerns.
use super::{Actor, Message};
use crate::{
    chat::ChatError,
    clock::unix_ms,
    command::Command,
    snapshot::{DeviceChoice, DeviceItem, DevicesView, NoticeCode},
};
use eyeline_call::{Input, Intent};
use eyeline_media::device::{DeviceBackend, DeviceError};
use eyeline_protocol::{UserId, rest::User};
use std::sync::Arc;

impl Actor {
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::SignIn { server, username, password } => {
                self.enter(&server, Self::login(username, password));
            }
            Command::Register { server, username, password, display_name } => {
                self.enter(&server, Self::registration(username, password, display_name));
            }
            Command::SignOut => self.sign_out(),
            Command::Dial { user_id } => match self.known(user_id) {
                Some(callee) => self.feed(Input::Intent(Intent::Dial { callee })),
                None => self.notify(NoticeCode::NoSuchUser, ""),
            },
            Command::Accept => self.feed(Input::Intent(Intent::Accept)),
            Command::Decline => self.feed(Input::Intent(Intent::Decline)),
            Command::HangUp => self.feed(Input::Intent(Intent::HangUp)),
            Command::DismissCall => self.feed(Input::Intent(Intent::Dismiss)),
            Command::DismissNotice => self.notice = None,
            // From here on it is as the person wants it, whatever the device did before.
            Command::SetMicrophone { on } => {
                self.troubled.microphone = false;
                self.feed(Input::Intent(Intent::SetMicrophone(on)));
            }
            Command::SetCamera { on } => {
                self.troubled.camera = false;
                self.feed(Input::Intent(Intent::SetCamera(on)));
            }
            Command::SendChat { text } => self.send_chat(&text),
            Command::SearchUsers { query } => self.search(query),
            Command::ChooseCamera { id } => {
                self.devices_view.cameras.chosen.clone_from(&id);
                self.line.studio.choose_camera(id.clone());
                self.remember(|r| r.camera = id);
            }
            Command::ChooseMicrophone { id } => {
                self.devices_view.microphones.chosen.clone_from(&id);
                self.line.studio.choose_microphone(id.clone());
                self.remember(|r| r.microphone = id);
            }
            Command::ChooseSpeaker { id } => {
                self.devices_view.speakers.chosen.clone_from(&id);
                self.line.studio.choose_speaker(id.clone());
                self.remember(|r| r.speaker = id);
            }
            Command::RefreshDevices => self.look_at_devices(),
        }
    }

    /// Somebody who was found by the last search, or whom the last call was with.
    fn known(&self, id: UserId) -> Option<User> {
        let called =
            || self.machine.as_ref().and_then(|m| m.view().peer.clone()).filter(|peer| peer.id == id);
        self.contacts.find(id).cloned().or_else(called)
    }

    fn send_chat(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        if let Err(error) = self.line.write_chat(text, unix_ms()) {
            match error {
                ChatError::NotConnected | ChatError::TooLong => {
                    self.notify(NoticeCode::ChatFailed, error.to_string());
                }
            }
        }
    }

    /// Asks the system off the actor: some drivers take seconds to answer.
    pub(super) fn look_at_devices(&mut self) {
        let devices = Arc::clone(&self.devices);
        self.errands.spawn(async move {
            tokio::task::spawn_blocking(move || Some(Message::Devices(list(&*devices)))).await.ok().flatten()
        });
    }

    pub(super) fn on_devices(&mut self, mut found: DevicesView) {
        found.cameras.chosen.clone_from(&self.remembered.camera);
        found.microphones.chosen.clone_from(&self.remembered.microphone);
        found.speakers.chosen.clone_from(&self.remembered.speaker);
        self.devices_view = found;
    }
}

fn list(devices: &dyn DeviceBackend) -> DevicesView {
    let audio = |found: Result<Vec<eyeline_media::device::AudioDeviceInfo>, DeviceError>| {
        choice(found.map(|list| list.into_iter().map(|d| (d.id, d.name)).collect()))
    };
    DevicesView {
        cameras: choice(devices.cameras().map(|list| list.into_iter().map(|d| (d.id, d.name)).collect())),
        microphones: audio(devices.microphones()),
        speakers: audio(devices.speakers()),
    }
}

fn choice(found: Result<Vec<(String, String)>, DeviceError>) -> DeviceChoice {
    let found = found.unwrap_or_else(|error| {
        tracing::warn!(%error, "devices cannot be listed");
        Vec::new()
    });
    let available = found.into_iter().map(|(id, name)| DeviceItem { id, name }).collect();
    DeviceChoice { available, chosen: None }
}
