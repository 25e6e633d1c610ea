//! The rules, case by case.
use super::rules::{self, Actor, Placing, Refusal, Step};
use crate::storage::{CallRecord, Profile};
use eyeline_protocol::{
    CallId, DeviceId, UserId,
    rest::{CallStatus, EndReason},
};

struct People {
    ada: Actor,
    bob: Actor,
    call: CallRecord,
}

fn actor() -> Actor {
    Actor { user: UserId::new(), device: DeviceId::new() }
}

fn record(caller: Actor, callee: Actor) -> CallRecord {
    let profile = |id| Profile { id, username: "x".into(), display_name: "x".into() };
    CallRecord {
        id: CallId::new(),
        caller: profile(caller.user),
        callee: profile(callee.user),
        caller_device: caller.device,
        callee_device: None,
        status: CallStatus::Pending,
        version: 1,
        end_reason: None,
        created_at: 0,
        ring_until: 60,
        accepted_at: None,
        ended_at: None,
    }
}

/// Ada's call to Bob.
fn ringing() -> People {
    let (ada, bob) = (actor(), actor());
    People { ada, bob, call: record(ada, bob) }
}

fn changed(step: Result<Step, Refusal>) -> CallRecord {
    match step {
        Ok(Step::Change(call)) => *call,
        other => panic!("{other:?}"),
    }
}

fn accepted(people: &People) -> CallRecord {
    changed(rules::accept(&people.call, people.bob, 5))
}

/// Where every ongoing call is attended.
fn place(by: Actor, callee: UserId, of_caller: &[CallRecord], of_callee: &[CallRecord]) -> Placing {
    rules::place(by, callee, of_caller, of_callee, |_| false)
}

fn other_device(actor: Actor) -> Actor {
    Actor { device: DeviceId::new(), ..actor }
}

#[test]
fn every_change_raises_the_version() {
    let people = ringing();
    let ongoing = accepted(&people);
    assert_eq!((ongoing.version, ongoing.accepted_at), (2, Some(5)));
    let ended = changed(rules::end(&ongoing, people.ada, EndReason::Hangup, 9));
    assert_eq!((ended.version, ended.ended_at), (3, Some(9)));
}

#[test]
fn declining_an_accepted_call_tells_where_it_was_accepted() {
    let people = ringing();
    let ongoing = accepted(&people);
    assert_eq!(rules::decline(&ongoing, people.bob, 9), Err(Refusal::AlreadyAccepted));
    assert_eq!(rules::decline(&ongoing, other_device(people.bob), 9), Err(Refusal::AnsweredElsewhere));
}

fn reason(step: Result<Step, Refusal>) -> Option<EndReason> {
    changed(step).end_reason
}

#[test]
fn a_client_says_of_an_accepted_call_what_it_can_know() {
    let people = ringing();
    let ongoing = accepted(&people);
    for (said, stored) in [
        (EndReason::Hangup, EndReason::Hangup),
        (EndReason::ConnectionFailed, EndReason::ConnectionFailed),
        (EndReason::MediaFailed, EndReason::MediaFailed),
        (EndReason::Replaced, EndReason::Replaced),
        (EndReason::Declined, EndReason::Hangup),
        (EndReason::Cancelled, EndReason::Hangup),
    ] {
        assert_eq!(reason(rules::end(&ongoing, people.ada, said, 9)), Some(stored), "{said:?}");
    }
    for said in [EndReason::Missed, EndReason::AnsweredElsewhere, EndReason::ServerError] {
        for call in [&people.call, &ongoing] {
            assert_eq!(rules::end(call, people.ada, said, 9), Err(Refusal::NotYoursToSay), "{said:?}");
        }
    }
}

#[test]
fn a_busy_device_ends_only_what_no_other_device_could_take() {
    let people = ringing();
    let (bob, phone) = (people.bob, other_device(people.bob));
    assert_eq!(rules::busy(&people.call, bob, true, 9), Ok(Step::Same));
    assert_eq!(reason(rules::busy(&people.call, bob, false, 9)), Some(EndReason::Busy));
    let ongoing = accepted(&people);
    assert_eq!(rules::busy(&ongoing, phone, false, 9), Ok(Step::Same), "the desk has taken the call");
    assert_eq!(reason(rules::busy(&ongoing, bob, false, 9)), Some(EndReason::Busy));
    assert_eq!(reason(rules::busy(&people.call, people.ada, true, 9)), Some(EndReason::Cancelled));
    assert_eq!(rules::busy(&people.call, actor(), false, 9), Err(Refusal::NotMember));
    let ended = people.call.ended(EndReason::Missed, 60);
    assert_eq!(rules::busy(&ended, bob, false, 61), Ok(Step::Same));
}

#[test]
fn the_server_ends_only_what_has_not_moved_on() {
    let people = ringing();
    let ongoing = accepted(&people);
    let missed = rules::end_if(&people.call, CallStatus::Pending, EndReason::Missed, 60);
    assert!(matches!(missed, Step::Change(call) if call.end_reason == Some(EndReason::Missed)));
    let too_late = rules::end_if(&ongoing, CallStatus::Pending, EndReason::Missed, 60);
    assert_eq!(too_late, Step::Same);
}

#[test]
fn a_call_to_a_free_person_rings() {
    let (ada, bob) = (actor(), actor());
    assert_eq!(place(ada, bob.user, &[], &[]), Placing::Ring);
    let ringing_elsewhere = record(actor(), bob);
    assert_eq!(place(ada, bob.user, &[], &[ringing_elsewhere]), Placing::Ring);
}

#[test]
fn a_call_to_whoever_is_calling_is_glare() {
    let people = ringing();
    let live = [people.call.clone()];
    let placing = place(people.bob, people.ada.user, &live, &live);
    assert_eq!(placing, Placing::Glare(people.call));
}

#[test]
fn a_device_has_one_call_and_the_newest_counts() {
    let people = ringing();
    let ongoing = accepted(&people);
    for stale in [people.call.clone(), ongoing] {
        let live = [stale.clone()];
        assert_eq!(place(people.ada, people.bob.user, &live, &live), Placing::Replace(stale.clone()));
        assert_eq!(place(people.ada, actor().user, &live, &[]), Placing::Replace(stale));
    }
}

#[test]
fn another_device_that_calls_the_same_person_takes_the_ring_over() {
    let people = ringing();
    let live = [people.call.clone()];
    let placing = place(other_device(people.ada), people.bob.user, &live, &live);
    assert_eq!(placing, Placing::Replace(people.call));
}

#[test]
fn whoever_is_in_a_call_is_busy_even_for_the_others_second_device() {
    let people = ringing();
    let live = [accepted(&people)];
    assert_eq!(place(actor(), people.bob.user, &[], &live), Placing::Busy);
    assert_eq!(place(other_device(people.ada), people.bob.user, &live, &live), Placing::Busy);
}

#[test]
fn a_call_that_both_devices_left_is_replaced_by_the_next_of_the_two() {
    let people = ringing();
    let ghost = accepted(&people);
    let live = [ghost.clone()];
    let anew = |by, callee, live: &[CallRecord]| rules::place(by, callee, live, live, |_| true);
    let (ada, bob) = (other_device(people.ada), other_device(people.bob));
    assert_eq!(anew(ada, bob.user, &live), Placing::Replace(ghost.clone()));
    assert_eq!(anew(bob, ada.user, &live), Placing::Replace(ghost));
    let eve = actor();
    assert_eq!(rules::place(eve, bob.user, &[], &live, |_| true), Placing::Busy, "not hers to end");
}
