//! The start form, made from the workflow's `inputs` schema. Before the page is alive it is a plain form; then mistakes show at once.

use super::calls::{get_workflow, start};
use super::schema::{Control, Form, FormField, Mistake, WHOLE, choice_text};
use crate::failure::Failure;
use crate::features::message::{Guard, NotFound};
use crate::frame::{Crumbs, TopBar};
use crate::i18n::use_words;
use crate::ui::{ErrorState, Field, Icon, Skeleton, Svg};
use heddle_api::Permission;
use heddle_api::params::StartInstance;
use heddle_api::view::WorkflowView;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use std::collections::BTreeMap;

/// The page.
#[component]
pub fn RunPage() -> impl IntoView {
    view! { <Guard permission=Permission::WorkflowRun><Run/></Guard> }
}

#[component]
fn Run() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let workflow = Resource::new(move || id.get(), |id| get_workflow(id, None));
    view! {
        <Transition fallback=|| view! { <TopBar lead=()/> <main class="app__main" id="main"><Skeleton/></main> }>
            {move || workflow.get().map(|result| match result {
                Ok(view) => view! { <StartPage workflow=view/> }.into_any(),
                Err(failure) if failure.is_not_found() => view! { <TopBar lead=()/> <main class="app__main" id="main"><NotFound/></main> }.into_any(),
                Err(failure) => view! { <TopBar lead=()/> <main class="app__main" id="main"><ErrorState failure=failure/></main> }.into_any(),
            })}
        </Transition>
    }
}

/// Texts and mistakes of the form, by field name.
#[derive(Clone, Copy)]
struct Filled {
    texts: RwSignal<BTreeMap<String, String>>,
    mistakes: RwSignal<BTreeMap<String, Mistake>>,
}

