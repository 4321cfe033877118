//! Who somebody is: passwords, sessions, tokens, and the first administrator.

mod account;
mod common;
mod first_run;
mod keys;
mod password;
mod policy;
mod principal;
mod seal;
mod session;
mod sign_in;
mod throttle;
mod token;

pub(crate) use keys::SigningKeys;
pub(crate) use password::Passwords;
pub(crate) use principal::Principals;
pub(crate) use throttle::Throttle;

pub use first_run::{FirstAdmin, SetupLink};
pub(crate) use policy::check as check_password;
pub use principal::Credentials;
pub use seal::SecretKey;

pub(crate) use account::login_key;
