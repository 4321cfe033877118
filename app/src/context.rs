//! What every page knows about its request: assets, preferences, who looks, the time.
//!
//! On the server it is put together from what the server provides; the shell writes it (it holds no secret) into the document,
//! and the browser reads it back, so that both render the same.

use heddle_api::view::{Me, Viewer};
use heddle_api::{Lang, Permission};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Addresses of the built files; their names carry a hash, so they can be cached for ever. The server provides it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AssetPaths {
    /// The glue that loads the WebAssembly.
    pub js: String,
    /// The WebAssembly.
    pub wasm: String,
    /// The style sheet.
    pub css: String,
    /// The sprite of icons.
    pub icons: String,
    /// The icon of the tab.
    pub favicon: String,
    /// The text font, to be fetched early.
    pub font: String,
    /// Files of each part of the WebAssembly (`crate::parts`); only the server needs to know.
    #[serde(skip)]
    pub parts: BTreeMap<String, Vec<String>>,
    /// Whether the page watches for a new start of the server, to load anew: in development.
    #[serde(skip)]
    pub reload: bool,
}

/// Light, dark, or what the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Follows the system.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// The value of `data-theme`; nothing for the system's.
    pub const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }

    /// Reads the word of the cookie.
    pub fn parse(word: &str) -> Self {
        match word {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

/// Cookie of the language: `en` or `zh`. The server reads it too.
pub const COOKIE_LANG: &str = "heddle-lang";
/// Cookie of the theme: `light`, `dark` or `system`.
pub const COOKIE_THEME: &str = "heddle-theme";
/// Cookie of the navigation: `0` is collapsed.
pub const COOKIE_RAIL: &str = "heddle-rail";
/// Cookie of the time zone: minutes east of Greenwich.
pub const COOKIE_ZONE: &str = "heddle-tz";

/// How this browser likes its pages. Kept in cookies that hold nothing secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prefs {
    /// The theme.
    pub theme: Theme,
    /// Whether the navigation shows words beside its icons.
    pub rail_open: bool,
    /// Minutes east of Greenwich, as the browser said last.
    pub tz_minutes: i32,
}

impl Default for Prefs {
    fn default() -> Self {
        Self { theme: Theme::default(), rail_open: true, tz_minutes: 0 }
    }
}

impl Prefs {
    /// Reads the `Cookie` header; strangers' nonsense gives the defaults.
    pub fn from_cookies(header: &str) -> Self {
        let value = |name: &str| {
            header
                .split(';')
                .filter_map(|pair| pair.trim().split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value)
        };
        Self {
            theme: value(COOKIE_THEME).map(Theme::parse).unwrap_or_default(),
            rail_open: value(COOKIE_RAIL) != Some("0"),
            tz_minutes: value(COOKIE_ZONE)
                .and_then(|text| text.parse().ok())
                .filter(|m| (-900..=900).contains(m))
                .unwrap_or(0),
        }
    }
}

/// What both sides need to render the same page.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PageContext {
    /// Addresses of the built files.
    pub assets: AssetPaths,
    /// The language.
    pub lang: Lang,
    /// Preferences of this browser.
    pub prefs: Prefs,
    /// Who is signed in.
    pub me: Option<Me>,
    /// Whether no administrator exists yet: only the set-up page opens.
    pub setup_needed: bool,
    /// When the page was made, in Unix milliseconds.
    pub now_ms: i64,
    /// The id of this request, to quote when something fails.
    pub request_id: String,
}

impl PageContext {
    /// Puts what the server provides together.
    pub fn new(assets: AssetPaths, viewer: Viewer, cookies: &str, now_ms: i64, request_id: String) -> Self {
        Self {
            assets,
            lang: viewer.lang,
            prefs: Prefs::from_cookies(cookies),
            me: viewer.me,
            setup_needed: viewer.setup_needed,
            now_ms,
            request_id,
        }
    }
}

/// Reads the request's context on the server, from what the server provided. `None` outside a request.
#[cfg(feature = "ssr")]
pub fn from_request() -> Option<PageContext> {
    use leptos::prelude::use_context;
    let viewer = use_context::<Viewer>()?;
    let assets = use_context::<AssetPaths>().unwrap_or_default();
    let request = use_context::<heddle_api::RequestContext>();
    let parts = use_context::<axum::http::request::Parts>();
    let cookies: Vec<&str> = parts
        .iter()
        .flat_map(|parts| parts.headers.get_all(axum::http::header::COOKIE))
        .filter_map(|value| value.to_str().ok())
        .collect();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now_ms = i64::try_from(now.as_millis()).unwrap_or_default();
    Some(PageContext::new(
        assets,
        viewer,
        &cookies.join("; "),
        now_ms,
        request.map(|context| context.request_id.to_string()).unwrap_or_default(),
    ))
}

/// The page's context; defaults where there is none (tests, the list of routes).
pub fn use_page() -> PageContext {
    leptos::prelude::use_context().unwrap_or_default()
}

/// Whether the viewer holds a permission. The server decides; the screens only mirror.
pub fn may(permission: Permission) -> bool {
    use_page().me.is_some_and(|me| me.may(permission))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_read() {
        let prefs = Prefs::from_cookies("a=b; heddle-theme=dark; heddle-rail=0; heddle-tz=480");
        assert_eq!(prefs, Prefs { theme: Theme::Dark, rail_open: false, tz_minutes: 480 });
    }

    #[test]
    fn nonsense_gives_the_defaults() {
        assert_eq!(Prefs::from_cookies("heddle-theme=xx; heddle-tz=99999;;=;heddle-rail"), Prefs::default());
    }
}
