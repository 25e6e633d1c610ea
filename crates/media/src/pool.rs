//! Pictures that are used again: a fresh 720p picture costs 1.4 MB of page faults, a used one nothing.
use crate::frame::I420;
use std::sync::Arc;

/// Pictures kept for reuse; more than this many in flight are allocated and forgotten. Encoder, self view, render queue
/// and screen hold at most one each.
const KEPT: usize = 6;

/// Hands out pictures of one size that nobody else holds.
#[derive(Debug, Default)]
pub struct FramePool {
    kept: Vec<Arc<I420>>,
}

impl FramePool {
    /// A picture of that size with undefined content, written by `fill`.
    pub fn fill(&mut self, width: u32, height: u32, fill: impl FnOnce(&mut I420)) -> Arc<I420> {
        self.kept.retain(|image| (image.width(), image.height()) == (width & !1, height & !1));
        if let Some(image) = self.kept.iter_mut().find(|image| Arc::strong_count(image) == 1)
            && let Some(free) = Arc::get_mut(image)
        {
            fill(free);
            return Arc::clone(image);
        }
        let mut fresh = I420::black(width, height);
        fill(&mut fresh);
        let image = Arc::new(fresh);
        if self.kept.len() < KEPT {
            self.kept.push(Arc::clone(&image));
        }
        image
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picture_is_reused_only_when_nobody_holds_it() {
        let mut pool = FramePool::default();
        let held = pool.fill(16, 16, |image| image.planes_mut()[0].fill(1));
        let other = pool.fill(16, 16, |image| image.planes_mut()[0].fill(2));
        assert_eq!((held.planes()[0][0], other.planes()[0][0]), (1, 2));
        let address = Arc::as_ptr(&held);
        drop(held);
        assert_eq!(Arc::as_ptr(&pool.fill(16, 16, |_| ())), address);
    }
}
