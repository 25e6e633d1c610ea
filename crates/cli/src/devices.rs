//! `devices`: what this machine can capture with and play on, as JSON.
use eyeline_devices::SystemDevices;
use eyeline_media::device::{AudioDeviceInfo, CameraInfo, DeviceBackend, DeviceError};
use serde_json::{Value, json};
use std::sync::Arc;

/// This machine's devices.
pub fn backend() -> Arc<dyn DeviceBackend> {
    Arc::new(SystemDevices::new())
}

/// Prints them. A kind that the system cannot be asked for is an empty list, with the reason beside it.
pub fn print() {
    let devices = backend();
    let mut errors = Vec::new();
    let listing = json!({
        "cameras": list(devices.cameras(), camera, &mut errors),
        "microphones": list(devices.microphones(), audio, &mut errors),
        "speakers": list(devices.speakers(), audio, &mut errors),
        "errors": errors,
    });
    println!("{listing:#}");
}

fn list<T>(
    found: Result<Vec<T>, DeviceError>,
    show: fn(&T) -> Value,
    errors: &mut Vec<String>,
) -> Vec<Value> {
    match found {
        Ok(found) => found.iter().map(show).collect(),
        Err(error) => {
            errors.push(error.to_string());
            Vec::new()
        }
    }
}

fn camera(camera: &CameraInfo) -> Value {
    let formats: Vec<Value> = camera
        .formats
        .iter()
        .map(|(code, f)| json!({ "format": code, "width": f.width, "height": f.height, "fps": f.fps }))
        .collect();
    json!({ "id": camera.id, "name": camera.name, "formats": formats })
}

fn audio(device: &AudioDeviceInfo) -> Value {
    json!({
        "id": device.id,
        "name": device.name,
        "default": device.is_default,
        "sample_rates_hz": device.sample_rates_hz,
        "channels": device.channels,
    })
}
