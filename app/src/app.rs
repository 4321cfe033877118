//! The application: what all pages share, and which page stands at which address.

use crate::features::{auth, message, workflows};
use crate::frame::Frame;
use crate::live::provide_feed;
use crate::parts;
use crate::ui::{provide_clock, provide_sprite, provide_toasts};
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{Lazy, SsrMode, path};

/// The root of every page. In the browser the page's context must have been provided before.
#[component]
pub fn App() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(page) = crate::context::from_request() {
        provide_context(page);
    }
    provide_meta_context();
    provide_sprite();
    provide_clock();
    provide_toasts();
    provide_feed();
    view! {
        <Router>
            <Routes fallback=message::NotFoundPage>
                <Route path=path!("/signin") view=auth::SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/setup") view=auth::SetUpPage ssr=SsrMode::Async/>
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("") view=workflows::HomePage ssr=SsrMode::Async/>
                    <Route path=path!("workflows") view={Lazy::<parts::WorkflowsPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("workflows/templates") view={Lazy::<parts::GalleryPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("workflows/new") view={Lazy::<parts::NewPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("workflows/:id") view={Lazy::<parts::WorkflowPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("workflows/:id/run") view={Lazy::<parts::RunPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("instances") view={Lazy::<parts::InstancesPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("instances/:id") view={Lazy::<parts::InstancePage>::new()} ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}
