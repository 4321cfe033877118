//! The first run: whoever holds the one-time token from the server's log becomes the administrator. Answers 404 ever after.

use crate::context::use_page;
use crate::features::message::{NotFoundPage, Outside};
use crate::i18n::{Words, use_words};
use crate::ui::{FieldError, Icon, Password, Svg};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// Which field an error belongs to, and its text.
fn explain(code: &str, words: Words) -> (&'static str, String) {
    match code {
        "SETUP_TOKEN_INVALID" => ("token", words.set_up_token_wrong().to_owned()),
        "WEAK_PASSWORD" => ("password", words.new_password_help().to_owned()),
        "PASSWORDS_DIFFER" => ("repeat", words.passwords_differ().to_owned()),
        "INVALID_INPUT" => ("username", words.login_name_help().to_owned()),
        "" => ("", String::new()),
        _ => ("token", words.error_text().to_owned()),
    }
}

/// The page.
#[component]
pub fn SetUpPage() -> impl IntoView {
    let words = use_words();
    if !use_page().setup_needed {
        return view! { <NotFoundPage/> }.into_any();
    }
    let query = use_query_map();
    let read = move |key: &str| query.with_untracked(|query| query.get(key)).unwrap_or_default();
    let (wrong, text) = explain(&read("error"), words);
    let token = read("token");
    let error = move |field: &'static str| {
        (wrong == field).then(|| view! { <FieldError id=format!("{field}-error") text=text.clone()/> })
    };
    let (token_error, name_error, password_error, repeat_error) =
        (error.clone()("token"), error.clone()("username"), error.clone()("password"), error("repeat"));
    let invalid = move |field: &str| (wrong == field).then_some("true");
    view! {
        <Title text=words.page_title(words.set_up())/>
        <Outside foot=words.set_up_foot()>
            <div class="set-up">
                <ol class="steps">
                    <li aria-current="step"><span class="steps__no">"1"</span>{words.set_up_step_account()}</li>
                    <li><span class="steps__no">"2"</span>{words.set_up_step_workflows()}</li>
                </ol>
                <form class="auth__card auth__card--wide" method="post" action="/app/set_up">
                    <div class="set-up__head">
                        <h1 class="auth__title">{words.set_up()}</h1>
                        <p class="muted">{words.set_up_text()}</p>
                    </div>
                    <div class="set-up__body form">
                        <div class="field">
                            <label class="field__label" for="token">{words.set_up_token()}</label>
                            <input class="input input--l mono" id="token" name="token" type="text" autocomplete="off" spellcheck="false" required value=token
                                aria-invalid=invalid("token") aria-describedby="token-help token-error"/>
                            {token_error}
                            <p class="field__help" id="token-help">{words.set_up_token_help()}</p>
                        </div>
                        <div class="form__pair">
                            <div class="field">
                                <label class="field__label" for="display_name">{words.display_name()}</label>
                                <input class="input input--l" id="display_name" name="display_name" type="text" autocomplete="name" required/>
                            </div>
                            <div class="field">
                                <label class="field__label" for="username">{words.login_name()}</label>
                                <input class="input input--l" id="username" name="username" type="text" autocomplete="username" autocapitalize="none"
                                    spellcheck="false" required aria-invalid=invalid("username") aria-describedby="username-help username-error"/>
                                {name_error}
                                <p class="field__help" id="username-help">{words.login_name_help()}</p>
                            </div>
                        </div>
                        <div class="form__pair">
                            <div class="field">
                                <label class="field__label" for="password">{words.new_password()}</label>
                                <Password id="password" name="password" autocomplete="new-password" invalid=wrong == "password" min=15
                                    described_by="password-help password-error"/>
                                {password_error}
                                <p class="field__help" id="password-help">{words.new_password_help()}</p>
                            </div>
                            <div class="field">
                                <label class="field__label" for="repeat">{words.repeat_password()}</label>
                                <Password id="repeat" name="repeat" autocomplete="new-password" invalid=wrong == "repeat" min=15 described_by="repeat-error"/>
                                {repeat_error}
                            </div>
                        </div>
                    </div>
                    <div class="set-up__foot">
                        <button class="btn btn--primary" type="submit">
                            {words.create_administrator()}
                            <Svg icon=Icon::ArrowRight class="icon--s"/>
                        </button>
                    </div>
                </form>
            </div>
        </Outside>
    }
    .into_any()
}
