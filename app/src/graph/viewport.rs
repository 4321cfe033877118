//! What the screens add to the camera of `heddle-diagram`: zoom steps, a fit that stays readable, bringing a card into view. Pure.

use heddle_diagram::{Camera, Point, Rect, Size};

/// Zoom steps.
const STEPS: [f64; 9] = [0.1, 0.25, 0.5, 0.65, 0.8, 1.0, 1.5, 2.0, 2.5];
/// Least zoom at which titles can be read.
const READABLE: f64 = 0.45;
/// Room around a card that is brought into view, in screen pixels.
const ROOM: f64 = 24.0;

/// Shows everything, never above 100 %. A wide graph in a narrow frame begins at its left end rather than to become specks.
pub fn fit(bounds: Rect, frame: Size) -> Camera {
    let margin = (frame.w.min(frame.h) / 12.0).clamp(12.0, 40.0);
    let (zoom_w, zoom_h) = ((frame.w - 2.0 * margin) / bounds.w.max(1.0), (frame.h - 2.0 * margin) / bounds.h.max(1.0));
    let zoom = zoom_w.min(zoom_h).min(1.0);
    let zoom = if zoom < READABLE { zoom_h.clamp(READABLE, 0.65) } else { zoom };
    let start =
        |from: f64, extent: f64, frame: f64| (((frame - extent * zoom) / 2.0).max(margin) - from * zoom).round();
    Camera { x: start(bounds.x, bounds.w, frame.w), y: start(bounds.y, bounds.h, frame.h), zoom }
}

/// The next step in or out, the middle of the frame staying where it is.
pub fn step(camera: Camera, inward: bool, frame: Size) -> Camera {
    let next = if inward {
        STEPS.iter().copied().find(|&step| step > camera.zoom + 0.001)
    } else {
        STEPS.iter().copied().rfind(|&step| step < camera.zoom - 0.001)
    };
    next.map_or(camera, |zoom| camera.zoomed(zoom / camera.zoom, Point::new(frame.w / 2.0, frame.h / 2.0)))
}

/// The smallest move that shows a rectangle of the canvas.
pub fn showing(camera: Camera, rect: Rect, frame: Size) -> Camera {
    let shift = |pan: f64, from: f64, extent: f64, frame: f64| {
        let (start, end) = (pan + from * camera.zoom, pan + (from + extent) * camera.zoom);
        if start < ROOM {
            ROOM - start
        } else if end > frame - ROOM {
            frame - ROOM - end
        } else {
            0.0
        }
    };
    camera.panned(Point::new(shift(camera.x, rect.x, rect.w, frame.w), shift(camera.y, rect.y, rect.h, frame.h)))
}

/// The custom properties that style/ui/canvas.css reads.
pub fn style(camera: Camera) -> String {
    format!("--zoom: {:.4}; --pan-x: {:.1}px; --pan-y: {:.1}px", camera.zoom, camera.x, camera.y)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: f64, y: f64, w: f64, h: f64) -> Rect {
        Rect { x, y, w, h }
    }

    #[test]
    fn a_small_graph_is_centred_at_full_size() {
        let camera = fit(rect(0.0, 0.0, 400.0, 100.0), Size::new(1_000.0, 600.0));
        assert_eq!((camera.zoom, camera.x, camera.y), (1.0, 300.0, 250.0));
    }

    #[test]
    fn a_wide_graph_stays_readable_and_begins_at_the_left() {
        let camera = fit(rect(80.0, 0.0, 6_000.0, 100.0), Size::new(390.0, 600.0));
        assert!(camera.zoom >= READABLE);
        let left = camera.to_screen(Point::new(80.0, 0.0)).x;
        assert!((0.0..=40.0).contains(&left), "{left}");
    }

    #[test]
    fn steps_are_those_of_the_list() {
        let frame = Size::new(800.0, 600.0);
        let camera = Camera { x: 10.0, y: 20.0, zoom: 0.5 };
        assert!((step(camera, true, frame).zoom - 0.65).abs() < 1e-9);
        assert!((step(camera, false, frame).zoom - 0.25).abs() < 1e-9);
        let closest = Camera { zoom: 2.5, ..camera };
        assert_eq!(step(closest, true, frame), closest);
    }

    #[test]
    fn a_hidden_card_is_brought_in() {
        let camera = showing(Camera::default(), rect(900.0, 10.0, 208.0, 56.0), Size::new(800.0, 600.0));
        assert!(camera.to_screen(Point::new(1_108.0, 0.0)).x <= 800.0);
        assert!(camera.to_screen(Point::new(0.0, 10.0)).y >= ROOM);
        let seen = rect(100.0, 100.0, 50.0, 50.0);
        assert_eq!(showing(Camera::default(), seen, Size::new(800.0, 600.0)), Camera::default());
    }
}
