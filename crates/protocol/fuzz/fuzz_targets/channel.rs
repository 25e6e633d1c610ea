//! Whatever decodes encodes to something that decodes to the same; nothing panics.
#![no_main]
use eyeline_protocol::channel::ChannelMessage;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(message) = ChannelMessage::decode(text) {
        assert_eq!(ChannelMessage::decode(&message.encode()), Ok(message));
    }
});
