//! Walking through a graph by steps. Pure.

use super::model::{Graph, GraphNode};

/// A step through the graph.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Forward,
    Back,
    Up,
    Down,
}

/// Where a step leads: along edges, or to the nearest card above or below.
pub fn walk(graph: &Graph, from: Option<&str>, way: Way) -> Option<String> {
    let Some(at) = from.and_then(|id| graph.index_of(id)) else {
        return graph.nodes.first().map(|node| node.id.clone());
    };
    let here = &graph.nodes[at];
    let next = match way {
        Way::Forward => graph
            .edges
            .iter()
            .filter(|edge| edge.from == at)
            .map(|edge| edge.to)
            .min_by(|&a, &b| graph.nodes[a].rect.y.total_cmp(&graph.nodes[b].rect.y)),
        Way::Back => graph
            .edges
            .iter()
            .filter(|edge| edge.to == at)
            .map(|edge| edge.from)
            .min_by(|&a, &b| graph.nodes[a].rect.y.total_cmp(&graph.nodes[b].rect.y)),
        Way::Up | Way::Down => graph
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| if way == Way::Down { node.rect.y > here.rect.y } else { node.rect.y < here.rect.y })
            .min_by(|(_, a), (_, b)| {
                let far =
                    |node: &GraphNode| (node.rect.x - here.rect.x).abs() * 2.0 + (node.rect.y - here.rect.y).abs();
                far(a).total_cmp(&far(b))
            })
            .map(|(at, _)| at),
    };
    next.map(|at| graph.nodes[at].id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Words;
    use heddle_api::Lang;
    use heddle_model::definition::{Definition, Edge, Node};

    #[test]
    fn steps_follow_the_edges_and_stop_at_the_ends() {
        let edge = |from: &str, to: &str| Edge { from: from.to_owned(), to: to.to_owned(), ..Edge::default() };
        let definition = Definition {
            nodes: ["a", "b", "c", "d"].map(|id| Node { id: id.to_owned(), ..Node::default() }).into(),
            edges: vec![edge("a", "b"), edge("a", "c"), edge("b", "d"), edge("c", "d")],
            ..Definition::default()
        };
        let graph = Graph::of(&definition, Words(Lang::En));
        let step = |from, way| walk(&graph, from, way);
        assert_eq!(step(None, Way::Forward).as_deref(), Some("a"));
        let first = step(Some("a"), Way::Forward);
        let other = step(first.as_deref(), Way::Down);
        assert_eq!([first.clone(), other.clone()].map(Option::unwrap_or_default), ["b", "c"].map(str::to_owned));
        assert_eq!(step(other.as_deref(), Way::Up), first);
        assert_eq!(step(other.as_deref(), Way::Forward).as_deref(), Some("d"));
        assert_eq!(step(Some("d"), Way::Forward), None);
        assert_eq!(step(Some("b"), Way::Back).as_deref(), Some("a"));
    }
}
