//! Workflows: list, example gallery, definition with its graph, versions, start form.

mod calls;
mod check;
mod gallery;
mod list;
mod new;
mod page;
mod problems;
mod row;
mod run;
mod schema;
mod starts;
mod versions;
mod workbench;

#[cfg(feature = "ssr")]
pub use calls::{
    CreateWorkflow, DeleteWorkflow, GetWorkflow, ListVersions, ListWorkflows, SaveVersion, Start, StartForm,
    UseExample, Validate,
};
pub use gallery::GalleryPage;
pub use list::{HomePage, ListPage};
pub use new::NewPage;
pub use page::WorkflowPage;
pub use run::RunPage;

pub(crate) use calls::get_workflow;
pub(crate) use check::{Checked, check, graph_of_json};
