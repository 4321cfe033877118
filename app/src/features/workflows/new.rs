//! A new workflow: typed, pasted or read from a file; every problem is shown before anything is stored.

use super::calls::create_workflow;
use super::check::Checked;
use super::workbench::{Bench, Workbench};
use crate::failure::Failure;
use crate::features::message::Guard;
use crate::frame::{Crumbs, TopBar};
use crate::i18n::{Words, use_words};
use crate::live::browser;
use crate::parts;
use crate::ui::{Icon, Skeleton, Svg, toast};
use heddle_api::params::{CreateWorkflow, DefinitionFormat, DefinitionText};
use heddle_api::{ErrorCode, Lang, Permission};
use leptos::html;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_navigate, use_query_map};

const BLANK_EN: &str = "name: My workflow\nnodes:\n  - { id: start, type: start }\n  - id: greet\n    name: Say hello\n    type: log\n    config: { message: Hello }\n  - { id: done, type: end }\nedges:\n  - { from: start, to: greet }\n  - { from: greet, to: done }\n";
const BLANK_ZH: &str = "name: 我的工作流\nnodes:\n  - { id: 开始, type: start }\n  - id: 问候\n    type: log\n    config: { message: 你好 }\n  - { id: 结束, type: end }\nedges:\n  - { from: 开始, to: 问候 }\n  - { from: 问候, to: 结束 }\n";

/// A text as the API takes it: JSON where it begins like JSON, else YAML.
pub fn source_of(text: &str) -> DefinitionText {
    let format = if text.trim_start().starts_with('{') { DefinitionFormat::Json } else { DefinitionFormat::Yaml };
    DefinitionText { format, text: text.to_owned() }
}

/// What a refused definition is told in one line.
pub fn refusal(failure: &Failure, words: Words) -> String {
    failure.line(words)
}

/// The page.
#[component]
pub fn NewPage() -> impl IntoView {
    view! { <Guard permission=Permission::WorkflowCreate><Begin/></Guard> }
}

fn blank(words: Words) -> &'static str {
    if words.0 == Lang::Zh { BLANK_ZH } else { BLANK_EN }
}

#[component]
fn Begin() -> impl IntoView {
    let words = use_words();
    let checked = Resource::new(|| (), move |()| parts::check(blank(words).to_owned(), words));
    view! {
        <Suspense fallback=|| view! { <TopBar lead=()/> <main class="app__main" id="main"><Skeleton/></main> }>
            {move || checked.get().map(|checked| view! { <New checked=checked/> })}
        </Suspense>
    }
}

#[component]
fn New(checked: Checked) -> impl IntoView {
    let words = use_words();
    let import = use_query_map().with_untracked(|query| query.get("import").is_some());
    let blank = blank(words);
    let bench = Bench::new(blank.to_owned(), checked);
    let navigate = use_navigate();
    let create = Action::new(move |text: &String| create_workflow(CreateWorkflow { source: source_of(text) }));
    Effect::new(move |_| match create.value().get() {
        Some(Ok(workflow)) => navigate(&format!("/workflows/{}", workflow.id), Default::default()),
        Some(Err(failure)) => {
            show_problems(bench, &failure);
            let text =
                if failure.code() == Some(ErrorCode::NameTaken) {
                    words.name_taken(&bench.checked.with_untracked(|checked| {
                        checked.read.as_ref().map(|read| read.name.clone()).unwrap_or_default()
                    }))
                } else {
                    refusal(&failure, words)
                };
            toast(text, true);
        }
        None => {}
    });
    let save = move |_| {
        leptos::task::spawn_local(async move {
            if bench.checks_out(words).await {
                create.dispatch(bench.text.get_untracked());
            }
        });
    };
    bench.guard_leaving(Signal::derive(move || {
        bench.text.with(|text| text != blank) && create.value().with(Option::is_none)
    }));
    view! {
        <Title text=words.page_title(words.new_workflow())/>
        <TopBar lead=view! { <Crumbs steps=vec![("/workflows".to_owned(), words.workflows().to_owned())] here=words.new_workflow().to_owned() heading=true/> }>
            <FileButton bench=bench/>
            <button class="btn btn--c btn--primary" type="button" on:click=save aria-disabled=move || create.pending().get().then_some("true")>
                <Svg icon=Icon::Check class="icon--s"/>
                {words.create_workflow()}
            </button>
        </TopBar>
        <main class="app__main" id="main">
            <Workbench bench=bench>
                {import.then(|| view! { <span class="caption muted hide-small">{words.import_a_file_text()}</span> })}
            </Workbench>
        </main>
    }
}

/// Problems that only the server found come to those the browser knows.
pub fn show_problems(bench: Bench, failure: &Failure) {
    let Some(problem) = failure.problem().filter(|problem| problem.code == ErrorCode::InvalidDefinition) else {
        return;
    };
    bench.checked.update(|checked| checked.problems = problem.errors.clone());
}

/// Reads a file into the editor.
#[component]
fn FileButton(bench: Bench) -> impl IntoView {
    let words = use_words();
    let input: NodeRef<html::Input> = NodeRef::new();
    let read = move |_| {
        if let Some(input) = input.get_untracked() {
            browser::read_file(&input, move |text| bench.text.set(text));
        }
    };
    view! {
        <label class="btn btn--c file-button">
            <Svg icon=Icon::Upload class="icon--s"/>
            <span class="btn__text">{words.choose_a_file()}</span>
            <input class="sr" type="file" accept=".yaml,.yml,.json,application/yaml,application/json" node_ref=input on:change=read/>
        </label>
    }
}
