use super::*;
use crate::{
    signaling::fake::{DEADLINE, FakeServer},
    snapshot::{Link, NoticeCode},
    store::{Remembered, Store},
    viewer::NoViewer,
};
use eyeline_media::device::{
    AudioDeviceInfo, AudioSink, AudioSource, CameraInfo, CaptureFormat, DeviceError, VideoSource,
};
use tempfile::TempDir;
use tokio::time::timeout;

/// A machine without any.
struct NoDevices;

fn none<T>(kind: &'static str) -> Result<T, DeviceError> {
    Err(DeviceError::NotFound { kind, id: None })
}

impl DeviceBackend for NoDevices {
    fn cameras(&self) -> Result<Vec<CameraInfo>, DeviceError> {
        Ok(Vec::new())
    }

    fn microphones(&self) -> Result<Vec<AudioDeviceInfo>, DeviceError> {
        Ok(Vec::new())
    }

    fn speakers(&self) -> Result<Vec<AudioDeviceInfo>, DeviceError> {
        Ok(Vec::new())
    }

    fn open_camera(&self, _: Option<&str>, _: CaptureFormat) -> Result<Box<dyn VideoSource>, DeviceError> {
        none("camera")
    }

    fn open_microphone(&self, _: Option<&str>) -> Result<Box<dyn AudioSource>, DeviceError> {
        none("microphone")
    }

    fn open_speaker(&self, _: Option<&str>) -> Result<Box<dyn AudioSink>, DeviceError> {
        none("speaker")
    }
}

/// A client that was signed in at `server` when it last ran.
fn remembering(server: &FakeServer) -> (Client, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let session = Remembered {
        server: Some(server.address().to_string()),
        refresh_token: Some("remembered".into()),
        ..Remembered::default()
    };
    Store::new(folder.path(), true).save(&session).expect("remembered");
    let config = ClientConfig::new(folder.path().to_owned());
    (Client::start(config, Arc::new(NoDevices), Arc::new(NoViewer)), folder)
}

async fn until(client: &Client, what: &str, so: impl FnMut(&Arc<Snapshot>) -> bool) {
    let mut snapshots = client.snapshots();
    let seen = timeout(DEADLINE, snapshots.wait_for(so)).await.unwrap_or_else(|_| panic!("not {what}"));
    seen.expect("the client runs");
}

#[tokio::test]
async fn a_remembered_session_waits_for_its_server_and_keeps_nobody_from_another() {
    let server = FakeServer::start().await;
    let (client, _folder) = remembering(&server);
    server.request().await.answer("404 Not Found\r\ncontent-type: text/html", "<html>").await;
    until(&client, "told of what is in the way", |snapshot| {
        let told = snapshot.notice.as_ref().is_some_and(|notice| notice.code == NoticeCode::NotAServer);
        told && !snapshot.busy && snapshot.server.link == Link::Connecting
    })
    .await;
    server.request().await.grant("token").await;
    until(&client, "signed in", |snapshot| snapshot.account.is_some() && snapshot.notice.is_none()).await;
}

#[tokio::test]
async fn what_was_chosen_last_is_remembered_when_the_client_has_stopped() {
    let server = FakeServer::start().await;
    let (client, folder) = remembering(&server);
    server.request().await.grant("token").await;
    until(&client, "signed in", |snapshot| snapshot.account.is_some()).await;
    // What is asked meanwhile fails at once, and is not waited for.
    drop(server);
    for id in ["first", "last"] {
        client.send(Command::ChooseCamera { id: Some(id.into()) });
    }
    client.shutdown().await;
    let remembered = Store::new(folder.path(), true).load();
    assert_eq!(remembered.camera.as_deref(), Some("last"));
    assert_eq!(remembered.refresh_token.as_deref(), Some("token refresh"));
}

#[tokio::test]
async fn a_person_who_signs_in_is_told_at_once_that_there_is_no_server() {
    let server = FakeServer::start().await;
    let config = ClientConfig { remember: false, ..ClientConfig::new("unused".into()) };
    let client = Client::start(config, Arc::new(NoDevices), Arc::new(NoViewer));
    client.send(Command::SignIn {
        server: server.address().to_string(),
        username: "ada".into(),
        password: "correct horse".into(),
    });
    server.request().await.answer("404 Not Found\r\ncontent-type: text/html", "<html>").await;
    until(&client, "told", |snapshot| {
        let told = snapshot.notice.as_ref().is_some_and(|notice| notice.code == NoticeCode::NotAServer);
        told && !snapshot.busy && snapshot.server.link == Link::Idle
    })
    .await;
}
