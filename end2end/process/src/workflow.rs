//! The workflow that is killed: pure steps, dispatched tasks, a timer, two branches and work for an outside worker, so that a
//! kill hits something else each time.

/// Its name.
pub const NAME: &str = "crash";

/// The type of its job.
pub const JOB: &str = "crash-desk";

/// Nodes that complete exactly once in every instance.
pub const COMPLETED_ONCE: [&str; 9] = ["start", "double", "ask", "left", "right", "wait", "desk", "sum", "done"];

/// Its transforms: what a replayed step would run twice.
pub const TRANSFORMS: [&str; 3] = ["double", "left", "sum"];

/// The definition.
pub const YAML: &str = r#"
apiVersion: heddle/v1
name: crash
inputs:
  type: object
  required: [n]
  properties: { n: { type: integer } }
nodes:
  - { id: start, type: start }
  - { id: double, type: transform, config: { set: { doubled: "${n * 2}" } } }
  - { id: ask, type: echo, config: { value: "${doubled}" }, output: { asked: "${output}" } }
  - { id: left, type: transform, config: { set: { left: "${asked + 1}" } } }
  - { id: right, type: echo, config: { value: "${asked + 2}" }, output: { right: "${output}" } }
  - { id: wait, type: delay, config: { duration: 400ms } }
  - { id: desk, type: task, action: crash-desk, config: { n: "${n}" }, output: { desk: "${output.n}" } }
  - { id: sum, type: transform, config: { set: { total: "${left + right + desk}" } } }
  - { id: done, type: end }
edges:
  - { from: start, to: double }
  - { from: double, to: ask }
  - { from: ask, to: left }
  - { from: ask, to: right }
  - { from: ask, to: wait }
  - { from: wait, to: desk }
  - { from: left, to: sum }
  - { from: right, to: sum }
  - { from: desk, to: sum }
  - { from: sum, to: done }
"#;

/// What the variable `total` is in the end of an instance that was started with `n`.
pub fn total(n: i64) -> i64 {
    (2 * n + 1) + (2 * n + 2) + n
}
