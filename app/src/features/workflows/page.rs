//! One workflow: its graph and its text side by side, its versions, saving a new one, deleting.

use super::calls::{delete_workflow, get_workflow, save_version};
use super::check::Checked;
use super::new::{refusal, show_problems, source_of};
use super::versions::Versions;
use super::workbench::{Bench, Workbench};
use crate::context::may;
use crate::failure::Failure;
use crate::features::message::{Guard, NotFound};
use crate::frame::{Crumbs, TopBar};
use crate::i18n::{Words, use_words};
use crate::parts;
use crate::ui::{Dialog, ErrorState, Icon, Skeleton, Svg, toast};
use heddle_api::Permission;
use heddle_api::params::{DeleteWorkflow, ReplaceWorkflow};
use heddle_api::view::{ApplyOutcome, WorkflowView};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};

/// The page.
#[component]
pub fn WorkflowPage() -> impl IntoView {
    view! { <Guard permission=Permission::WorkflowView><Workflow/></Guard> }
}

/// The workflow, and what its text is worth.
async fn load(id: String, version: Option<u32>, words: Words) -> Result<(WorkflowView, Checked), Failure> {
    let workflow = get_workflow(id, version).await?;
    let checked = parts::check(workflow.yaml.clone().unwrap_or_default(), words).await;
    Ok((workflow, checked))
}

#[component]
fn Workflow() -> impl IntoView {
    let words = use_words();
    let params = use_params_map();
    let query = use_query_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let version =
        Memo::new(move |_| query.with(|query| query.get("version")).and_then(|text| text.parse::<u32>().ok()));
    let versions = Memo::new(move |_| query.with(|query| query.get("tab")).as_deref() == Some("versions"));
    let workflow = Resource::new(move || (id.get(), version.get()), move |(id, version)| load(id, version, words));
    view! {
        <Transition fallback=|| view! { <TopBar lead=()/> <main class="app__main" id="main"><Skeleton/></main> }>
            {move || workflow.get().map(|result| match result {
                Ok((view, checked)) => view! { <Loaded workflow=view checked=checked old=version.get().is_some() versions=versions reload=Callback::new(move |()| workflow.refetch())/> }.into_any(),
                Err(failure) if failure.is_not_found() => view! { <TopBar lead=()/> <main class="app__main" id="main"><NotFound/></main> }.into_any(),
                Err(failure) => view! {
                    <TopBar lead=()/>
                    <main class="app__main" id="main"><ErrorState failure=failure retry=Callback::new(move |()| workflow.refetch())/></main>
                }.into_any(),
            })}
        </Transition>
    }
}

