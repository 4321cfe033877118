//! The pages and their server functions: the web app, with what it needs from this request. The app's own table says who may see what.

use crate::assets;
use crate::error::{Answer, Failure};
use crate::extract::Context;
use crate::middleware::content_security_policy;
use crate::route::{Doors, Gate, Need};
use crate::state::AppState;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use heddle_api::view::Viewer;
use heddle_api::{ErrorCode, RequestContext, UseCasesRef};
use heddle_app::context::AssetPaths;
use heddle_app::routes::{FUNCTIONS, Guarded, PAGES};
use heddle_model::limits;
use leptos::nonce::Nonce;
use leptos::prelude::provide_context;

/// Registers every page and every server function of the app.
pub(crate) fn open(mut doors: Doors) -> anyhow::Result<Doors> {
    heddle_app::routes::register();
    for page in PAGES {
        // Pages let everybody in: they answer a stranger with the way to sign in, and what they show they ask for as anybody does.
        doors = doors.open_plain(Gate::PUBLIC, &axum_path(page.path), get(self::page));
    }
    let known: Vec<&str> = PAGES.iter().map(|page| page.path).collect();
    for route in leptos_axum::generate_route_list(heddle_app::App) {
        let path = route.path().to_owned();
        anyhow::ensure!(
            known.iter().any(|known| axum_path(known) == path || *known == path),
            "the page {path} is not in the table of pages"
        );
    }
    for function in FUNCTIONS {
        doors = doors.open_plain(gate(function), function.path, post(self::function));
    }
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        anyhow::ensure!(
            FUNCTIONS.iter().any(|function| function.path == path),
            "the server function {path} is not in the table of functions"
        );
        anyhow::ensure!(
            method == axum::http::Method::POST,
            "the server function {path} would change state by {method}"
        );
    }
    Ok(doors)
}

/// `/workflows/:id` → `/workflows/{id}`.
fn axum_path(path: &str) -> String {
    let parts: Vec<String> = path
        .split('/')
        .map(|part| part.strip_prefix(':').map_or_else(|| part.to_owned(), |name| format!("{{{name}}}")))
        .collect();
    parts.join("/")
}

fn gate(function: &Guarded) -> Gate {
    use heddle_app::routes::Need as AppNeed;
    let need = match function.need {
        AppNeed::Public => Need::Public,
        AppNeed::SignedIn => Need::SignedIn,
        AppNeed::Permission(permission) => Need::AnyOf(one(permission)),
    };
    // Definitions and inputs come through functions too.
    Gate { need, body: limits::DEFINITION_BYTES, ..Gate::PUBLIC }
}

/// The one-element slice of a permission, from the list of all.
fn one(permission: heddle_api::Permission) -> &'static [heddle_api::Permission] {
    heddle_api::Permission::ALL
        .iter()
        .position(|known| *known == permission)
        .map_or(&[], |at| &heddle_api::Permission::ALL[at..=at])
}

/// A page.
pub(crate) async fn page(
    State(state): State<AppState>,
    Context(context): Context,
    request: Request,
) -> Answer<Response> {
    let path = request.uri().path().to_owned();
    let viewer = viewer(&state, &context).await?;
    if viewer.setup_needed && path != "/setup" {
        return Ok(Redirect::to("/setup").into_response());
    }
    if !viewer.setup_needed && path == "/setup" {
        return Err(ErrorCode::NotFound.into());
    }
    if viewer.me.is_none() && !is_public(&path) {
        let next: String = form_urlencoded::byte_serialize(
            request.uri().path_and_query().map_or("/", |target| target.as_str()).as_bytes(),
        )
        .collect();
        return Ok(Redirect::to(&format!("/signin?next={next}")).into_response());
    }
    Ok(render(&state, context, viewer, request).await)
}

/// Whatever no route knows: a page for browsers, a problem for programs.
pub(crate) async fn not_found(State(state): State<AppState>, request: Request) -> Answer<Response> {
    let wants_page = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"));
    if !wants_page || request.uri().path().starts_with("/api/") || request.method() != axum::http::Method::GET {
        return Err(ErrorCode::NotFound.into());
    }
    let stranger =
        request.extensions().get::<RequestContext>().cloned().ok_or_else(|| Failure::from(ErrorCode::Internal))?;
    let context = crate::middleware::identify(&state, request.headers(), &stranger).await.unwrap_or(stranger);
    let viewer = viewer(&state, &context).await?;
    if viewer.setup_needed {
        return Ok(Redirect::to("/setup").into_response());
    }
    let mut response = render(&state, context, viewer, request).await;
    if response.status().is_success() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    Ok(response)
}

async fn function(State(state): State<AppState>, Context(context): Context, request: Request) -> Answer<Response> {
    let viewer = viewer(&state, &context).await?;
    let provide = provided(&state, context, viewer, Nonce::new());
    Ok(leptos_axum::handle_server_fns_with_context(provide, request).await.into_response())
}

async fn render(state: &AppState, context: RequestContext, viewer: Viewer, request: Request) -> Response {
    let nonce = Nonce::new();
    let policy = content_security_policy(&nonce, &state.asset_url);
    let handler =
        leptos_axum::render_app_async_with_context(provided(state, context, viewer, nonce), heddle_app::shell::shell);
    let mut response: Response<Body> = handler(request).await;
    if let Some(policy) = policy {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// What pages and functions find in their context.
fn provided(
    state: &AppState,
    context: RequestContext,
    viewer: Viewer,
    nonce: Nonce,
) -> impl Fn() + Clone + Send + Sync + 'static {
    let use_cases: UseCasesRef = state.use_cases.clone();
    let assets = AssetPaths { reload: state.reload_pages, ..assets::paths(&state.asset_url) };
    move || {
        provide_context(use_cases.clone());
        provide_context(context.clone());
        provide_context(viewer.clone());
        provide_context(assets.clone());
        provide_context(nonce.clone());
    }
}

async fn viewer(state: &AppState, context: &RequestContext) -> Answer<Viewer> {
    let setup_needed = state.use_cases.setup_state(context).await?.needed;
    let me = match context.principal {
        Some(_) => state
            .use_cases
            .me(context)
            .await
            .map(Some)
            .or_else(|error| if error.code.status() == 401 { Ok(None) } else { Err(error) })?,
        None => None,
    };
    Ok(Viewer { me, lang: context.lang, setup_needed })
}

fn is_public(path: &str) -> bool {
    PAGES.iter().any(|page| page.path == path && page.need == heddle_app::routes::Need::Public)
}
