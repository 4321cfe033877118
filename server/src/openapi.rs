//! The OpenAPI document: what the handlers' own annotations do not say, said once for all of them.

use crate::error::PROBLEM;
use crate::route::{Gate, Need};
use heddle_api::Problem;
use heddle_api::feed::{ClientFrame, InstanceFrame, ServerFrame};
use heddle_api::params::{ActionName, BatchActionName};
use utoipa::OpenApi;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Flow, Http, HttpAuthScheme, OAuth2, Password, Scopes, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, Ref, RefOr, Required};

#[derive(OpenApi)]
#[openapi(
    info(title = "Heddle", description = "Workflows: draw them, run them durably, watch them live. Errors are problem documents (RFC 9457)."),
    // No path of the document names these: the frames of the sockets, and what stands in an address.
    components(schemas(Problem, ActionName, BatchActionName, ClientFrame, ServerFrame, InstanceFrame)),
    tags(
        (name = "auth", description = "Signing in"),
        (name = "workflows", description = "Definitions and their versions"),
        (name = "instances", description = "Runs"),
        (name = "incidents", description = "What needs a person"),
        (name = "human tasks", description = "Tasks for people"),
        (name = "batches", description = "One action on many instances"),
        (name = "jobs", description = "Work for external workers"),
        (name = "cluster", description = "The servers and what they are to do"),
        (name = "stats", description = "Counts"),
        (name = "messages", description = "Messages by name and signals"),
        (name = "server", description = "The server itself")
    )
)]
struct Document;

/// The document before any route is in it.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.add_security_scheme(
        "password",
        SecurityScheme::OAuth2(OAuth2::new([Flow::Password(Password::new(heddle_api::routes::TOKEN, Scopes::new()))])),
    );
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(heddle_api::cookie::SECURE_NAME))),
    );
    document
}

/// Adds what every operation behind this gate has: the permission, the credentials, the errors.
pub(crate) fn annotate(paths: &mut Paths, gate: Gate) {
    for item in paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        for operation in operations.into_iter().flatten() {
            operation_of(operation, gate);
        }
    }
}

fn operation_of(operation: &mut Operation, gate: Gate) {
    let public = gate.need == Need::Public;
    if let Need::AnyOf(permissions) = gate.need {
        let names: Vec<&str> = permissions.iter().map(|permission| permission.as_str()).collect();
        operation.extensions.get_or_insert_default().merge(ExtensionsBuilder::new().add("x-permission", names).build());
    }
    if !public {
        let none: [&str; 0] = [];
        operation.security =
            Some(["bearer", "password", "session"].map(|name| SecurityRequirement::new(name, none)).to_vec());
    }
    let errors: &[(&str, &str)] = if public {
        &[("422", "Invalid input"), ("429", "Too many tries"), ("500", "Something went wrong")]
    } else {
        &[
            ("401", "Sign-in required"),
            ("403", "Not permitted"),
            ("404", "Not found"),
            ("422", "Invalid input"),
            ("500", "Something went wrong"),
            ("503", "Not available at the moment"),
        ]
    };
    for (status, description) in errors {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new().description(*description).content(PROBLEM, content).build();
        operation.responses.responses.entry((*status).to_owned()).or_insert(RefOr::T(response));
    }
    if gate.idempotent {
        let parameter = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("The same key with the same request gives the same answer for a day"))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .build();
        operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
    }
}
