//! Whatever decodes encodes to something that decodes to the same; nothing panics.
#![no_main]
use eyeline_protocol::event::Event;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(message) = Event::decode(text) {
        assert_eq!(Event::decode(&message.encode()), Ok(message));
    }
});
