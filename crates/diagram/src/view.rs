//! The camera: which part of the canvas is seen.

use crate::geometry::{Point, Rect, Size};
use serde::{Deserialize, Serialize};

/// Least and greatest zoom.
pub const ZOOM: (f64, f64) = (0.1, 2.5);
/// Room left around what is fitted, in screen pixels.
pub const FIT_PADDING: f64 = 64.0;

/// A view of the canvas: screen = canvas × zoom + offset.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    /// Screen pixels to the right.
    pub x: f64,
    /// Screen pixels down.
    pub y: f64,
    /// Screen pixels per canvas unit.
    pub zoom: f64,
}

impl Default for Camera {
    fn default() -> Self {
        Self { x: 0.0, y: 0.0, zoom: 1.0 }
    }
}

impl Camera {
    /// Where a canvas point is on the screen.
    pub fn to_screen(&self, point: Point) -> Point {
        Point::new(point.x * self.zoom + self.x, point.y * self.zoom + self.y)
    }

    /// Which canvas point is seen at a place of the screen.
    pub fn to_canvas(&self, point: Point) -> Point {
        Point::new((point.x - self.x) / self.zoom, (point.y - self.y) / self.zoom)
    }

    /// The camera after zooming by a factor, the canvas point under `at` staying where it is.
    pub fn zoomed(&self, factor: f64, at: Point) -> Self {
        let zoom = (self.zoom * factor).clamp(ZOOM.0, ZOOM.1);
        let kept = self.to_canvas(at);
        Self { x: at.x - kept.x * zoom, y: at.y - kept.y * zoom, zoom }
    }

    /// The camera after a move by screen pixels.
    pub fn panned(&self, by: Point) -> Self {
        Self { x: self.x + by.x, y: self.y + by.y, ..*self }
    }
}

/// The camera that shows a rectangle of the canvas in the middle of a screen, never above 100 %.
pub fn fit(bounds: Rect, screen: Size) -> Camera {
    let room = |length: f64| (length - 2.0 * FIT_PADDING).max(length / 2.0).max(1.0);
    let zoom = (room(screen.w) / bounds.w.max(1.0)).min(room(screen.h) / bounds.h.max(1.0)).clamp(ZOOM.0, 1.0);
    let centre = bounds.centre();
    Camera { x: screen.w / 2.0 - centre.x * zoom, y: screen.h / 2.0 - centre.y * zoom, zoom }
}
