//! People as circles with initials.

use crate::format::{initials, person_hue};
use leptos::prelude::*;

/// A person's circle.
#[component]
pub fn Avatar(
    /// What others see.
    #[prop(into)]
    name: String,
    /// Further class: `avatar--s`, `avatar--l`.
    #[prop(optional)]
    class: &'static str,
    /// Whether the name stands beside it, so that it needs none itself.
    #[prop(optional)]
    decorative: bool,
) -> impl IntoView {
    let hue = person_hue(&name);
    view! {
        <span class=format!("avatar {class}") data-person=hue role=(!decorative).then_some("img")
            aria-label=(!decorative).then(|| name.clone()) aria-hidden=decorative.then_some("true") title=name.clone()>
            {initials(&name)}
        </span>
    }
}
