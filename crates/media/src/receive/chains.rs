//! Which frames can be decoded although others before them are missing: those of a chain that is whole.
//!
//! Where our own sender makes two chains ([`crate::send::Chains`]), a loss breaks one of them, and the other one goes on at half
//! the frame rate until the repair is there.
use eyeline_rtp::vp8::Layer;

/// Numbers come again after so many frames, of a packet each at least: what is no further back has no other one's number.
const NUMBERS: i64 = 256;

/// What was released of each chain last: its number in the base layer, and where it begins in the stream.
#[derive(Debug, Clone, Default)]
pub(super) struct Chains {
    first: Option<(u8, i64)>,
    second: Option<(u8, i64)>,
    /// The frame from which both went on.
    head: Option<(u8, i64)>,
}

impl Chains {
    /// Whether all that a frame of this layer refers to has been released. It begins at `start`.
    pub fn lead_to(&self, layer: Layer, start: i64) -> bool {
        let is = |frame: Option<(u8, i64)>, base| {
            frame.is_some_and(|(number, last)| number == base && start - last < NUMBERS)
        };
        let before = layer.base.wrapping_sub(1);
        match (layer.index, layer.is_sync) {
            (0, _) => is(self.first, before),
            (1, true) => is(self.head, layer.base),
            (1, false) => is(self.second, before),
            _ => false,
        }
    }

    /// Whether a frame that begins at `start` comes too late for its chain, which has gone on without it.
    pub fn are_past(&self, layer: Layer, start: i64) -> bool {
        let last = match layer.index {
            0 => self.first,
            _ => self.second.or(self.head),
        };
        last.is_some_and(|(_, last)| start < last)
    }

    /// A frame that begins at `start` is released, of this layer if any.
    pub fn release(&mut self, layer: Option<Layer>, is_key: bool, start: i64) {
        let Some(Layer { index, base, is_sync }) = layer else {
            return *self = Self::default();
        };
        let this = Some((base, start));
        match index {
            0 if is_key || is_sync => *self = Self { first: this, second: None, head: this },
            0 => self.first = this,
            _ => self.second = this,
        }
    }
}
