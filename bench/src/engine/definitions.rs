//! The workloads as definitions. A trivial step is the task type `echo`, dispatched like any other task.

use std::fmt::Write as _;

use crate::figures::Workload;

/// The definition as YAML; its name is the workload's.
pub(super) fn of(workload: Workload) -> String {
    match workload {
        Workload::Sequence10 | Workload::Latency => chain(workload),
        Workload::FanOut40 => fan(workload),
    }
}

fn chain(workload: Workload) -> String {
    let mut nodes = head(workload);
    let mut edges = String::from("edges:\n");
    let mut last = "start".to_owned();
    for step in 1..=workload.steps() {
        let id = format!("s{step}");
        let _ = writeln!(nodes, "  - {{ id: {id}, type: echo, config: {{ value: {step} }} }}");
        let _ = writeln!(edges, "  - {{ from: {last}, to: {id} }}");
        last = id;
    }
    let _ = writeln!(nodes, "  - {{ id: done, type: end }}");
    let _ = writeln!(edges, "  - {{ from: {last}, to: done }}");
    nodes + &edges
}

fn fan(workload: Workload) -> String {
    let mut nodes = head(workload);
    let mut edges = String::from("edges:\n");
    for step in 1..=workload.steps() {
        let _ = writeln!(nodes, "  - {{ id: s{step}, type: echo, config: {{ value: {step} }} }}");
        let _ = writeln!(edges, "  - {{ from: start, to: s{step} }}\n  - {{ from: s{step}, to: join }}");
    }
    nodes.push_str("  - { id: join, type: gateway, join: all }\n  - { id: done, type: end }\n");
    nodes + &edges + "  - { from: join, to: done }\n"
}

fn head(workload: Workload) -> String {
    format!("apiVersion: heddle/v1\nname: {}\nnodes:\n  - {{ id: start, type: start }}\n", workload.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graphs_have_the_right_size() {
        let count = |w, what: &str| of(w).matches(what).count();
        assert_eq!((count(Workload::Sequence10, "type: echo"), count(Workload::Sequence10, "from:")), (10, 11));
        assert_eq!((count(Workload::FanOut40, "type: echo"), count(Workload::FanOut40, "from:")), (40, 81));
        assert_eq!(count(Workload::Latency, "type: echo"), 1);
    }
}