#[component]
fn Loaded(
    workflow: WorkflowView,
    checked: Checked,
    old: bool,
    versions: Memo<bool>,
    reload: Callback<()>,
) -> impl IntoView {
    let words = use_words();
    let stored = StoredValue::new(workflow.yaml.clone().unwrap_or_default());
    let bench = Bench::new(stored.get_value(), checked);
    let changed = Memo::new(move |_| bench.text.with(|text| stored.with_value(|stored| stored != text)));
    let (id, number) = (workflow.id, workflow.version);
    let save =
        Action::new(move |text: &String| save_version(ReplaceWorkflow { id, source: source_of(text), if_match: None }));
    Effect::new(move |_| match save.value().get() {
        Some(Ok(applied)) => {
            let text = if applied.outcome == ApplyOutcome::Unchanged {
                words.same_content().to_owned()
            } else {
                words.version_saved(applied.workflow.version.into())
            };
            toast(text, false);
            reload.run(());
        }
        Some(Err(failure)) => {
            show_problems(bench, &failure);
            toast(refusal(&failure, words), true);
        }
        None => {}
    });
    let on_save = move |_| {
        leptos::task::spawn_local(async move {
            if bench.checks_out(words).await {
                save.dispatch(bench.text.get_untracked());
            }
        });
    };
    bench.guard_leaving(changed.into());
    let can_edit = may(Permission::WorkflowPublish) && !old;
    let deleting = RwSignal::new(false);
    let name = workflow.name.clone();
    let dialog_name = name.clone();
    let crumb = view! {
        <Crumbs steps=vec![("/workflows".to_owned(), words.workflows().to_owned())] here=name.clone() heading=true/>
        <span class="tag hide-small num">{words.version_of(number.into())}</span>
        {move || changed.get().then(|| view! { <span class="caption muted hide-small" role="status">{words.unsaved()}</span> })}
    };
    view! {
        <Title text=words.page_title(&name)/>
        <TopBar lead=crumb>
            {can_edit.then(|| view! {
                <button class="btn btn--c btn--ghost hide-small" type="button" hidden=move || !changed.get() on:click=move |_| bench.text.set(stored.get_value())>
                    {words.discard()}
                </button>
                <button class="btn btn--c" type="button" on:click=on_save hidden=move || !changed.get()
                    aria-disabled=move || save.pending().get().then_some("true")>
                    <Svg icon=Icon::Save class="icon--s"/>
                    <span class="btn__text">{words.save_version()}</span>
                </button>
            })}
            {may(Permission::WorkflowRun).then(|| view! {
                <a class="btn btn--c btn--primary" href=format!("/workflows/{id}/run")>
                    <Svg icon=Icon::Play class="icon--s"/>
                    {words.run()}
                </a>
            })}
        </TopBar>
        <main class="app__main" id="main">
            {move || {
                let shows_versions = versions.get();
                let head = move || view! { <Tabs id=id.to_string() versions=shows_versions old=old/> };
                let strip = view! {
                    <a class="btn btn--ghost btn--s" href=format!("/instances?workflow={id}")><Svg icon=Icon::ListChecks class="icon--s"/>{words.instances()}</a>
                    {(can_edit && may(Permission::WorkflowDelete)).then(|| view! {
                        <button class="btn btn--ghost btn--s btn--danger-quiet" type="button" on:click=move |_| deleting.set(true)>
                            <Svg icon=Icon::Trash2 class="icon--s"/>{words.delete_workflow()}
                        </button>
                    })}
                };
                if shows_versions {
                    view! { <Workbench bench=bench readonly=true head=head instead=move || view! { <Versions id=id shown=number/> }>{strip}</Workbench> }.into_any()
                } else {
                    view! { <Workbench bench=bench readonly=!can_edit head=head>{strip}</Workbench> }.into_any()
                }
            }}
        </main>
        <DeleteDialog open=deleting name=dialog_name id=id/>
    }
}

/// Definition or versions, and what an older version is.
#[component]
fn Tabs(id: String, versions: bool, old: bool) -> impl IntoView {
    let words = use_words();
    view! {
        <nav class="tabs tabs--c" aria-label=words.details()>
            <a class="tab" href=format!("/workflows/{id}") aria-current=(!versions).then_some("page")>{words.editor()}</a>
            <a class="tab" href=format!("/workflows/{id}?tab=versions") aria-current=versions.then_some("page")>{words.versions()}</a>
        </nav>
        {old.then(|| view! {
            <div class="banner banner--bar" role="status">
                <Svg icon=Icon::Info/>
                <span class="grow">{words.viewing_old()}</span>
                <a class="btn btn--s" href=format!("/workflows/{id}")>{words.back_to_current()}</a>
            </div>
        })}
    }
}

#[component]
fn DeleteDialog(open: RwSignal<bool>, name: String, id: heddle_model::ids::WorkflowId) -> impl IntoView {
    let words = use_words();
    let navigate = use_navigate();
    let remove = Action::new(move |(): &()| delete_workflow(DeleteWorkflow { id, force: false }));
    Effect::new(move |_| match remove.value().get() {
        Some(Ok(())) => {
            toast(words.deleted(), false);
            navigate("/workflows", Default::default());
        }
        Some(Err(failure)) => {
            open.set(false);
            toast(failure.line(words), true);
        }
        None => {}
    });
    view! {
        <Dialog open=open title=words.delete_question(&name)>
            <div class="dialog__body"><p>{words.delete_text()}</p></div>
            <div class="dialog__foot">
                <button class="btn" type="button" on:click=move |_| open.set(false)>{words.cancel()}</button>
                <button class="btn btn--danger" type="button" on:click=move |_| { remove.dispatch(()); }>{words.delete_workflow()}</button>
            </div>
        </Dialog>
    }
}
