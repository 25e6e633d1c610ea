//! Packets lost, reordered and doubled; frames whole or not at all.
