//! The guard of a route. Order matters: who asks (401), where it comes from (403), what they may (403), how much they send (413);
//! only then is anything of the body, the ids or the content type looked at.

use super::csrf::judge;
use super::idempotency;
use crate::error::Failure;
use crate::extract::cookie;
use crate::route::{Gate, Need};
use crate::state::AppState;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use heddle_api::{ApiError, ErrorCode, RequestContext};
use heddle_service::Credentials;
use http_body_util::Limited;

/// Lets through who may pass.
pub(crate) async fn guard(State((state, gate)): State<(AppState, Gate)>, request: Request, next: Next) -> Response {
    match admit(&state, gate, request).await {
        Ok((request, context)) => {
            if idempotency::applies(gate, &request) {
                idempotency::run((state, gate), context, request, next).await
            } else {
                next.run(request).await
            }
        }
        Err(failure) => failure.into_response(),
    }
}

async fn admit(state: &AppState, gate: Gate, mut request: Request) -> Result<(Request, RequestContext), Failure> {
    let stranger = context_of(&request)?;
    let context = match identify(state, request.headers(), &stranger).await {
        // Where nobody need be anybody, wrong credentials are no credentials.
        Err(Failure(error)) if gate.need == Need::Public && error.code.status() == 401 => stranger,
        other => other?,
    };
    // Strangers are told to sign in first, whatever else is wrong.
    allow(gate.need, &context)?;
    if is_foreign(request.method(), request.headers(), &context) {
        return Err(ErrorCode::CrossSite.into());
    }
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if declared.is_some_and(|bytes| bytes > gate.body) {
        let (en, zh) =
            (format!("The body is larger than {} bytes.", gate.body), format!("请求体超过 {} 字节。", gate.body));
        return Err(ApiError::new(ErrorCode::PayloadTooLarge).detail(en, zh).into());
    }
    request.extensions_mut().insert(context.clone());
    Ok((request.map(|body| Body::new(Limited::new(body, gate.body))), context))
}

/// Finds out who asks.
pub(crate) async fn identify(
    state: &AppState,
    headers: &HeaderMap,
    stranger: &RequestContext,
) -> Result<RequestContext, Failure> {
    let principal = state.service.authenticate(credentials(headers, stranger)?).await?;
    Ok(RequestContext { principal, ..stranger.clone() })
}

/// Whether another site made a browser send this.
fn is_foreign(method: &Method, headers: &HeaderMap, context: &RequestContext) -> bool {
    let bearer = headers.contains_key(header::AUTHORIZATION);
    let by_cookie = context.principal.as_ref().is_some_and(|principal| principal.session.is_some());
    !bearer && judge(method, headers, context.secure, by_cookie)
}

/// What a request carries to say who asks: the header wins over the cookie.
pub(crate) fn credentials<'a>(headers: &'a HeaderMap, context: &RequestContext) -> Result<Credentials<'a>, Failure> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let text = value.to_str().map_err(|_| Failure::from(ErrorCode::Unauthenticated))?;
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ErrorCode::Unauthenticated.into());
        }
        return Ok(Credentials::Bearer(token.trim()));
    }
    let session = cookie(headers, heddle_api::cookie::name(context)).filter(|value| !value.is_empty());
    Ok(session.map_or(Credentials::None, Credentials::Session))
}

fn allow(need: Need, context: &RequestContext) -> Result<(), Failure> {
    let permissions = match need {
        Need::Public => return Ok(()),
        Need::SignedIn => &[][..],
        Need::AnyOf(permissions) => permissions,
    };
    let principal = context.principal()?;
    if permissions.is_empty() || permissions.iter().any(|&permission| principal.permissions.has(permission)) {
        return Ok(());
    }
    let names: Vec<&str> = permissions.iter().map(|permission| permission.as_str()).collect();
    let names = names.join(" / ");
    tracing::info!(user = %principal.user, permission = names, "refused at the door: permission missing");
    Err(ApiError::new(ErrorCode::Forbidden)
        .detail(format!("This needs the permission `{names}`."), format!("此操作需要权限 `{names}`。"))
        .member("permission", names)
        .into())
}

/// The context that the outermost layer has put there.
pub(super) fn context_of(request: &Request) -> Result<RequestContext, Failure> {
    request.extensions().get::<RequestContext>().cloned().ok_or_else(|| ErrorCode::Internal.into())
}
