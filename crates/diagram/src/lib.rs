//! Geometry of a workflow's picture: where its cards stand, where their ports are, how its edges run.
//!
//! Pure: numbers in, numbers out; the same in the server (first paint, thumbnails) and in the browser. Deterministic: the same
//! definition gives the same picture.
//! What may not live here: anything that draws, any knowledge of states or colours.
//!
//! - [`Scene::of`]: the whole picture of a definition, containers included: nodes with rectangles and ports, edges with paths.
//! - [`auto_layout`]: positions only, for `layout` in a definition.
//! - [`fit`]: the camera that shows a rectangle.
//! - [`route`]: paths between ports while something is being dragged.

pub mod card;
mod geometry;
mod layered;
mod paint;
pub mod route;
mod scene;
mod view;

pub use card::{Out, OutKind, Shape};
pub use geometry::{Point, Rect, Size};
pub use scene::{Scene, SceneEdge, SceneNode, auto_layout};
pub use view::{Camera, FIT_PADDING, ZOOM, fit};
