//! Icons by name. A name that is not in the list does not compile; a test holds the list against the sprite.

use crate::context::use_page;
use leptos::prelude::*;
use std::sync::Arc;

macro_rules! icons {
    ($($name:ident = $id:literal,)*) => {
        /// An icon of the sprite (Lucide).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the name is the picture")]
        pub enum Icon { $($name,)* }

        impl Icon {
            /// Every icon in use.
            #[cfg(test)]
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its id in the sprite.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }
        }
    };
}

icons! {
    AlarmClockOff = "alarm-clock-off",
    ArrowRight = "arrow-right",
    ArrowUp = "arrow-up",
    Ban = "ban",
    Braces = "braces",
    Check = "check",
    ChevronDown = "chevron-down",
    ChevronRight = "chevron-right",
    CircleAlert = "circle-alert",
    CircleCheck = "circle-check",
    CircleDashed = "circle-dashed",
    CircleDotDashed = "circle-dot-dashed",
    CirclePause = "circle-pause",
    CirclePlay = "circle-play",
    CircleX = "circle-x",
    Copy = "copy",
    Database = "database",
    Eye = "eye",
    EyeOff = "eye-off",
    FileCode = "file-code",
    Filter = "filter",
    Flag = "flag",
    GitBranch = "git-branch",
    Globe = "globe",
    Info = "info",
    Layers = "layers",
    ListChecks = "list-checks",
    LoaderCircle = "loader-circle",
    Lock = "lock",
    LogOut = "log-out",
    Mail = "mail",
    Maximize = "maximize",
    Minus = "minus",
    Moon = "moon",
    OctagonAlert = "octagon-alert",
    PanelLeft = "panel-left",
    Pause = "pause",
    Play = "play",
    Plus = "plus",
    Repeat = "repeat",
    RotateCw = "rotate-cw",
    Save = "save",
    ScrollText = "scroll-text",
    Search = "search",
    Send = "send",
    Server = "server",
    SkipForward = "skip-forward",
    Split = "split",
    SquareFunction = "square-function",
    Sun = "sun",
    Timer = "timer",
    Trash2 = "trash-2",
    TriangleAlert = "triangle-alert",
    Undo2 = "undo-2",
    UndoDot = "undo-dot",
    Upload = "upload",
    UserCheck = "user-check",
    UserRound = "user-round",
    Variable = "variable",
    WandSparkles = "wand-sparkles",
    Workflow = "workflow",
    X = "x",
    Component = "component",
}

/// Address of the sprite, shared by all icons of a page.
#[derive(Clone)]
struct Sprite(Arc<str>);

/// Makes the sprite known to the icons below.
pub fn provide_sprite() {
    provide_context(Sprite(use_page().assets.icons.into()));
}

/// An icon: decoration, so it has no name of its own.
#[component]
pub fn Svg(
    /// Which.
    #[prop(into)]
    icon: Signal<Icon>,
    /// Further classes: `icon--s`, `icon--l`, `icon--state`.
    #[prop(optional)]
    class: &'static str,
) -> impl IntoView {
    let sprite = use_context::<Sprite>().map(|sprite| sprite.0).unwrap_or_default();
    let class = if class.is_empty() { "icon".to_owned() } else { format!("icon {class}") };
    view! {
        <svg class=class aria-hidden="true">
            <use_ href=move || format!("{sprite}#{}", icon.get().id())></use_>
        </svg>
    }
}

/// The mark of the product: three warp threads, their heddles, one weft.
#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke-linecap="round" stroke-width="2">
            <path d="M6 3v6.2M6 14.8V21M12 3v3.2M12 11.8V21M18 3v6.2M18 14.8V21" stroke="currentColor"></path>
            <ellipse cx="6" cy="12" rx="2.1" ry="2.8" stroke="currentColor"></ellipse>
            <ellipse cx="12" cy="9" rx="2.1" ry="2.8" stroke="currentColor"></ellipse>
            <ellipse cx="18" cy="12" rx="2.1" ry="2.8" stroke="currentColor"></ellipse>
            <path d="M1.5 14.5C4 14.5 4.2 12 6 12s3.4-3 6-3 4.2 3 6 3 2 2.5 4.5 2.5" stroke="var(--accent)"></path>
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::Icon;

    #[test]
    fn every_icon_is_in_the_sprite() {
        let sprite = include_str!("../../../style/assets/icons.svg");
        for icon in Icon::ALL {
            assert!(sprite.contains(&format!("<symbol id=\"{}\"", icon.id())), "{} is missing", icon.id());
        }
    }
}
