//! `/api/v1/auth`, `/api/v1/setup`, `/api/v1/me`.

use crate::error::Answer;
use crate::extract::{Body, Context, Form};
use crate::route::{Doors, Gate};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use heddle_api::params::{PasswordGrant, SetUp, SignIn};
use heddle_api::view::{AccessToken, Me, SetupState};
use heddle_api::{cookie, routes};
use utoipa_axum::routes;

pub(super) fn open(doors: Doors) -> Doors {
    doors
        .open(Gate::PUBLIC, routes!(token))
        .open(Gate::PUBLIC, routes!(sign_in))
        .open(Gate::PUBLIC, routes!(sign_out))
        .open(Gate::PUBLIC, routes!(setup_state))
        .open(Gate::PUBLIC, routes!(set_up))
        .open(Gate::SIGNED_IN, routes!(me))
}

/// A bearer token for a user name and a password (OAuth2 password grant).
#[utoipa::path(post, path = routes::TOKEN, tag = "auth", operation_id = "token",
    request_body(content = PasswordGrant, content_type = "application/x-www-form-urlencoded"), responses((status = 200, body = AccessToken)))]
async fn token(
    State(state): State<AppState>,
    Context(context): Context,
    Form(params): Form<PasswordGrant>,
) -> Answer<Json<AccessToken>> {
    Ok(Json(state.use_cases.token(&context, params).await?))
}

/// Begins a browser session: the answer sets the session cookie.
#[utoipa::path(post, path = routes::SESSION, tag = "auth", operation_id = "signIn", request_body = SignIn, responses((status = 200, body = Me)))]
async fn sign_in(
    State(state): State<AppState>,
    Context(context): Context,
    Body(params): Body<SignIn>,
) -> Answer<impl IntoResponse> {
    let signed_in = state.use_cases.sign_in(&context, params).await?;
    Ok(([(header::SET_COOKIE, cookie::set(&context, &signed_in))], Json(signed_in.me)))
}

/// Ends the browser session of this request.
#[utoipa::path(delete, path = routes::SESSION, tag = "auth", operation_id = "signOut", responses((status = 204)))]
async fn sign_out(State(state): State<AppState>, Context(context): Context) -> Answer<impl IntoResponse> {
    state.use_cases.sign_out(&context).await?;
    // Browsers forget what they have kept of the pages, too.
    let forget = (HeaderName::from_static("clear-site-data"), "\"cache\"".to_owned());
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie::clear(&context)), forget]))
}

/// Whether the first administrator is missing.
#[utoipa::path(get, path = routes::SETUP, tag = "auth", operation_id = "setupState", responses((status = 200, body = SetupState)))]
async fn setup_state(State(state): State<AppState>, Context(context): Context) -> Answer<Json<SetupState>> {
    Ok(Json(state.use_cases.setup_state(&context).await?))
}

/// Makes the first administrator, with the token of the one-time link, and begins a session.
#[utoipa::path(post, path = routes::SETUP, tag = "auth", operation_id = "setUp", request_body = SetUp, responses((status = 201, body = Me)))]
async fn set_up(
    State(state): State<AppState>,
    Context(context): Context,
    Body(params): Body<SetUp>,
) -> Answer<impl IntoResponse> {
    let signed_in = state.use_cases.set_up(&context, params).await?;
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie::set(&context, &signed_in))], Json(signed_in.me)))
}

/// Who is signed in, where, and what they may do.
#[utoipa::path(get, path = routes::ME, tag = "auth", operation_id = "me", responses((status = 200, body = Me)))]
async fn me(State(state): State<AppState>, Context(context): Context) -> Answer<Json<Me>> {
    Ok(Json(state.use_cases.me(&context).await?))
}
