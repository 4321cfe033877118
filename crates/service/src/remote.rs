//! Another Heddle, over its HTTP API: what the command line does to a server that runs. Nothing of this knows a use case from within.

use heddle_api::params::{DefinitionFormat, DefinitionText, StartInstance};
use heddle_api::view::{AccessToken, InstanceView, Validation, WorkflowView};
use heddle_api::{Problem, routes};
use heddle_model::ids::InstanceId;
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Longer than the server lets anybody wait.
const TIMEOUT: Duration = Duration::from_millis(heddle_model::limits::WAIT_MS + 30_000);

/// A caller who is signed in.
#[derive(Debug, Clone)]
pub struct Remote {
    base: Url,
    token: String,
    http: Client,
}

/// Who calls.
#[derive(Clone)]
pub enum Caller {
    /// The holder of a bearer token.
    Token(String),
    /// A user with a password; the workspace is their default one where absent.
    Password {
        /// Name to sign in with.
        user: String,
        /// The password.
        password: String,
        /// Name or id of the workspace.
        workspace: Option<String>,
    },
}

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The address cannot be used.
    #[error("`{0}` is not the address of a server; write it like https://heddle.example.com")]
    Address(String),
    /// A password or a token would travel in plain text.
    #[error("{0} would carry the password in plain text; use https")]
    Plain(Url),
    /// No answer.
    #[error("the server at {0} cannot be reached: {1}")]
    Unreachable(Url, String),
    /// The server refused.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// An answer that is none of Heddle's.
    #[error("{0} answered {1}, and not as a Heddle server does")]
    Strange(Url, StatusCode),
}

/// What applying a definition did: `created`, `new_version` or `unchanged`, and the workflow as it stands.
pub struct AppliedRemotely {
    /// The word.
    pub outcome: String,
    /// The workflow.
    pub workflow: WorkflowView,
}

/// The header that says what applying did.
pub const OUTCOME: &str = "heddle-outcome";

type Result<T> = std::result::Result<T, RemoteError>;

impl Remote {
    /// Signs in at `http(s)://host[:port]`. Plain HTTP only where it does not leave this machine, or `plain` allows it.
    pub async fn sign_in(address: &str, caller: Caller, plain: bool) -> Result<Self> {
        let base: Url = address.parse().map_err(|_| RemoteError::Address(address.to_owned()))?;
        match base.scheme() {
            "https" => {}
            "http" if plain || is_local(&base) => {}
            "http" => return Err(RemoteError::Plain(base)),
            _ => return Err(RemoteError::Address(address.to_owned())),
        }
        let unreachable =
            |error: reqwest::Error| RemoteError::Unreachable(base.clone(), error.without_url().to_string());
        let http = Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build();
        let mut remote = Self { http: http.map_err(unreachable)?, token: String::new(), base };
        remote.token = match caller {
            Caller::Token(token) => token,
            Caller::Password { user, password, workspace } => {
                let mut form = vec![("grant_type", "password".to_owned()), ("username", user), ("password", password)];
                form.extend(workspace.map(|workspace| ("workspace", workspace)));
                let url = remote.url(&[routes::TOKEN]);
                remote.answer::<AccessToken>(remote.http.post(url).form(&form)).await?.1.access_token
            }
        };
        Ok(remote)
    }

    /// Makes the workflow of this name, or a new version of it.
    pub async fn apply(&self, name: &str, source: &DefinitionText) -> Result<AppliedRemotely> {
        let path = routes::WORKFLOW_BY_NAME.trim_end_matches("{name}");
        let request = definition(self.request(Method::PUT, &[path, name]), source);
        let (outcome, workflow) = self.answer(request).await?;
        Ok(AppliedRemotely { outcome, workflow })
    }

    /// Checks a definition.
    pub async fn validate(&self, source: &DefinitionText) -> Result<Validation> {
        let request = definition(self.request(Method::POST, &[routes::WORKFLOWS_VALIDATE]), source);
        Ok(self.answer(request).await?.1)
    }

    /// Starts an instance.
    pub async fn start(&self, params: &StartInstance) -> Result<InstanceView> {
        Ok(self.answer(self.request(Method::POST, &[routes::INSTANCES]).json(params)).await?.1)
    }

    /// Reads an instance.
    pub async fn instance(&self, id: InstanceId) -> Result<InstanceView> {
        Ok(self.answer(self.request(Method::GET, &[routes::INSTANCES, &id.to_string()])).await?.1)
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.http.request(method, self.url(path)).bearer_auth(&self.token)
    }

    /// The address of a path, whose further parts are names in any script.
    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let (Ok(mut segments), Some((route, names))) = (url.path_segments_mut(), path.split_first()) {
            segments.pop_if_empty().extend(route.trim_matches('/').split('/')).extend(names);
        }
        url
    }

    /// The answer and what it says of its outcome.
    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<(String, T)> {
        let unreachable =
            |error: reqwest::Error| RemoteError::Unreachable(self.base.clone(), error.without_url().to_string());
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let outcome =
            response.headers().get(OUTCOME).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let bytes = response.bytes().await.map_err(unreachable)?;
        let strange = |_| RemoteError::Strange(self.base.clone(), status);
        if status.is_success() {
            return Ok((outcome, serde_json::from_slice(&bytes).map_err(strange)?));
        }
        Err(RemoteError::Refused(Box::new(serde_json::from_slice(&bytes).map_err(strange)?)))
    }
}

fn definition(request: RequestBuilder, source: &DefinitionText) -> RequestBuilder {
    let media_type = match source.format {
        DefinitionFormat::Json => "application/json",
        DefinitionFormat::Yaml => "application/yaml",
    };
    request.header("content-type", media_type).body(source.text.clone())
}

fn is_local(url: &Url) -> bool {
    match url.host_str().map(|host| host.trim_matches(['[', ']'])) {
        Some("localhost") => true,
        Some(host) => host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    async fn refused(address: &str) -> String {
        Remote::sign_in(address, Caller::Token("t".into()), false).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn secrets_do_not_travel_in_plain_text() {
        assert!(refused("http://heddle.example.com").await.contains("plain text"));
        assert!(refused("http://10.0.0.1:3000").await.contains("plain text"));
        assert!(refused("ftp://127.0.0.1").await.contains("https://"));
        assert!(refused("127.0.0.1:3000").await.contains("https://"));
        for fine in ["http://127.0.0.1:3000", "http://[::1]:3000", "http://localhost", "https://heddle.example.com"] {
            assert!(Remote::sign_in(fine, Caller::Token("t".into()), false).await.is_ok(), "{fine}");
        }
    }

    #[tokio::test]
    async fn names_stay_within_their_part_of_the_address() {
        let remote = Remote::sign_in("http://localhost/below/", Caller::Token("t".into()), false).await.unwrap();
        let url = remote.url(&["/api/v1/workflows/by-name/", "a/b ../?#流程"]);
        assert_eq!(url.path(), "/below/api/v1/workflows/by-name/a%2Fb%20..%2F%3F%23%E6%B5%81%E7%A8%8B");
    }
}
