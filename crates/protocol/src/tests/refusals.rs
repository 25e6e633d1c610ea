//! What is tolerated, and what is refused by which error.
use crate::{
    DecodeError,
    channel::{ChannelMessage, TEXT_MAX_BYTES, is_eyeline, tool_marked},
    event::Event,
    signal::{CANDIDATE_MAX_BYTES, SDP_MAX_BYTES, Sdp, SdpKind, Signal},
};
use serde_json::json;

fn refused(json: &serde_json::Value) -> DecodeError {
    Signal::decode(&json.to_string()).expect_err("refused")
}

fn is_malformed(error: &DecodeError) -> bool {
    matches!(error, DecodeError::Malformed { .. })
}

#[test]
fn unknown_fields_are_tolerated() {
    let text = r#"{"type":"offer","offer":{"type":"offer","sdp":"v=0","new":1},"from":"me","seq":7}"#;
    assert!(matches!(Signal::decode(text), Ok(Signal::Offer { .. })));
    assert!(ChannelMessage::decode(r#"{"type":"text","message":"m","timestamp":"t","mood":"fine"}"#).is_ok());
    assert!(Event::decode(r#"{"type":"token_expiring","expires_in_ms":1,"new":[]}"#).is_ok());
}

#[test]
fn unknown_type_is_an_error_of_its_own_and_is_cut_short() {
    assert_eq!(refused(&json!({ "type": "wave" })), DecodeError::UnknownType("wave".into()));
    let DecodeError::UnknownType(kind) = refused(&json!({ "type": "ä".repeat(500) })) else {
        panic!("unknown type")
    };
    assert_eq!(kind.chars().count(), 121);
}

#[test]
fn what_is_no_tagged_object_says_so() {
    assert!(matches!(Signal::decode("{"), Err(DecodeError::NotJson(_))));
    assert!(matches!(refused(&json!([])), DecodeError::NotJson(_)));
    assert_eq!(refused(&json!({})), DecodeError::NoType);
    assert_eq!(refused(&json!({ "type": 1 })), DecodeError::NoType);
}

#[test]
fn description_must_be_of_its_messages_kind_and_look_like_sdp() {
    let offer = |kind: &str, sdp: &str| json!({ "type": "offer", "offer": { "type": kind, "sdp": sdp } });
    assert!(is_malformed(&refused(&offer("answer", "v=0"))));
    assert!(is_malformed(&refused(&offer("pranswer", "v=0"))));
    assert!(is_malformed(&refused(&offer("offer", "hello"))));
    assert!(is_malformed(&refused(
        &json!({ "type": "answer", "answer": { "type": "offer", "sdp": "v=0" } })
    )));
}

#[test]
fn sizes_are_bounded_at_the_byte() {
    let offer = |bytes: usize| {
        let sdp = format!("v=0{}", "x".repeat(bytes - 3));
        Signal::decode(&json!({ "type": "offer", "offer": { "type": "offer", "sdp": sdp } }).to_string())
            .is_ok()
    };
    assert_eq!((offer(SDP_MAX_BYTES), offer(SDP_MAX_BYTES + 1)), (true, false));
    let candidate = |bytes: usize| {
        let line = "c".repeat(bytes);
        Signal::decode(&json!({ "type": "ice_candidate", "candidate": { "candidate": line } }).to_string())
            .is_ok()
    };
    assert_eq!((candidate(CANDIDATE_MAX_BYTES), candidate(CANDIDATE_MAX_BYTES + 1)), (true, false));
    let text = |bytes: usize| {
        let message = "t".repeat(bytes);
        ChannelMessage::decode(&json!({ "type": "text", "message": message, "timestamp": "" }).to_string())
            .is_ok()
    };
    assert_eq!((text(TEXT_MAX_BYTES), text(TEXT_MAX_BYTES + 1)), (true, false));
}

#[test]
fn listed_types_are_those_that_exist() {
    for kind in Signal::TYPES {
        let decoded = Signal::decode(&json!({ "type": kind }).to_string());
        assert!(!decoded.is_err_and(|e| e.to_string().contains("unknown")), "{kind}");
    }
    for kind in ChannelMessage::TYPES {
        let error =
            ChannelMessage::decode(&json!({ "type": kind }).to_string()).expect_err("fields are missing");
        assert!(is_malformed(&error) && !error.to_string().contains("unknown variant"), "{kind}: {error}");
    }
}

#[test]
fn our_mark_counts_at_session_level_only() {
    for ours in ["v=0\r\na=tool:eyeline\r\nm=audio", "v=0\na=tool:eyeline/0.1.0\nm=audio"] {
        assert!(is_eyeline(ours));
    }
    for foreign in [
        "v=0\r\nm=audio\r\na=tool:eyeline\r\n",
        "v=0\r\na=tool:eyeliner\r\n",
        "v=0\r\ns=a=tool:eyeline\r\n",
        "",
    ] {
        assert!(!is_eyeline(foreign), "{foreign:?}");
    }
}

#[test]
fn mark_is_set_once_before_the_first_media_description() {
    for sdp in ["v=0\r\ns=-\r\nm=audio 9\r\nm=video 9\r\n", "v=0\r\ns=-\r\n", "v=0"] {
        let marked = tool_marked(Sdp { kind: SdpKind::Offer, sdp: sdp.into() });
        assert!(is_eyeline(&marked.sdp), "{:?}", marked.sdp);
        assert_eq!(tool_marked(marked.clone()), marked);
    }
}
