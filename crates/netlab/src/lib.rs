//! An emulated network between hosts on one machine.
