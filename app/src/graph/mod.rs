//! Graphs as the screens draw them: what `heddle-diagram` places, with icons, words and states (`model`, `states`), and the view.

mod canvas;
mod kind;
mod model;
mod states;
mod thumb;
mod view;
mod viewport;
mod walk;
mod wrap;

pub use kind::kind_of;
pub use model::Graph;
pub use states::{look_of, states_of};
pub use thumb::Thumbnail;
pub use view::GraphView;
