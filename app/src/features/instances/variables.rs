//! The variables of the instance: name, type, value; long values open on demand.

use super::shown::Shown;
use crate::i18n::use_words;
use crate::ui::{EmptyState, Icon, JsonView};
use leptos::prelude::*;
use serde_json::Value;

/// The word of a value's type.
const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The table.
#[component]
pub fn Variables(shown: Shown) -> impl IntoView {
    let words = use_words();
    let variables = Memo::new(move |_| shown.instance.with(|instance| instance.variables.clone()));
    view! {
        <div class="instance__fill scroll" tabindex="0" role="region" aria-label=words.variables()>
            {move || match variables.get() {
                Value::Object(variables) if !variables.is_empty() => view! {
                    <table class="table events">
                        <thead><tr>
                            <th scope="col">{words.name()}</th>
                            <th scope="col">{words.kind()}</th>
                            <th scope="col" class="table__wide">{words.value()}</th>
                        </tr></thead>
                        <tbody>{variables.into_iter().map(|(name, value)| view! { <Row name=name value=value/> }).collect_view()}</tbody>
                    </table>
                }.into_any(),
                _ => view! { <EmptyState icon=Icon::Variable title=words.no_variables()/> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Row(name: String, value: Value) -> impl IntoView {
    let short = match &value {
        Value::Array(_) | Value::Object(_) => None,
        Value::String(text) if text.chars().count() > 80 || text.contains('\n') => None,
        other => Some(other.to_string()),
    };
    let kind = kind(&value);
    let cell = match short {
        Some(text) => view! { <code>{text}</code> }.into_any(),
        None => {
            let line: String = value.to_string().chars().take(80).collect();
            view! { <details><summary class="mono muted truncate">{line}</summary><JsonView value=value/></details> }
                .into_any()
        }
    };
    view! {
        <tr>
            <td class="table__name">{name}</td>
            <td class="muted">{kind}</td>
            <td class="log__text">{cell}</td>
        </tr>
    }
}
