//! Registering routes. There is no way to add one without saying what it takes to be let in.

use crate::middleware::guard;
use crate::state::AppState;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;
use heddle_api::Permission;
use heddle_model::limits;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// What it takes to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing.
    Public,
    /// Being signed in.
    SignedIn,
    /// One of these permissions.
    AnyOf(&'static [Permission]),
}

/// How a route is guarded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gate {
    /// Who may pass.
    pub(crate) need: Need,
    /// How many bytes a body may have.
    pub(crate) body: usize,
    /// Whether the guard handles `Idempotency-Key`.
    pub(crate) idempotent: bool,
    /// Whether a repeat may go on where an earlier request was cut off: the route itself does nothing twice.
    pub(crate) resumable: bool,
}

impl Gate {
    /// Everybody may pass.
    pub(crate) const PUBLIC: Self =
        Self { need: Need::Public, body: limits::BODY_BYTES, idempotent: false, resumable: false };
    /// Everybody who is signed in may pass.
    pub(crate) const SIGNED_IN: Self = Self { need: Need::SignedIn, ..Self::PUBLIC };

    /// Those with one of these permissions may pass.
    pub(crate) const fn needs(permissions: &'static [Permission]) -> Self {
        Self { need: Need::AnyOf(permissions), ..Self::PUBLIC }
    }

    /// With bodies up to this size.
    pub(crate) const fn body(self, bytes: usize) -> Self {
        Self { body: bytes, ..self }
    }

    /// With answers that are given again for the same key.
    pub(crate) const fn idempotent(self) -> Self {
        Self { idempotent: true, ..self }
    }

    /// The same, for a route that does nothing twice under one key: a repeat need not wait for a request that may be dead.
    pub(crate) const fn resumable(self) -> Self {
        Self { idempotent: true, resumable: true, ..self }
    }
}

/// The routes under registration.
pub(crate) struct Doors {
    state: AppState,
    documented: OpenApiRouter<AppState>,
    plain: Router<AppState>,
}

impl Doors {
    pub(crate) fn new(state: AppState, document: OpenApi) -> Self {
        Self { state, documented: OpenApiRouter::with_openapi(document), plain: Router::new() }
    }

    /// Adds a route of the API: guarded, and in the OpenAPI document with what it needs.
    #[must_use]
    pub(crate) fn open(mut self, gate: Gate, (schemas, mut paths, methods): UtoipaMethodRouter<AppState>) -> Self {
        crate::openapi::annotate(&mut paths, gate);
        let methods = self.guarded(gate, methods);
        self.documented = self.documented.routes((schemas, paths, methods));
        self
    }

    /// Adds a route that is no part of the API: a page, a socket, a file.
    #[must_use]
    pub(crate) fn open_plain(mut self, gate: Gate, path: &str, methods: MethodRouter<AppState>) -> Self {
        let methods = self.guarded(gate, methods);
        self.plain = self.plain.route(path, methods);
        self
    }

    /// The router and the document.
    pub(crate) fn finish(self) -> (Router<AppState>, OpenApi) {
        let (router, document) = self.documented.split_for_parts();
        (router.merge(self.plain), document)
    }

    fn guarded(&self, gate: Gate, methods: MethodRouter<AppState>) -> MethodRouter<AppState> {
        methods.route_layer(from_fn_with_state((self.state.clone(), gate), guard))
    }
}
