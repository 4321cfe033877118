//! What hands do to a canvas: pan, zoom, keys. Where the camera goes is `viewport`'s, where a step leads is `walk`'s.

use super::model::Graph;
use super::viewport;
use super::walk::{Way, walk};
use heddle_diagram::{Camera, Point, Size};
use leptos::ev::{KeyboardEvent, PointerEvent, WheelEvent};
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;

/// A canvas being looked at.
#[derive(Clone, Copy)]
pub struct Canvas {
    /// What part of the world is seen.
    pub camera: RwSignal<Camera>,
    graph: Signal<Arc<Graph>>,
    selected: RwSignal<Option<String>>,
    frame: NodeRef<html::Section>,
    /// What the frame is taken for until the browser has measured it.
    guess: Size,
    /// Whoever has moved the picture keeps it.
    moved: StoredValue<bool>,
    /// Where the pointer was that holds the canvas.
    held: StoredValue<Option<(f64, f64)>>,
}

impl Canvas {
    /// Fits the graph once its frame is known, and again when it becomes another one (not when only its states change) or the window
    /// changes its size.
    pub fn new(
        graph: Signal<Arc<Graph>>,
        selected: RwSignal<Option<String>>,
        frame: NodeRef<html::Section>,
        guess: Size,
    ) -> Self {
        let camera = RwSignal::new(graph.with_untracked(|graph| viewport::fit(graph.bounds, guess)));
        let (moved, held) = (StoredValue::new(false), StoredValue::new(None));
        let canvas = Self { camera, graph, selected, frame, guess, moved, held };
        let extent = Memo::new(move |_| {
            graph.with(|graph| (graph.bounds.w.to_bits(), graph.bounds.h.to_bits(), graph.nodes.len()))
        });
        Effect::new(move |_| {
            extent.get();
            if frame.get().is_some() && !canvas.moved.get_value() {
                canvas.fit();
            }
        });
        let resize = window_event_listener(leptos::ev::resize, move |_| {
            if canvas.moved.try_get_value() == Some(false) {
                canvas.fit();
            }
        });
        on_cleanup(move || resize.remove());
        canvas
    }

    fn size(self) -> Size {
        let element = self.frame.get_untracked();
        element.map_or(self.guess, |element| Size::new(element.client_width().into(), element.client_height().into()))
    }

    fn fit(self) {
        self.camera.set(self.graph.with_untracked(|graph| viewport::fit(graph.bounds, self.size())));
    }

    /// Shows everything, and keeps doing so.
    pub fn fit_again(self) {
        self.moved.set_value(false);
        self.fit();
    }

    /// One step of zoom around the middle.
    pub fn step(self, inward: bool) {
        self.moved.set_value(true);
        self.camera.update(|camera| *camera = viewport::step(*camera, inward, self.size()));
    }

    /// The pointer takes hold.
    pub fn grab(self, event: &PointerEvent) {
        if event.button() < 2 {
            self.held.set_value(Some((f64::from(event.client_x()), f64::from(event.client_y()))));
        }
    }

    /// The pointer moves; what it holds goes with it.
    pub fn drag(self, event: &PointerEvent) {
        let Some((x, y)) = self.held.get_value() else { return };
        if event.buttons() == 0 {
            return self.let_go();
        }
        self.moved.set_value(true);
        let (to_x, to_y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        self.camera.update(|camera| *camera = camera.panned(Point::new(to_x - x, to_y - y)));
        self.held.set_value(Some((to_x, to_y)));
    }

    /// The pointer lets go.
    pub fn let_go(self) {
        self.held.set_value(None);
    }

    /// The wheel pans; with Ctrl or ⌘ (or two fingers) it zooms where the pointer is.
    pub fn wheel(self, event: &WheelEvent) {
        event.prevent_default();
        self.moved.set_value(true);
        if event.ctrl_key() || event.meta_key() {
            let rect = self.frame.get_untracked().map(|element| element.get_bounding_client_rect());
            let at = rect.map_or(Point::default(), |rect| {
                Point::new(f64::from(event.client_x()) - rect.left(), f64::from(event.client_y()) - rect.top())
            });
            self.camera.update(|camera| *camera = camera.zoomed((-event.delta_y() / 300.0).exp(), at));
        } else {
            self.camera.update(|camera| *camera = camera.panned(Point::new(-event.delta_x(), -event.delta_y())));
        }
    }

    /// Arrows walk, `+` and `-` zoom, `0` is life size, `1` shows everything, Esc selects nothing.
    pub fn key(self, event: &KeyboardEvent) {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.is_composing() {
            return;
        }
        match event.key().as_str() {
            "ArrowRight" => self.walk(Way::Forward),
            "ArrowLeft" => self.walk(Way::Back),
            "ArrowDown" => self.walk(Way::Down),
            "ArrowUp" => self.walk(Way::Up),
            "+" | "=" => self.step(true),
            "-" => self.step(false),
            "0" => {
                let middle = Point::new(self.size().w / 2.0, self.size().h / 2.0);
                self.camera.update(|camera| *camera = camera.zoomed(1.0 / camera.zoom, middle));
            }
            "1" => self.fit_again(),
            "Escape" => self.selected.set(None),
            _ => return,
        }
        event.prevent_default();
    }

    /// Selects the next card and shows it.
    fn walk(self, way: Way) {
        let now = self.selected.get_untracked();
        let Some(id) = self.graph.with_untracked(|graph| walk(graph, now.as_deref(), way)) else { return };
        let rect = self.graph.with_untracked(|graph| graph.index_of(&id).map(|at| graph.nodes[at].rect));
        if let Some(rect) = rect {
            self.camera.update(|camera| *camera = viewport::showing(*camera, rect, self.size()));
        }
        self.selected.set(Some(id));
    }
}
