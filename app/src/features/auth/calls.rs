//! Server functions of the doorstep. They are posted by plain forms and answer with a redirect.

use crate::failure::Failure;
use leptos::prelude::*;

/// Begins a session; wrong credentials lead back to the form.
#[server(prefix = "/app", endpoint = "sign_in")]
pub async fn sign_in(username: String, password: String, #[server(default)] next: String) -> Result<(), Failure> {
    let door = crate::door::open()?;
    let params = heddle_api::params::SignIn { username, password, workspace: None };
    match door.cases.sign_in(&door.context, params).await {
        Ok(session) => {
            crate::door::append_header(
                axum::http::header::SET_COOKIE,
                &heddle_api::cookie::set(&door.context, &session),
            );
            leptos_axum::redirect(super::safe_next(&next));
        }
        Err(error) => leptos_axum::redirect(&format!(
            "/signin?error={}&next={}",
            error.code.as_str(),
            super::encode(super::safe_next(&next))
        )),
    }
    Ok(())
}

/// Makes the first administrator and signs them in.
#[server(prefix = "/app", endpoint = "set_up")]
pub async fn set_up(
    token: String,
    display_name: String,
    username: String,
    password: String,
    repeat: String,
) -> Result<(), Failure> {
    let door = crate::door::open()?;
    let back = |code: &str| leptos_axum::redirect(&format!("/setup?error={code}&token={}", super::encode(&token)));
    if password != repeat {
        back("PASSWORDS_DIFFER");
        return Ok(());
    }
    let params = heddle_api::params::SetUp {
        token: token.clone(),
        username,
        password,
        display_name: Some(display_name).filter(|name| !name.trim().is_empty()),
        lang: Some(door.context.lang),
        ..Default::default()
    };
    match door.cases.set_up(&door.context, params).await {
        Ok(session) => {
            crate::door::append_header(
                axum::http::header::SET_COOKIE,
                &heddle_api::cookie::set(&door.context, &session),
            );
            leptos_axum::redirect("/workflows/templates?welcome=1");
        }
        Err(error) => back(error.code.as_str()),
    }
    Ok(())
}

/// Ends the session.
#[server(prefix = "/app", endpoint = "sign_out")]
pub async fn sign_out() -> Result<(), Failure> {
    let door = crate::door::open()?;
    door.cases.sign_out(&door.context).await.map_err(|error| door.refuse(&error))?;
    crate::door::append_header(axum::http::header::SET_COOKIE, &heddle_api::cookie::clear(&door.context));
    leptos_axum::redirect("/signin?signed_out=1");
    Ok(())
}

/// Remembers a language.
#[server(prefix = "/app", endpoint = "set_language")]
pub async fn set_language(lang: String, #[server(default)] next: String) -> Result<(), Failure> {
    let word = match heddle_api::Lang::from_tag(&lang).unwrap_or_default() {
        heddle_api::Lang::En => "en",
        heddle_api::Lang::Zh => "zh",
    };
    remember(crate::context::COOKIE_LANG, word);
    leptos_axum::redirect(super::safe_next(&next));
    Ok(())
}

/// Remembers a theme.
#[server(prefix = "/app", endpoint = "set_theme")]
pub async fn set_theme(theme: String, #[server(default)] next: String) -> Result<(), Failure> {
    remember(crate::context::COOKIE_THEME, crate::context::Theme::parse(&theme).attribute().unwrap_or("system"));
    leptos_axum::redirect(super::safe_next(&next));
    Ok(())
}

/// Sets a preference cookie: a year, readable by the page, no secret.
#[cfg(feature = "ssr")]
fn remember(name: &str, value: &str) {
    crate::door::append_header(
        axum::http::header::SET_COOKIE,
        &format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax"),
    );
}
