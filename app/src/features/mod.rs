//! One folder per feature: its pages, its server functions, its pure parts.

pub mod auth;
pub mod instances;
pub mod message;
pub mod workflows;
