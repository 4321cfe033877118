//! The component set: each looks as style/ui says, works by keyboard, and carries its own accessible name. No page knowledge here.

mod clock;
mod code;
mod copy;
mod dialog;
mod editor;
mod empty;
mod field;
mod icon;
mod ink;
mod person;
mod state;
mod toast;

#[cfg(feature = "hydrate")]
pub use clock::start_clock;
pub use clock::{Elapsed, When, clock, provide_clock};
pub use code::JsonView;
pub use copy::CopyButton;
pub use dialog::Dialog;
pub use editor::{Editor, LineMark};
pub use empty::{EmptyArt, EmptyState, ErrorState, NoPermission, Skeleton};
pub use field::{Field, FieldError, Password};
pub use icon::{Brand, Icon, Svg, provide_sprite};
pub use person::Avatar;
pub use state::{StateGlyph, StatePill};
pub use toast::{Toasts, provide_toasts, toast};
