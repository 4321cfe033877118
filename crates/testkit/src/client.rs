//! A small HTTP client for tests: JSON in, status and JSON out, never an error for a status.

use anyhow::{Context, Result, bail};
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use std::time::Duration;

/// What a request was answered with.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Reply {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The JSON body, or an error that shows the answer when the status is another one.
    pub fn expect_status(self, status: u16) -> Result<Value> {
        if self.status.as_u16() != status {
            bail!("expected {status}, got {}: {}", self.status, self.text);
        }
        Ok(self.json())
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A caller of one server, perhaps signed in.
#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    token: Option<String>,
    http: reqwest::Client,
}

impl Client {
    /// A caller of `http://host:port` who is not signed in.
    pub fn new(base: &str) -> Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(90))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), token: None, http })
    }

    /// The same caller with a bearer token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Signs in with the password grant and answers a caller with the token.
    pub async fn sign_in(&self, user: &str, password: &str) -> Result<Self> {
        let form = [("grant_type", "password"), ("username", user), ("password", password)];
        let request = self.http.post(self.address("/api/v1/auth/token")).form(&form);
        let answer = reply(request).await?.expect_status(200)?;
        let token = answer["access_token"].as_str().context("the answer has no access_token")?;
        Ok(self.with_token(token))
    }

    /// Sends a request without a body.
    pub async fn call(&self, method: Method, path: &str) -> Result<Reply> {
        reply(self.request(method, path)).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Result<Reply> {
        self.call(Method::GET, path).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Result<Reply> {
        self.call(Method::DELETE, path).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Reply> {
        reply(self.request(Method::POST, path).json(body)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Reply> {
        reply(self.request(Method::PUT, path).json(body)).await
    }

    /// POST with a YAML body.
    pub async fn post_yaml(&self, path: &str, body: &str) -> Result<Reply> {
        let request = self.request(Method::POST, path).header("content-type", "application/yaml");
        reply(request.body(body.to_owned())).await
    }

    /// Starts a workflow by name and answers the instance as the server described it.
    pub async fn start(&self, workflow: &str, input: Value) -> Result<Value> {
        let body = json!({"workflow": workflow, "input": input});
        self.post("/api/v1/workflow-instances", &body).await?.expect_status(202)
    }

    /// Waits until an instance has this status, and gives it as it is then.
    pub async fn wait_for(&self, instance: &Value, status: &str) -> Result<Value> {
        let id = instance["id"].as_str().context("the instance has no id")?;
        let path = format!("/api/v1/workflow-instances/{id}");
        let what = format!("{id} to be {status}");
        let waited = crate::until(&what, Duration::from_secs(30), || async {
            let now = self.get(&path).await.ok()?.expect_status(200).ok()?;
            (now["status"] == status).then_some(now)
        });
        match waited.await {
            Ok(instance) => Ok(instance),
            Err(error) => anyhow::bail!("{error:#}: {:#}", self.get(&path).await?.expect_status(200)?),
        }
    }

    /// A request to build upon (headers, bodies of other kinds); send it with `send`.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, self.address(path));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request made with `request`.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Result<Reply> {
        reply(request).await
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

async fn reply(request: reqwest::RequestBuilder) -> Result<Reply> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    Ok(Reply { status, headers, text: response.text().await? })
}
