//! From an instance to the states of the cards and edges of its graph. Pure.

use super::model::Graph;
use crate::status::Look;
use heddle_api::Timestamp;
use heddle_api::view::{InstanceStatus, InstanceView, NodeView};
use std::collections::HashMap;

/// State of one card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    /// What a person sees of it.
    pub look: Look,
    /// When the last run of it began.
    pub started_at: Option<Timestamp>,
    /// When that ended.
    pub ended_at: Option<Timestamp>,
    /// How often it ran (loop rounds, items); 1 where it ran once.
    pub runs: usize,
    /// Number of its attempt.
    pub attempt: u32,
    /// What it tells instead of its duration: the code of its error.
    pub note: Option<String>,
}

/// The look of a node row; an open incident of that node shows on it.
pub fn look_of(node: &NodeView, instance: &InstanceView) -> Look {
    let look = Look::of_node(node.status.as_str(), node.reason.as_deref());
    let incident = instance.incidents.iter().any(|incident| incident.node_id.as_deref() == Some(node.node_id.as_str()));
    match look {
        Look::Failed | Look::TimedOut | Look::Running | Look::Pending if incident => Look::Incident,
        Look::Running | Look::Queued | Look::Timer | Look::Retrying | Look::Job
            if instance.status == InstanceStatus::Paused =>
        {
            Look::Paused
        }
        look => look,
    }
}

/// States by node id: the latest row tells, how many rows there are is the count.
pub fn states_of(instance: &InstanceView) -> HashMap<String, NodeState> {
    let mut states: HashMap<String, NodeState> = HashMap::new();
    for node in &instance.nodes {
        let runs = states.get(&node.node_id).map_or(0, |state| state.runs) + 1;
        let state = NodeState {
            look: look_of(node, instance),
            started_at: node.started_at,
            ended_at: node.ended_at,
            runs,
            attempt: node.attempt,
            note: node.error.as_ref().map(|error| error.code.clone()),
        };
        states.insert(node.node_id.clone(), state);
    }
    states
}

/// The class of an edge, told by the states at its two ends.
pub fn edge_class(graph: &Graph, at: usize, states: &HashMap<String, NodeState>) -> &'static str {
    let edge = &graph.edges[at];
    let look = |node: usize| states.get(&graph.nodes[node].id).map(|state| state.look);
    match (look(edge.from), look(edge.to)) {
        (None, None) => "edge",
        (Some(Look::Skipped | Look::Cancelled), _) | (_, Some(Look::Skipped)) => "edge edge--untaken",
        (Some(Look::Completed), Some(Look::Pending) | None) => "edge edge--untaken",
        (Some(Look::Completed), Some(to)) if edge.error || to.is_final() || to == Look::Incident => {
            if edge.error {
                "edge edge--untaken edge--error"
            } else {
                "edge edge--taken"
            }
        }
        (Some(Look::Completed), Some(_)) => "edge edge--active",
        (Some(Look::Failed | Look::TimedOut), Some(to)) if edge.error && to != Look::Pending => "edge edge--error",
        _ if edge.error => "edge edge--untaken edge--error",
        _ => "edge edge--untaken",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::i18n::Words;
    use heddle_api::Lang;
    use heddle_model::definition::{Definition, Edge, Node};

    #[test]
    fn edges_follow_the_states_of_their_ends() {
        let edge = |from: &str, to: &str| Edge { from: from.to_owned(), to: to.to_owned(), ..Edge::default() };
        let definition = Definition {
            nodes: ["a", "b", "c", "d"].map(|id| Node { id: id.to_owned(), ..Node::default() }).into(),
            edges: vec![edge("a", "b"), edge("a", "c"), edge("b", "d"), edge("c", "d")],
            ..Definition::default()
        };
        let graph = Graph::of(&definition, Words(Lang::En));
        let state = |look| NodeState { look, started_at: None, ended_at: None, runs: 1, attempt: 1, note: None };
        let states: HashMap<_, _> =
            [("a", Look::Completed), ("b", Look::Running), ("c", Look::Skipped), ("d", Look::Pending)]
                .map(|(id, look)| (id.to_owned(), state(look)))
                .into();
        let classes: Vec<_> = (0..4).map(|at| edge_class(&graph, at, &states)).collect();
        assert_eq!(classes, ["edge edge--active", "edge edge--untaken", "edge edge--untaken", "edge edge--untaken"]);
        assert_eq!(edge_class(&graph, 0, &HashMap::new()), "edge");
    }
}
