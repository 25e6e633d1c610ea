//! Whatever decodes encodes to something that decodes to the same; nothing panics.
#![no_main]
use eyeline_protocol::signal::Signal;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(message) = Signal::decode(text) {
        assert_eq!(Signal::decode(&message.encode()), Ok(message));
    }
});
