//! Times, durations and ids as people read them. Pure: the same text on the server and in the browser.

mod duration;
mod short;
mod time;

pub use duration::duration;
pub use short::{initials, person_hue, short_id};
pub use time::{clock, clock_or_date, date_time, relative};
