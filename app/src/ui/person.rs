//! People as circles with initials.

use crate::format::{initials, person_hue};
use leptos::prelude::*;

/// A person's circle.
#[component]
pub fn Avatar(
    /// What others see.
    #[prop(into)]
    name: String,
    /// What decides the hue: an id, or the name.
    #[prop(optional, into)]
    id: String,
    /// Further class: `avatar--s`, `avatar--l`.
    #[prop(optional)]
    class: &'static str,
    /// Whether the name stands beside it, so that it needs none itself.
    #[prop(optional)]
    decorative: bool,
) -> impl IntoView {
    let hue = person_hue(if id.is_empty() { &name } else { &id });
    view! {
        <span class=format!("avatar {class}") data-person=hue role=(!decorative).then_some("img")
            aria-label=(!decorative).then(|| name.clone()) aria-hidden=decorative.then_some("true") title=name.clone()>
            {initials(&name)}
        </span>
    }
}
