//! One call as a pure state machine.
