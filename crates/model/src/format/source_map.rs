//! Where in the text each part of a definition stands.

use super::tree::{Insets, Place, Spanned, Tree};
use crate::diagnostic::Diagnostic;

/// Places by JSON pointer into the full form; also of a text in the short form.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    root: Option<Spanned>,
    insets: Insets,
}

impl SourceMap {
    pub(super) fn new(root: Spanned, insets: Insets) -> Self {
        Self { root: Some(root), insets }
    }

    /// Where the value of a pointer stands; where it is not written, what is around it.
    pub fn locate(&self, pointer: &str) -> Option<Place> {
        let mut value = self.root.as_ref()?;
        for step in steps(pointer) {
            match child(value, &step) {
                Some((_, next)) => value = next,
                None => break,
            }
        }
        Some(value.place)
    }

    /// Where the key of a pointer stands; for items of lists the item.
    pub fn locate_key(&self, pointer: &str) -> Option<Place> {
        let mut value = self.root.as_ref()?;
        let mut place = value.place;
        for step in steps(pointer) {
            match child(value, &step) {
                Some((key, next)) => (place, value) = (key, next),
                None => break,
            }
        }
        Some(place)
    }

    /// Puts line and column into a problem that has none yet.
    pub fn place(&self, diagnostic: &mut Diagnostic) {
        if diagnostic.line.is_none()
            && let Some(place) = self.locate(&diagnostic.pointer)
        {
            diagnostic.line = Some(place.line);
            let inside =
                self.insets.get(&place).zip(diagnostic.offset).map_or(0, |(&inset, offset)| u32::from(inset) + offset);
            diagnostic.column = Some(place.column.saturating_add(inside));
        }
    }
}

fn child<'t>(value: &'t Spanned, step: &str) -> Option<(Place, &'t Spanned)> {
    match &value.tree {
        Tree::Map(entries) => entries.iter().find(|entry| entry.key == step).map(|entry| (entry.place, &entry.value)),
        Tree::List(items) => items.get(step.parse::<usize>().ok()?).map(|item| (item.place, item)),
        _ => None,
    }
}

fn steps(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"))
}

/// One step of a JSON pointer, escaped.
pub(crate) fn escape(step: &str) -> String {
    if step.contains(['~', '/']) { step.replace('~', "~0").replace('/', "~1") } else { step.to_owned() }
}
