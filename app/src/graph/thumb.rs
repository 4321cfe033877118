//! A small picture of a graph: boxes and lines, no words. For galleries.

use super::model::Graph;
use heddle_diagram::Shape;
use leptos::prelude::*;

/// The picture.
#[component]
pub fn Thumbnail(
    /// What is drawn.
    graph: Graph,
    /// Its name for those who cannot see it.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let margin = 40.0;
    let view_box = {
        let all = graph.bounds.grown(margin);
        format!("{} {} {} {}", all.x, all.y, all.w, all.h)
    };
    view! {
        <svg viewBox=view_box role="img" aria-label=label preserveAspectRatio="xMidYMid meet">
            {graph.edges.iter().map(|edge| view! { <path class="edge thumb__edge" d=edge.path.clone()></path> }).collect_view()}
            {graph.nodes.iter().map(|node| {
                let rect = node.rect;
                let circle = node.shape == Shape::Circle;
                let radius = if circle { rect.h / 2.0 } else { 10.0 };
                view! {
                    <rect class="thumb__node" x=rect.x y=rect.y width=rect.w height=rect.h rx=radius></rect>
                    {(!circle).then(|| view! {
                        <rect class="thumb__tile" data-cat=node.kind().category x=rect.x + 12.0 y=rect.y + 12.0 width="32" height="32" rx="6"></rect>
                        <rect class="thumb__text" x=rect.x + 56.0 y=rect.y + 18.0 width="108" height="8" rx="4"></rect>
                        <rect class="thumb__text" x=rect.x + 56.0 y=rect.y + 32.0 width="72" height="6" rx="3"></rect>
                    })}
                }
            }).collect_view()}
        </svg>
    }
}
