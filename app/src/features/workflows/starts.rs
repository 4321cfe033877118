//! Three ways to a first workflow: an example, an empty text, a file.

use crate::context::may;
use crate::i18n::use_words;
use crate::ui::{Icon, Svg};
use heddle_api::Permission;
use leptos::prelude::*;

/// The three cards.
#[component]
pub fn Starts() -> impl IntoView {
    let words = use_words();
    let create = may(Permission::WorkflowCreate);
    view! {
        <ul class="starts">
            <StartCard icon=Icon::WandSparkles category="logic" title=words.start_from_example() text=words.start_from_example_text()
                action=words.browse_examples() href="/workflows/templates" primary=true/>
            {create.then(|| view! {
                <StartCard icon=Icon::Workflow category="data" title=words.write_your_own() text=words.write_your_own_text()
                    action=words.blank_workflow() href="/workflows/new"/>
                <StartCard icon=Icon::Upload category="action" title=words.import_a_file() text=words.import_a_file_text()
                    action=words.choose_a_file() href="/workflows/new?import=1"/>
            })}
        </ul>
    }
}

#[component]
fn StartCard(
    icon: Icon,
    category: &'static str,
    title: &'static str,
    text: &'static str,
    action: &'static str,
    href: &'static str,
    #[prop(optional)] primary: bool,
) -> impl IntoView {
    view! {
        <li class="card start-card">
            <span class="tile tile--l" data-cat=category><Svg icon=icon/></span>
            <h3>{title}</h3>
            <p class="muted">{text}</p>
            <a class=if primary { "btn btn--primary" } else { "btn" } href=href>{action}</a>
        </li>
    }
}
