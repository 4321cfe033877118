//! Actions on an instance or a node of it: each tells its consequence, asks a reason, and is confirmed. The engine has the last word.

use super::calls::{act, terminate};
use super::shown::Shown;
use crate::failure::Failure;
use crate::i18n::{Words, use_words};
use crate::ui::{Dialog, Field, toast};
use heddle_api::params::{ActionName, ActionParams, InstanceAction};
use heddle_api::view::InstanceView;
use leptos::prelude::*;
use serde_json::Value;

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The action.
    pub action: ActionName,
    /// Id and name of the node; the whole instance where absent.
    pub node: Option<(String, String)>,
}

/// Question, consequence and button of an action.
fn texts(ask: &Ask, instance: &str, words: Words) -> (String, &'static str, &'static str) {
    let what = ask.node.as_ref().map_or(instance, |(_, name)| name);
    match ask.action {
        ActionName::Pause => (words.pause_question(what), words.pause_text(), words.pause()),
        ActionName::Resume => (words.resume().to_owned(), "", words.resume()),
        ActionName::Terminate => (words.terminate_question(what), words.terminate_text(), words.terminate()),
        ActionName::Retry => (words.retry_question(what), words.retry_text(), words.retry_node()),
        ActionName::Skip => (words.skip_question(what), words.skip_text(), words.skip()),
        ActionName::Complete => (words.complete_question(what), words.complete_text(), words.complete()),
        // Programs only, so far: no button offers these.
        ActionName::Compensate | ActionName::Modify | ActionName::Rollback | ActionName::Migrate => {
            (what.to_owned(), "", ask.action.as_str())
        }
    }
}

/// What a person gives to an action.
#[derive(Clone, Copy)]
struct Answer {
    reason: RwSignal<String>,
    output: RwSignal<String>,
    /// What is wrong with the output.
    wrong: RwSignal<Option<String>>,
}

impl Answer {
    fn new() -> Self {
        Self { reason: RwSignal::default(), output: RwSignal::default(), wrong: RwSignal::default() }
    }

    fn clear(self) {
        self.reason.set(String::new());
        self.output.set(String::new());
        self.wrong.set(None);
    }

    /// The parameters for a node, or for the instance; nothing, and a word about it, where the output is no JSON.
    fn read(self, node: Option<String>, words: Words) -> Option<ActionParams> {
        let text = self.output.get_untracked();
        let parsed = if text.trim().is_empty() { Ok(None) } else { serde_json::from_str::<Value>(&text).map(Some) };
        let Ok(output) = parsed else {
            self.wrong.set(Some(words.not_json().to_owned()));
            return None;
        };
        let reason = Some(self.reason.get_untracked()).filter(|reason| !reason.trim().is_empty());
        Some(ActionParams { reason, node, output, ..ActionParams::default() })
    }
}

/// Sends actions, and shows what came of them.
fn sender(shown: Shown) -> Action<(ActionName, ActionParams), Result<InstanceView, Failure>> {
    let words = use_words();
    let id = shown.instance.with_untracked(|instance| instance.id);
    let run = Action::new(move |(action, params): &(ActionName, ActionParams)| {
        let (action, params) = (*action, params.clone());
        async move {
            match action {
                ActionName::Terminate => terminate(id, params.reason).await,
                _ => act(InstanceAction { id, action, params, dry_run: false }).await,
            }
        }
    });
    Effect::new(move |_| match run.value().get() {
        Some(Ok(newer)) => {
            shown.put(newer);
            shown.reread();
        }
        Some(Err(failure)) => {
            toast(failure.line(words), true);
            shown.reread();
        }
        None => {}
    });
    run
}

/// The dialog of whatever is asked.
#[component]
pub fn ActionDialog(shown: Shown, name: String, ask: RwSignal<Option<Ask>>) -> impl IntoView {
    let words = use_words();
    let open = RwSignal::new(false);
    let answer = Answer::new();
    let name = StoredValue::new(name);
    let run = sender(shown);
    Effect::new(move |_| {
        let Some(asked) = ask.get() else { return };
        answer.clear();
        if asked.action == ActionName::Resume {
            // Nothing is lost by resuming: no question.
            ask.set(None);
            run.dispatch((ActionName::Resume, ActionParams::default()));
        } else {
            open.set(true);
        }
    });
    Effect::new(move |_| {
        if !open.get() {
            ask.set(None);
        }
    });
    let confirm = Callback::new(move |()| {
        let Some(Ask { action, node }) = ask.get_untracked() else { return };
        let Some(params) = answer.read(node.map(|(id, _)| id), words) else { return };
        run.dispatch((action, params));
        open.set(false);
    });
    let current = move || ask.get().map(|asked| (texts(&asked, &name.get_value(), words), asked));
    let title = Signal::derive(move || current().map(|((title, _, _), _)| title).unwrap_or_default());
    view! {
        <Dialog open=open title=title>
            {move || current().map(|((_, consequence, verb), asked)| view! {
                <Question action=asked.action consequence=consequence verb=verb answer=answer open=open confirm=confirm/>
            })}
        </Dialog>
    }
}

/// The inside of the dialog.
#[component]
fn Question(
    action: ActionName,
    consequence: &'static str,
    verb: &'static str,
    answer: Answer,
    open: RwSignal<bool>,
    confirm: Callback<()>,
) -> impl IntoView {
    let words = use_words();
    let wants_output = matches!(action, ActionName::Skip | ActionName::Complete);
    let class = if action == ActionName::Terminate { "btn btn--danger" } else { "btn btn--primary" };
    let keep = if action == ActionName::Terminate { words.keep_running() } else { words.cancel() };
    let Answer { reason, output, wrong } = answer;
    view! {
        <form method="dialog" on:submit=move |event| { event.prevent_default(); confirm.run(()); }>
            <div class="dialog__body">
                <p class="muted">{consequence}</p>
                {wants_output.then(|| view! {
                    <Field id="action-output" label=words.output_json() error=wrong>
                        <textarea class="input mono" id="action-output" rows="4" spellcheck="false" aria-describedby="action-output-error"
                            prop:value=move || output.get() on:input=move |event| output.set(event_target_value(&event))></textarea>
                    </Field>
                })}
                <Field id="action-reason" label=words.reason()>
                    <input class="input" id="action-reason" type="text" maxlength="500" autocomplete="off" placeholder=words.reason_hint()
                        prop:value=move || reason.get() on:input=move |event| reason.set(event_target_value(&event))/>
                </Field>
            </div>
            <div class="dialog__foot">
                <button class="btn" type="button" on:click=move |_| open.set(false)>{keep}</button>
                <button class=class type="submit">{verb}</button>
            </div>
        </form>
    }
}
