//! What is encoded decodes to itself, and nothing makes a decoder panic.
use crate::{
    CallId, UserId,
    channel::{ChannelMessage, is_eyeline, tool_marked},
    event::{ClientEvent, Event},
    rest::EndReason,
    signal::{ConnectionState, IceCandidate, Sdp, SdpKind, Signal},
};
use proptest::{option, prelude::*};
use serde_json::{Map, Value};
use uuid::Uuid;

fn reason() -> impl Strategy<Value = EndReason> {
    prop::sample::select(vec![
        EndReason::Hangup,
        EndReason::Missed,
        EndReason::AnsweredElsewhere,
        EndReason::ServerError,
    ])
}

fn sdp(kind: SdpKind) -> impl Strategy<Value = Sdp> {
    any::<String>().prop_map(move |rest| Sdp { kind, sdp: format!("v=0\r\n{rest}") })
}

fn candidate() -> impl Strategy<Value = IceCandidate> {
    (any::<String>(), option::of(any::<u16>()), option::of(any::<String>()), option::of(any::<String>()))
        .prop_map(|(candidate, sdp_m_line_index, sdp_mid, username_fragment)| IceCandidate {
            candidate,
            sdp_m_line_index,
            sdp_mid,
            username_fragment,
        })
}

fn signal() -> impl Strategy<Value = Signal> {
    use ConnectionState::{Closed, Connected, Connecting, Disconnected, Failed, New};
    let state = prop::sample::select(vec![New, Connecting, Connected, Disconnected, Failed, Closed]);
    prop_oneof![
        sdp(SdpKind::Offer).prop_map(|offer| Signal::Offer { offer }),
        sdp(SdpKind::Answer).prop_map(|answer| Signal::Answer { answer }),
        option::of(candidate()).prop_map(|candidate| Signal::IceCandidate { candidate }),
        state.prop_map(|state| Signal::ConnectionState { state }),
        (any::<u128>(), any::<bool>())
            .prop_map(|(id, present)| Signal::Peer { user_id: UserId(Uuid::from_u128(id)), present }),
        reason().prop_map(|reason| Signal::Ended { reason }),
        (any::<String>(), any::<String>()).prop_map(|(code, message)| Signal::Error { code, message }),
    ]
}

fn channel() -> impl Strategy<Value = ChannelMessage> {
    prop_oneof![
        (any::<String>(), any::<String>(), option::of(any::<u64>()))
            .prop_map(|(message, timestamp, id)| { ChannelMessage::Text { message, timestamp, id } }),
        any::<u64>().prop_map(|id| ChannelMessage::Ack { id }),
        any::<(bool, bool)>()
            .prop_map(|(microphone, camera)| ChannelMessage::MediaState { microphone, camera }),
        reason().prop_map(|reason| ChannelMessage::Bye { reason }),
    ]
}

/// Member names of our messages.
const NAMES: [&str; 12] = [
    "type",
    "offer",
    "answer",
    "candidate",
    "state",
    "message",
    "id",
    "call",
    "user",
    "calls",
    "sdp",
    "reason",
];

/// JSON that comes near to our messages: their tags and member names, and anything for values.
fn nearly() -> impl Strategy<Value = String> {
    let words: Vec<_> =
        Signal::TYPES.iter().chain(&ChannelMessage::TYPES).chain(&Event::TYPES).chain(&NAMES).collect();
    let words = prop::sample::select(words);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        words.prop_map(|word| Value::from(*word)),
    ];
    let any_value = leaf.prop_recursive(4, 32, 6, move |inner| {
        let members = prop::collection::vec((prop::sample::select(NAMES.to_vec()), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            members.prop_map(|m| Value::Object(
                m.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Map<_, _>>()
            )),
        ]
    });
    any_value.prop_map(|value| value.to_string())
}

/// Whatever decodes encodes to something that decodes to the same.
fn decode_all(text: &str) {
    if let Ok(message) = Signal::decode(text) {
        assert_eq!(Signal::decode(&message.encode()), Ok(message));
    }
    if let Ok(message) = ChannelMessage::decode(text) {
        assert_eq!(ChannelMessage::decode(&message.encode()), Ok(message));
    }
    if let Ok(message) = Event::decode(text) {
        assert_eq!(Event::decode(&message.encode()), Ok(message));
    }
    if let Ok(message) = ClientEvent::decode(text) {
        assert_eq!(ClientEvent::decode(&message.encode()), Ok(message));
    }
}

proptest! {
    #[test]
    fn signals_round_trip(signal in signal()) {
        prop_assert_eq!(Signal::decode(&signal.encode()), Ok(signal));
    }

    #[test]
    fn channel_messages_round_trip(message in channel()) {
        prop_assert_eq!(ChannelMessage::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn client_events_round_trip(id: u128, access_token: String) {
        for event in [ClientEvent::Ringing { call_id: CallId(Uuid::from_u128(id)) }, ClientEvent::Token { access_token }] {
            prop_assert_eq!(ClientEvent::decode(&event.encode()), Ok(event));
        }
    }

    #[test]
    fn no_text_makes_a_decoder_panic(text: String) {
        decode_all(&text);
    }

    #[test]
    fn no_json_makes_a_decoder_panic(text in nearly()) {
        decode_all(&text);
    }

    #[test]
    fn every_description_can_be_marked(sdp in sdp(SdpKind::Offer)) {
        let marked = tool_marked(sdp);
        prop_assert!(is_eyeline(&marked.sdp));
    }
}
