//! The parts of the WebAssembly that a browser loads when it first needs them: whatever only they reach is split off the first
//! download (`cargo xtask size` weighs what each page loads). On the server they are ordinary functions.
//!
//! Few and large: code that several parts share becomes a file for each combination of them.

use crate::features::{instances, workflows};
use crate::graph::Graph;
use crate::i18n::Words;
use leptos::prelude::*;
use leptos_router::LazyRoute;
use serde_json::Value;

/// The lists.
#[derive(Debug, Clone, Copy)]
enum List {
    Workflows,
    Gallery,
    Instances,
}

#[lazy]
fn part_lists(page: List) -> AnyView {
    match page {
        List::Workflows => view! { <workflows::ListPage/> }.into_any(),
        List::Gallery => view! { <workflows::GalleryPage/> }.into_any(),
        List::Instances => view! { <instances::ListPage/> }.into_any(),
    }
}

/// The pages around one definition.
#[derive(Debug, Clone, Copy)]
enum Bench {
    Workflow,
    New,
    Run,
}

#[lazy]
fn part_workbench(page: Bench) -> AnyView {
    match page {
        Bench::Workflow => view! { <workflows::WorkflowPage/> }.into_any(),
        Bench::New => view! { <workflows::NewPage/> }.into_any(),
        Bench::Run => view! { <workflows::RunPage/> }.into_any(),
    }
}

#[lazy]
fn part_instance() -> AnyView {
    view! { <instances::InstancePage/> }.into_any()
}

/// The part that a page of this path needs, so that it can be fetched together with the main file. Only a hint.
#[cfg(feature = "ssr")]
pub(crate) fn of_path(path: &str) -> Option<&'static str> {
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    match steps.as_slice() {
        ["workflows" | "instances"] | ["workflows", "templates"] => Some("part_lists"),
        ["workflows", ..] => Some("part_workbench"),
        ["instances", _] => Some("part_instance"),
        _ => None,
    }
}

#[lazy]
fn part_check(text: String, words: Words) -> workflows::Checked {
    workflows::check(&text, words)
}

/// What a text is worth, and its picture. In the browser the first call waits for the rules of the language to load.
pub(crate) async fn check(text: String, words: Words) -> workflows::Checked {
    if cfg!(feature = "ssr") { workflows::check(&text, words) } else { part_check(text, words).await }
}

/// Has the rules loaded before anyone needs them. Does nothing on the server.
pub(crate) fn expect_checks() {
    #[cfg(feature = "hydrate")]
    leptos::task::spawn_local(__preload_part_check());
}

#[lazy]
fn part_draw(definition: Value, words: Words) -> Graph {
    workflows::graph_of_json(&definition, words)
}

/// The picture of a stored definition (canonical JSON).
pub(crate) async fn draw(definition: Value, words: Words) -> Graph {
    if cfg!(feature = "ssr") {
        workflows::graph_of_json(&definition, words)
    } else {
        part_draw(definition, words).await
    }
}

/// Declares a page whose view comes with a part.
macro_rules! page {
    ($(#[$doc:meta])* $name:ident = $part:ident($($which:expr)?), $preload:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name;

        impl LazyRoute for $name {
            fn data() -> Self {
                Self
            }

            async fn view(_: Self) -> AnyView {
                $part($($which)?).await
            }

            #[cfg(feature = "hydrate")]
            async fn preload() {
                $preload().await;
            }
        }
    };
}

page!(
    /// The workflows.
    WorkflowsPage = part_lists(List::Workflows), __preload_part_lists
);
page!(
    /// The examples.
    GalleryPage = part_lists(List::Gallery), __preload_part_lists
);
page!(
    /// The instances.
    InstancesPage = part_lists(List::Instances), __preload_part_lists
);
page!(
    /// A workflow: definition, graph, versions.
    WorkflowPage = part_workbench(Bench::Workflow), __preload_part_workbench
);
page!(
    /// A workflow that is not stored yet.
    NewPage = part_workbench(Bench::New), __preload_part_workbench
);
page!(
    /// The start form.
    RunPage = part_workbench(Bench::Run), __preload_part_workbench
);
page!(
    /// One instance.
    InstancePage = part_instance(), __preload_part_instance
);
