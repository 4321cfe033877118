//! The feedback: who has used much lately. Heavy ones sink, and rise again when they rest.
//!
//! Two windows of time, the one under way and the one before it: what was used in older ones is forgotten, so nothing has to be told
//! that an instance has ended.

use super::Micros;
use heddle_model::ids::{InstanceId, WorkflowId};
use heddle_model::limits::{FEEDBACK_INSTANCE, FEEDBACK_WINDOW_MS, FEEDBACK_WORKFLOW};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Levels: 0 for who has used little lately.
pub(super) const LEVELS: usize = 4;

/// Use of slots lately, by instance and by workflow. The unit is a millisecond; a start counts as one at least.
#[derive(Debug, Default)]
pub(super) struct Feedback {
    now: Window,
    before: Window,
    ends: Micros,
}

#[derive(Debug, Default)]
struct Window {
    used: HashMap<u128, u64, BuildHasherDefault<IdHasher>>,
}

impl Feedback {
    /// Adds what an instance of a workflow used.
    pub(super) fn add(&mut self, now: Micros, whose: (InstanceId, WorkflowId), used: u64) {
        self.turn(now);
        for id in [whose.0.as_u128(), whose.1.as_u128()] {
            *self.now.used.entry(id).or_default() += used;
        }
    }

    /// The level: 0 for who has used little lately.
    pub(super) fn level(&mut self, now: Micros, (instance, workflow): (InstanceId, WorkflowId)) -> u8 {
        self.turn(now);
        let of_workflow = self.used(workflow.as_u128());
        // An instance has used no more than its workflow.
        if of_workflow < FEEDBACK_INSTANCE[0] {
            return 0;
        }
        let of_instance = self.used(instance.as_u128());
        level(of_workflow, FEEDBACK_WORKFLOW).max(level(of_instance, FEEDBACK_INSTANCE))
    }

    fn used(&self, id: u128) -> u64 {
        let at = |window: &Window| window.used.get(&id).copied().unwrap_or(0);
        at(&self.now) + at(&self.before)
    }

    fn turn(&mut self, now: Micros) {
        if now < self.ends {
            return;
        }
        let length = FEEDBACK_WINDOW_MS * 1_000;
        let is_next = now < self.ends + length;
        self.before = std::mem::take(&mut self.now);
        if !is_next {
            self.before = Window::default();
        }
        self.ends = now + length;
    }
}

fn level(used: u64, steps: [u64; LEVELS - 1]) -> u8 {
    steps.iter().filter(|step| used >= **step).count() as u8
}

/// Ids are random already: their low half is as good a hash as any.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, id: u128) {
        // The tables of the standard library look at the highest bits: small numbers, as in tests, must reach them.
        self.0 = ((id as u64) ^ ((id >> 64) as u64)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Micros = FEEDBACK_WINDOW_MS * 1_000;

    fn whose(instance: u128) -> (InstanceId, WorkflowId) {
        (InstanceId::from_u128(instance), WorkflowId::from_u128(u128::MAX))
    }

    #[test]
    fn who_uses_much_sinks_and_rises_again_at_rest() {
        let mut feedback = Feedback::default();
        for (level, used) in FEEDBACK_INSTANCE.into_iter().enumerate() {
            assert_eq!(feedback.level(1, whose(1)), level as u8);
            let before = feedback.used(1);
            feedback.add(1, whose(1), used - before);
        }
        assert_eq!(feedback.level(1, whose(1)), 3);
        assert_eq!(feedback.level(1, whose(2)), 0, "another instance of the workflow is as quick as before");
        assert_eq!(feedback.level(1 + LENGTH, whose(1)), 3, "the window before counts");
        assert_eq!(feedback.level(2 + 2 * LENGTH, whose(1)), 0);
    }

    #[test]
    fn a_heavy_workflow_sinks_with_all_its_instances() {
        let mut feedback = Feedback::default();
        (0..FEEDBACK_WORKFLOW[0]).for_each(|instance| feedback.add(1, whose(u128::from(instance)), 1));
        assert_eq!(feedback.level(1, whose(u128::MAX / 2)), 1);
        let other = (InstanceId::from_u128(7), WorkflowId::from_u128(7_000_000));
        assert_eq!(feedback.level(1, other), 0);
    }
}
