//! Graph and text side by side: the text is checked while it is typed, and the graph follows as long as it can be read.

use super::check::Checked;
use super::problems::{ProblemCounts, Problems, marks};
use crate::graph::{Graph, GraphView};
use crate::i18n::{Words, use_words};
use crate::live::browser;
use crate::parts;
use crate::ui::{Editor, Icon, Svg};
use heddle_diagram::Size;
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// How long typing must rest before the text is checked.
const REST: Duration = Duration::from_millis(200);

/// Text, what it is worth, and its graph.
#[derive(Clone, Copy)]
pub struct Bench {
    /// The text.
    pub text: RwSignal<String>,
    /// What it is worth; a moment behind while typing.
    pub checked: RwSignal<Checked>,
    /// The graph of the last text that could be read.
    pub graph: RwSignal<Arc<Graph>>,
    /// Whether the graph is older than the text.
    pub stale: RwSignal<bool>,
    /// Number of the last check that was asked for: the answer of an earlier one is dropped.
    asked: StoredValue<u64>,
}

impl Bench {
    /// A bench with this text on it, and what the text is worth.
    pub fn new(text: String, checked: Checked) -> Self {
        let words = use_words();
        let graph = checked.read.as_ref().map(|read| read.graph.clone()).unwrap_or_default();
        let bench = Self {
            text: RwSignal::new(text),
            checked: RwSignal::new(checked),
            graph: RwSignal::new(Arc::new(graph)),
            stale: RwSignal::new(false),
            asked: StoredValue::new(0),
        };
        Effect::new(|_| parts::expect_checks());
        let pending = StoredValue::new(None::<TimeoutHandle>);
        Effect::new(move |first: Option<()>| {
            bench.text.track();
            if first.is_none() {
                return;
            }
            if let Some(earlier) = pending.get_value() {
                earlier.clear();
            }
            let check = move || {
                leptos::task::spawn_local(async move {
                    bench.check(words).await;
                });
            };
            pending.set_value(set_timeout_with_handle(check, REST).ok());
        });
        bench
    }

    /// What the text of now is worth; `None` when the page has gone. Shown unless a later check was asked for meanwhile.
    async fn check(self, words: Words) -> Option<Checked> {
        let asked = self.asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        })?;
        let checked = parts::check(self.text.try_get_untracked()?, words).await;
        if self.asked.try_get_value()? == asked {
            match &checked.read {
                Some(read) if !read.graph.nodes.is_empty() => {
                    self.graph.set(Arc::new(read.graph.clone()));
                    self.stale.set(false);
                }
                _ => self.stale.set(true),
            }
            self.checked.set(checked.clone());
        }
        Some(checked)
    }

    /// Checks at once, without waiting for typing to rest; says so where something blocks.
    pub async fn checks_out(self, words: Words) -> bool {
        let Some(checked) = self.check(words).await else { return false };
        let valid = checked.is_valid();
        if !valid {
            crate::ui::toast(words.problems_count(checked.errors()), true);
        }
        valid
    }

    /// Asks before a page with unsaved text is left, by a link of ours or any other way.
    pub fn guard_leaving(self, unsaved: Signal<bool>) {
        let listener = window_event_listener(leptos::ev::beforeunload, move |event| {
            if unsaved.try_get_untracked() == Some(true) {
                event.prevent_default();
            }
        });
        on_cleanup(move || listener.remove());
        let words = use_words();
        browser::guard_links(move || {
            unsaved.try_get_untracked() != Some(true)
                || window().confirm_with_message(words.leave_question()).unwrap_or(true)
        });
    }
}

/// The two panes and the strip below them.
#[component]
pub fn Workbench(
    /// What lies on it.
    bench: Bench,
    /// Whether the text can be changed.
    #[prop(optional, into)]
    readonly: Signal<bool>,
    /// Above the editor: tabs, or a note.
    #[prop(optional, into)]
    head: Option<ViewFn>,
    /// Instead of the editor: the list of versions.
    #[prop(optional, into)]
    instead: Option<ViewFn>,
    /// Buttons on the right of the strip.
    children: Children,
) -> impl IntoView {
    let words = use_words();
    let area: NodeRef<html::Textarea> = NodeRef::new();
    let selected = RwSignal::new(None::<String>);
    let problems = Signal::derive(move || bench.checked.with(|checked| checked.problems.clone()));
    let go = Callback::new(move |line: u32| {
        if let Some(area) = area.get_untracked() {
            browser::go_to_line(&area, line);
        }
    });
    // Selecting a card shows its text.
    Effect::new(move |_| {
        let (Some(id), Some(area)) = (selected.get(), area.get_untracked()) else { return };
        if let Some(line) = bench.text.with_untracked(|text| line_of(text, &id)) {
            browser::go_to_line(&area, line);
        }
    });
    let editor = move || {
        view! {
            <Editor label=words.editor_label() text=bench.text marks=Signal::derive(move || problems.with(|all| marks(all))) readonly=readonly node_ref=area/>
            <Problems problems=problems go=go/>
        }
    };
    view! {
        <div class="wf">
            <GraphView graph=bench.graph selected=selected label=words.graph() guess=Size::new(924.0, 816.0)>
                {move || bench.stale.get().then(|| view! {
                    <p class="banner banner--text canvas__note" data-state="waiting" role="status"><Svg icon=Icon::TriangleAlert/><span>{words.graph_is_stale()}</span></p>
                })}
                {move || bench.graph.with(|graph| graph.nodes.is_empty()).then(|| view! { <p class="canvas__note hint">{words.graph_is_empty()}</p> })}
            </GraphView>
            <div class="panel panel--end wf__side">
                {head.map(|head| head.run())}
                {match instead {
                    Some(instead) => instead.run(),
                    None => editor().into_any(),
                }}
            </div>
            <div class="strip">
                <ProblemCounts problems=problems/>
                <span class="grow"></span>
                {children()}
            </div>
        </div>
    }
}

/// The line (from 1) where a node's id or name is written: good enough to scroll there.
fn line_of(text: &str, id: &str) -> Option<u32> {
    let written = |line: &str| {
        ["id:", "name:"].iter().any(|key| {
            line.split(key).skip(1).any(|rest| {
                let rest = rest.trim_start().trim_start_matches(['"', '\'']);
                rest.strip_prefix(id).is_some_and(|after| {
                    after.chars().next().is_none_or(|next| matches!(next, ' ' | ',' | '}' | '"' | '\'' | '\r'))
                })
            })
        })
    };
    text.lines().position(written).and_then(|at| u32::try_from(at + 1).ok())
}

#[cfg(test)]
mod tests {
    use super::line_of;

    #[test]
    fn a_node_is_found_in_the_text() {
        let text = "name: 示例\nnodes:\n  - { id: 任务A, type: echo }\n  - id: 任务\n    name: \"Print label\"\n";
        assert_eq!(line_of(text, "任务A"), Some(3));
        assert_eq!(line_of(text, "任务"), Some(4));
        assert_eq!(line_of(text, "Print label"), Some(5));
        assert_eq!(line_of(text, "nowhere"), None);
    }
}
