//! Static files, embedded in the program. Their names carry their hashes, so browsers may keep them for ever.

use crate::error::{Answer, Failure};
use crate::route::{Doors, Gate};
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
use heddle_api::ErrorCode;
use heddle_app::context::AssetPaths;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::sync::{LazyLock, OnceLock};

mod site {
    include!(concat!(env!("OUT_DIR"), "/site.rs"));
}

struct File {
    plain: &'static [u8],
    packed: OnceLock<Option<Bytes>>,
}

static FILES: LazyLock<HashMap<&'static str, File>> = LazyLock::new(|| {
    site::FILES.iter().map(|&(name, plain)| (name, File { plain, packed: OnceLock::new() })).collect()
});

/// Registers the files.
pub(crate) fn open(doors: Doors) -> Doors {
    doors.open_plain(Gate::PUBLIC, "/pkg/{*name}", get(file)).open_plain(Gate::PUBLIC, "/favicon.ico", get(favicon))
}

/// Addresses for the pages; empty where nothing is embedded.
pub(crate) fn paths(asset_url: &str) -> AssetPaths {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Manifest {
        js: String,
        wasm: String,
        css: String,
        files: BTreeMap<String, String>,
        parts: BTreeMap<String, Vec<String>>,
    }
    static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| serde_json::from_str(site::MANIFEST).unwrap_or_default());
    let address = |name: &str| if name.is_empty() { String::new() } else { format!("{asset_url}/pkg/{name}") };
    let file = |stem: &str| {
        let found = MANIFEST.files.iter().find(|(name, _)| name.rsplit('/').next() == Some(stem));
        found.map(|(_, hashed)| address(hashed)).unwrap_or_default()
    };
    AssetPaths {
        js: address(&MANIFEST.js),
        wasm: address(&MANIFEST.wasm),
        css: address(&MANIFEST.css),
        icons: file("icons.svg"),
        favicon: file("favicon.svg"),
        font: file("inter.woff2"),
        parts: MANIFEST
            .parts
            .iter()
            .map(|(part, files)| (part.clone(), files.iter().map(|name| address(name)).collect()))
            .collect(),
        reload: false,
    }
}

async fn file(Path(name): Path<String>, headers: HeaderMap) -> Answer<Response> {
    let (name, file) = FILES.get_key_value(name.as_str()).ok_or_else(|| Failure::from(ErrorCode::NotFound))?;
    Ok(served(name, file, &headers))
}

/// Browsers ask for this by themselves; where there is an icon the pages name it.
async fn favicon(headers: HeaderMap) -> Answer<Response> {
    let found = FILES
        .iter()
        .find(|(name, _)| name.ends_with(".svg") && name.contains("favicon"))
        .ok_or_else(|| Failure::from(ErrorCode::NotFound))?;
    Ok(served(found.0, found.1, &headers))
}

fn served(name: &str, file: &'static File, headers: &HeaderMap) -> Response {
    let packs = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("gzip"));
    let packed = if packs { file.packed.get_or_init(|| pack(name, file.plain)).clone() } else { None };
    let gzip = packed.is_some();
    let mut response = packed.unwrap_or(Bytes::from_static(file.plain)).into_response();
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if gzip {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Packed once, at the first request; nothing where packing does not pay.
fn pack(name: &str, plain: &[u8]) -> Option<Bytes> {
    if name.ends_with(".woff2") || plain.len() < 1024 {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 2), Compression::best());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        Some("txt") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
