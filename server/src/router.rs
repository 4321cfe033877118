//! All routes and what stands around them, in one readable list.

use crate::middleware::{headers, linger, problems};
use crate::route::Doors;
use crate::state::AppState;
use crate::{assets, live, metrics, openapi, pages, rest};
use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::get;
use heddle_api::routes;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate, SizeAbove};

/// The whole server.
pub(crate) fn build(state: AppState) -> anyhow::Result<Router> {
    metrics::start();
    let doors = Doors::new(state.clone(), openapi::document());
    let doors = rest::open(doors);
    let doors = live::open(doors);
    let doors = assets::open(doors);
    let doors = pages::open(doors)?;
    let (router, document) = doors.finish();
    let document = document.to_json()?;
    let serve_document = move |_: Request| {
        let document = document.clone();
        async move {
            ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], document)
                .into_response()
        }
    };
    // Frames of sockets, packed assets and small answers gain nothing.
    let packs = DefaultPredicate::new().and(SizeAbove::new(1024)).and(NotForContentType::const_new("application/wasm"));
    let router = router
        .route(routes::OPENAPI, get(serve_document))
        .fallback(pages::not_found)
        .layer(from_fn(linger))
        .layer(CompressionLayer::new().gzip(true).compress_when(packs))
        .layer(from_fn_with_state(state.clone(), problems))
        .layer(from_fn(headers))
        .with_state(state);
    Ok(router)
}
