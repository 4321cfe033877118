//! `http`: calls a web address. Redirects are not followed, proxies of the environment are not used, and only addresses that the
//! guard lets through are connected to.

mod address;
mod answer;
mod guard;
mod request;
mod resolver;

pub use address::is_public;
pub use answer::{ADDRESS_REFUSED, HTTP_CONNECTION, HTTP_TIMEOUT, HTTP_TOO_LARGE};
pub use guard::{AllowError, Guard, HttpConfig, Refused};
pub use resolver::{Lookup, SystemLookup};

use crate::config::{info, max_bytes, read, until_cancelled};
use async_trait::async_trait;
use heddle_engine::tasks::{Task, TaskError, TaskInfo, TaskOutput, TaskType};
use heddle_model::limits;
use request::HttpTask;
use reqwest::{Client, redirect};
use resolver::GuardedResolver;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Clients kept, one per port: the resolver of a client knows its port. More ports than this are called without a pool.
const CLIENTS: usize = 32;

/// The `http` task.
pub struct Http {
    guard: Arc<Guard>,
    lookup: Arc<dyn Lookup>,
    clients: Mutex<BTreeMap<u16, Client>>,
}

impl Http {
    /// The task with an operator's settings.
    ///
    /// # Errors
    /// An entry of the allow list that cannot be understood.
    pub fn new(config: &HttpConfig) -> Result<Self, AllowError> {
        Self::with_lookup(config, SystemLookup)
    }

    /// The task with a resolver of its own.
    ///
    /// # Errors
    /// An entry of the allow list that cannot be understood.
    pub fn with_lookup(config: &HttpConfig, lookup: impl Lookup) -> Result<Self, AllowError> {
        Ok(Self { guard: Arc::new(Guard::new(config)?), lookup: Arc::new(lookup), clients: Mutex::default() })
    }

    /// The client of a port, made when it is first called.
    fn client(&self, port: u16) -> Result<Client, TaskError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&port) {
            return Ok(client.clone());
        }
        let resolver = GuardedResolver { guard: Arc::clone(&self.guard), lookup: Arc::clone(&self.lookup), port };
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .dns_resolver(resolver)
            .connect_timeout(Duration::from_millis(limits::HTTP_CONNECT_MS))
            .user_agent(concat!("Heddle/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(answer::failed)?;
        if clients.len() < CLIENTS {
            clients.insert(port, client.clone());
        }
        Ok(client)
    }

    async fn call(&self, task: &Task) -> Result<TaskOutput, TaskError> {
        let config: HttpTask = read(&task.input)?;
        let method = request::method(&config)?;
        let mut url = self.guard.url(&config.url).map_err(|why| answer::refused(&why))?;
        request::add_query(&mut url, &config.query)?;
        let mut headers = request::headers(&config, &method, &task.key)?;
        let body = request::body(config.body.as_ref(), &mut headers);
        let most = max_bytes(config.max_bytes, limits::HTTP_ANSWER_BYTES_DEFAULT, limits::HTTP_ANSWER_BYTES)?;
        // A wrong `expect` is told before anything is sent.
        request::expects(&config.expect, 200)?;
        let port = url.port_or_known_default().unwrap_or(0);
        let host = url.host_str().map(ToOwned::to_owned);
        let mut builder = self.client(port)?.request(method, url).headers(headers);
        if let Some(body) = body {
            builder = builder.body(body);
        }
        let response = builder.send().await.map_err(answer::failed)?;
        // The last word: where the connection really went.
        if let Some(peer) = response.remote_addr() {
            self.guard.address(host.as_deref(), peer.ip(), port).map_err(|why| answer::refused(&why))?;
        }
        let (status, headers) = (response.status(), response.headers().clone());
        if !request::expects(&config.expect, status.as_u16())? {
            return Err(answer::unexpected(status, &headers, &answer::excerpt(response).await));
        }
        let body = answer::read(response, most).await?;
        Ok(TaskOutput::value(answer::output(status, &headers, &body)))
    }
}

#[async_trait]
impl TaskType for Http {
    fn info(&self) -> TaskInfo {
        info("http")
    }

    fn default_timeout(&self) -> Duration {
        Duration::from_millis(limits::HTTP_TIMEOUT_MS)
    }

    async fn execute(&self, task: Task) -> Result<TaskOutput, TaskError> {
        until_cancelled(&task, self.call(&task)).await
    }
}
