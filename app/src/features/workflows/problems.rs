//! The list of problems under the editor, and the strip that counts them.

use crate::i18n::{Words, use_words};
use crate::ui::{Icon, LineMark, Svg};
use heddle_api::error::{ProblemItem, Severity};
use leptos::prelude::*;

/// Problems that are listed; whoever has more mends these first. The count above the list tells all.
const SHOWN: usize = 100;

/// Colour family of a severity.
pub const fn family(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "failed",
        Severity::Warning => "waiting",
        Severity::Hint => "paused",
    }
}

const fn icon(severity: Severity) -> Icon {
    match severity {
        Severity::Error => Icon::CircleAlert,
        Severity::Warning => Icon::TriangleAlert,
        Severity::Hint => Icon::Info,
    }
}

const fn word(severity: Severity, words: Words) -> &'static str {
    match severity {
        Severity::Error => words.severity_error(),
        Severity::Warning => words.severity_warning(),
        Severity::Hint => words.severity_hint(),
    }
}

/// Problems as marks of lines.
pub fn marks(problems: &[ProblemItem]) -> Vec<LineMark> {
    problems
        .iter()
        .filter_map(|problem| {
            Some(LineMark { line: problem.line?, state: family(problem.severity), text: problem.message.clone() })
        })
        .collect()
}

/// The list; a problem with a line leads there.
#[component]
pub fn Problems(
    /// What is wrong.
    #[prop(into)]
    problems: Signal<Vec<ProblemItem>>,
    /// Goes to a line.
    #[prop(into)]
    go: Callback<u32>,
) -> impl IntoView {
    let words = use_words();
    let rows = move || {
        problems.get().into_iter().take(SHOWN).map(|problem| view! { <Problem problem=problem go=go/> }).collect_view()
    };
    let more = move || {
        let more = problems.with(Vec::len).saturating_sub(SHOWN);
        (more > 0).then(|| view! { <li class="caption hint">{words.problems_more(more as u64)}</li> })
    };
    view! {
        <ul class="problems" aria-label=words.problems() hidden=move || problems.with(Vec::is_empty)>{rows}{more}</ul>
    }
}

#[component]
fn Problem(problem: ProblemItem, go: Callback<u32>) -> impl IntoView {
    let words = use_words();
    let place = match (problem.line, problem.column) {
        (Some(line), Some(column)) => words.line_column_at(line, column),
        (Some(line), None) => words.line_at(line),
        _ => problem.pointer.clone(),
    };
    let line = problem.line;
    view! {
        <li>
            <button class="problems__item" type="button" data-state=family(problem.severity) on:click=move |_| if let Some(line) = line { go.run(line) }>
                <Svg icon=icon(problem.severity)/>
                <span class="mono"><span class="sr">{word(problem.severity, words)} " "</span>{problem.code}</span>
                <span>{problem.message}</span>
                <span class="caption hint num nowrap">{place}</span>
            </button>
        </li>
    }
}

/// How many problems there are, by severity.
#[component]
pub fn ProblemCounts(
    /// What is wrong.
    #[prop(into)]
    problems: Signal<Vec<ProblemItem>>,
) -> impl IntoView {
    let words = use_words();
    let count = move |severity: Severity| {
        problems.with(|all| all.iter().filter(|problem| problem.severity == severity).count())
    };
    let chip = move |severity: Severity| {
        move || {
            let count = count(severity);
            (count > 0).then(
                || view! { <span class="count" data-state=family(severity) title=word(severity, words)>{count}</span> },
            )
        }
    };
    view! {
        <span class="row row--tight" role="status">
            {move || problems.with(Vec::is_empty).then(|| view! { <Svg icon=Icon::CircleCheck class="icon--s"/> {words.no_problems()} })}
            {move || (!problems.with(Vec::is_empty)).then(|| words.problems())}
            {chip(Severity::Error)}
            {chip(Severity::Warning)}
            {chip(Severity::Hint)}
        </span>
    }
}