#[component]
fn StartPage(workflow: WorkflowView) -> impl IntoView {
    let words = use_words();
    let form = StoredValue::new(Form::of(workflow.definition.get("inputs")));
    let initial =
        form.with_value(|form| form.fields.iter().map(|field| (field.name.clone(), field.initial.clone())).collect());
    let filled = Filled { texts: RwSignal::new(initial), mistakes: RwSignal::new(BTreeMap::new()) };
    let key = RwSignal::new(String::new());
    let id = workflow.id;
    let navigate = use_navigate();
    let action = Action::new(|params: &StartInstance| start(params.clone()));
    let refused = RwSignal::new(None::<Failure>);
    Effect::new(move |_| match action.value().get() {
        Some(Ok(instance)) => navigate(&format!("/instances/{}", instance.id), Default::default()),
        Some(Err(failure)) => refused.set(Some(failure)),
        None => {}
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        refused.set(None);
        match form.with_value(|form| filled.texts.with_untracked(|texts| form.read(texts))) {
            Ok(input) => {
                filled.mistakes.set(BTreeMap::new());
                let business_key = Some(key.get_untracked()).filter(|key| !key.trim().is_empty());
                action.dispatch(StartInstance {
                    workflow_id: Some(id.to_string()),
                    input,
                    business_key,
                    ..Default::default()
                });
            }
            Err(mistakes) => filled.mistakes.set(mistakes),
        }
    };
    let came_back = use_query_map().with_untracked(|query| query.get("error").is_some());
    let wrong = move || !filled.mistakes.with(BTreeMap::is_empty) || came_back && action.value().with(Option::is_none);
    let href = format!("/workflows/{id}");
    let steps = vec![("/workflows".to_owned(), words.workflows().to_owned()), (href.clone(), workflow.name.clone())];
    let fields = form.get_value();
    let note = if fields.declared && fields.fields.is_empty() {
        words.run_no_inputs()
    } else if fields.declared {
        ""
    } else {
        words.run_no_schema()
    };
    view! {
        <Title text=words.page_title(&format!("{} – {}", words.run(), workflow.name))/>
        <TopBar lead=view! { <Crumbs steps=steps here=words.run().to_owned()/> }/>
        <main class="app__main form-page" id="main">
            <form class="sheet form form--start" method="post" action="/app/start_form" novalidate on:submit=submit>
                <div>
                    <h1 class="page__title">{words.run_title()}</h1>
                    <p class="muted">{workflow.name.clone()} " " <span class="hint num">{words.version_of(workflow.version.into())}</span></p>
                    {workflow.description.clone().map(|text| view! { <p class="muted">{text}</p> })}
                </div>
                <input type="hidden" name="workflow" value=id.to_string()/>
                {move || wrong().then(|| view! { <Summary filled=filled/> })}
                {move || refused.get().map(|failure| view! { <Refusal failure=failure/> })}
                {(!note.is_empty()).then(|| view! { <p class="muted">{note}</p> })}
                {fields.fields.into_iter().map(|field| view! { <Input field=field filled=filled/> }).collect_view()}
                <Field id="business-key" label=format!("{} ({})", words.business_key(), words.optional()) help=words.business_key_help()>
                    <input class="input input--l" id="business-key" name="business_key" type="text" maxlength="255" autocomplete="off"
                        aria-describedby="business-key-help" prop:value=move || key.get() on:input=move |event| key.set(event_target_value(&event))/>
                </Field>
                <div class="form-page__foot">
                    <button class="btn btn--l btn--primary" type="submit" aria-disabled=move || action.pending().get().then_some("true")>
                        <Svg icon=Icon::Play class="icon--s"/>
                        {words.run_now()}
                    </button>
                    <a class="btn btn--l btn--ghost" href=href>{words.cancel()}</a>
                </div>
            </form>
        </main>
    }
}

/// All mistakes above the form; it takes the focus, so that they are heard.
#[component]
fn Summary(filled: Filled) -> impl IntoView {
    let words = use_words();
    let element: NodeRef<leptos::html::Div> = NodeRef::new();
    Effect::new(move |_| {
        if let Some(element) = element.get() {
            let _ = element.focus();
        }
    });
    view! {
        <div class="error-summary" role="alert" tabindex="-1" node_ref=element>
            <p class="strong">{words.fields_wrong()}</p>
            {move || filled.mistakes.get().into_iter().map(|(name, mistake)| view! {
                <a href=format!("#f-{name}") rel="external">{name.clone()} ": " {mistake.text(words)}</a>
            }).collect_view()}
        </div>
    }
}

/// What the server found wrong.
#[component]
fn Refusal(failure: Failure) -> impl IntoView {
    let words = use_words();
    let items = failure.problem().map(|problem| problem.errors.clone()).unwrap_or_default();
    view! {
        <div class="error-summary" role="alert">
            <p class="strong">{failure.line(words)}</p>
            {items.into_iter().map(|item| view! { <p><code>{item.pointer}</code> " " {item.message}</p> }).collect_view()}
        </div>
    }
}

#[component]
fn Input(field: FormField, filled: Filled) -> impl IntoView {
    let words = use_words();
    let name = field.name.clone();
    let id = format!("f-{name}");
    let post = format!("fields[{name}]");
    let key = StoredValue::new(name);
    let text = move || filled.texts.with(|texts| key.with_value(|key| texts.get(key).cloned())).unwrap_or_default();
    let mistake = Signal::derive(move || {
        filled.mistakes.with(|all| key.with_value(|key| all.get(key).map(|mistake| mistake.text(words))))
    });
    let put = move |value: String| {
        filled.texts.update(|texts| {
            texts.insert(key.get_value(), value);
        });
        if mistake.with_untracked(Option::is_some) {
            filled.mistakes.update(|all| {
                all.remove(&key.get_value());
            });
        }
    };
    let invalid = move || mistake.with(Option::is_some).then_some("true");
    let described = format!("{id}-error {id}-help");
    let label = if field.name == WHOLE { words.input_json().to_owned() } else { field.label.clone() };
    if field.control == Control::Boolean {
        let first = field.initial == "true";
        return view! {
            <label class="option">
                <input class="check" type="checkbox" id=id name=post value="true" checked=first on:change=move |event| put(event_target_checked(&event).to_string())/>
                <span>{label}{(!field.help.is_empty()).then(|| view! { <span class="field__help option__help">{field.help.clone()}</span> })}</span>
            </label>
        }
        .into_any();
    }
    let first = field.initial.clone();
    let kind = match field.control {
        Control::Date => "date",
        _ => "text",
    };
    let mode = match field.control {
        Control::Number { integer: true, .. } => Some("numeric"),
        Control::Number { .. } => Some("decimal"),
        _ => None,
    };
    let control = match &field.control {
        Control::Choice(choices) => view! {
            <select class="select select--l" id=id.clone() name=post aria-invalid=invalid aria-describedby=described
                prop:value=text on:change=move |event| put(event_target_value(&event))>
                {(!field.required || first.is_empty()).then(|| view! { <option value="" selected=first.is_empty()>{words.choose()}</option> })}
                {choices.iter().map(|choice| {
                    let choice = choice_text(choice);
                    view! { <option value=choice.clone() selected=choice == first>{choice.clone()}</option> }
                }).collect_view()}
            </select>
        }.into_any(),
        Control::Object | Control::Array | Control::Any => view! {
            <textarea class="input mono" id=id.clone() name=post rows="5" spellcheck="false" aria-invalid=invalid aria-describedby=described
                prop:value=text on:input=move |event| put(event_target_value(&event))>{first}</textarea>
        }.into_any(),
        Control::Text { max: Some(120..), .. } => view! {
            <textarea class="input" id=id.clone() name=post rows="3" aria-invalid=invalid aria-describedby=described
                prop:value=text on:input=move |event| put(event_target_value(&event))>{first}</textarea>
        }.into_any(),
        _ => view! {
            <input class="input input--l" id=id.clone() name=post type=kind inputmode=mode autocomplete="off" value=first required=field.required
                aria-invalid=invalid aria-describedby=described prop:value=text on:input=move |event| put(event_target_value(&event))/>
        }.into_any(),
    };
    view! { <Field id=id label=label required=field.required help=field.help error=mistake>{control}</Field> }
        .into_any()
}
