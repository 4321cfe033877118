//! Every page and every server function with the permission it needs, in one table. The server checks it at its start: what is not
//! here does not run.

use heddle_api::Permission;

/// What it takes to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: the public pages.
    Public,
    /// Being signed in.
    SignedIn,
    /// A permission.
    Permission(Permission),
}

/// A guarded address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guarded {
    /// Path of the page as the router writes it, or of the server function.
    pub path: &'static str,
    /// What it takes.
    pub need: Need,
}

const fn guarded(path: &'static str, need: Need) -> Guarded {
    Guarded { path, need }
}

use Need::{Permission as Held, Public, SignedIn};
use Permission as P;

/// Every page.
pub const PAGES: &[Guarded] = &[
    guarded("/", SignedIn),
    guarded("/signin", Public),
    guarded("/setup", Public),
    guarded("/workflows", Held(P::WorkflowView)),
    guarded("/workflows/templates", Held(P::WorkflowView)),
    guarded("/workflows/new", Held(P::WorkflowCreate)),
    guarded("/workflows/:id", Held(P::WorkflowView)),
    guarded("/workflows/:id/run", Held(P::WorkflowRun)),
    guarded("/instances", Held(P::InstanceView)),
    guarded("/instances/:id", Held(P::InstanceView)),
];

/// Every server function.
pub const FUNCTIONS: &[Guarded] = &[
    guarded("/app/sign_in", Public),
    guarded("/app/set_up", Public),
    guarded("/app/sign_out", SignedIn),
    guarded("/app/set_language", Public),
    guarded("/app/set_theme", Public),
    guarded("/app/list_workflows", Held(P::WorkflowView)),
    guarded("/app/get_workflow", Held(P::WorkflowView)),
    guarded("/app/list_versions", Held(P::WorkflowView)),
    guarded("/app/create_workflow", Held(P::WorkflowCreate)),
    guarded("/app/save_version", Held(P::WorkflowPublish)),
    guarded("/app/delete_workflow", Held(P::WorkflowDelete)),
    guarded("/app/validate", Held(P::WorkflowView)),
    guarded("/app/use_example", Held(P::WorkflowCreate)),
    guarded("/app/start", Held(P::WorkflowRun)),
    guarded("/app/start_form", Held(P::WorkflowRun)),
    guarded("/app/list_instances", Held(P::InstanceView)),
    guarded("/app/get_instance", Held(P::InstanceView)),
    guarded("/app/list_events", Held(P::InstanceView)),
    guarded("/app/list_logs", Held(P::InstanceView)),
    guarded("/app/act", Held(P::InstanceOperate)),
    guarded("/app/terminate", Held(P::InstanceTerminate)),
];

/// What a server function at this path needs; nothing for paths that are none of ours.
pub fn need_of_function(path: &str) -> Option<Need> {
    FUNCTIONS.iter().find(|function| function.path == path).map(|function| function.need)
}

/// Registers every server function, so that none is missing on platforms without link-time registration.
#[cfg(feature = "ssr")]
pub fn register() {
    use crate::features::{auth, instances, workflows};
    use leptos::server_fn::axum::register_explicit;
    register_explicit::<auth::SignIn>();
    register_explicit::<auth::SetUp>();
    register_explicit::<auth::SignOut>();
    register_explicit::<auth::SetLanguage>();
    register_explicit::<auth::SetTheme>();
    register_explicit::<workflows::ListWorkflows>();
    register_explicit::<workflows::GetWorkflow>();
    register_explicit::<workflows::ListVersions>();
    register_explicit::<workflows::CreateWorkflow>();
    register_explicit::<workflows::SaveVersion>();
    register_explicit::<workflows::DeleteWorkflow>();
    register_explicit::<workflows::Validate>();
    register_explicit::<workflows::UseExample>();
    register_explicit::<workflows::Start>();
    register_explicit::<workflows::StartForm>();
    register_explicit::<instances::ListInstances>();
    register_explicit::<instances::GetInstance>();
    register_explicit::<instances::ListEvents>();
    register_explicit::<instances::ListLogs>();
    register_explicit::<instances::Act>();
    register_explicit::<instances::Terminate>();
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_every_registered_function_and_no_other() {
        register();
        let mut registered: Vec<String> =
            leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path.to_owned()).collect();
        let mut declared: Vec<String> = FUNCTIONS.iter().map(|function| function.path.to_owned()).collect();
        registered.sort();
        registered.dedup();
        declared.sort();
        assert_eq!(registered, declared);
    }

    #[test]
    fn no_mutation_by_get() {
        register();
        for (path, method) in leptos::server_fn::axum::server_fn_paths() {
            assert_eq!(method.as_str(), "POST", "{path} would change state by GET, or could be made to");
        }
    }

    #[test]
    fn only_the_doorstep_is_public() {
        let public: Vec<_> =
            PAGES.iter().chain(FUNCTIONS).filter(|entry| entry.need == Public).map(|entry| entry.path).collect();
        assert_eq!(public, ["/signin", "/setup", "/app/sign_in", "/app/set_up", "/app/set_language", "/app/set_theme"]);
    }
}
