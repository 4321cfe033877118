//! One clock per page: times are those of the browser, and what runs ticks once a second. Server and first client render agree.

use crate::context::use_page;
use crate::format;
use crate::i18n::use_words;
use heddle_api::Timestamp;
use leptos::prelude::*;

/// Now and the time zone.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Unix milliseconds, a second exact.
    pub now: RwSignal<i64>,
    /// Minutes east of Greenwich.
    pub zone: RwSignal<i32>,
}

/// The page's clock.
pub fn clock() -> Clock {
    use_context().unwrap_or_else(|| Clock { now: RwSignal::new(0), zone: RwSignal::new(0) })
}

/// The page's clock stands at the time when the page was made, until `start_clock`.
pub fn provide_clock() {
    let page = use_page();
    let clock = Clock { now: RwSignal::new(page.now_ms), zone: RwSignal::new(page.prefs.tz_minutes) };
    provide_context(clock);
    #[cfg(feature = "hydrate")]
    STANDING.set(Some(clock));
}

#[cfg(feature = "hydrate")]
thread_local! {
    static STANDING: std::cell::Cell<Option<Clock>> = const { std::cell::Cell::new(None) };
}

/// Lets the page's clock go, once the whole page is live: a part that comes later must find the time that the server drew.
#[cfg(feature = "hydrate")]
pub fn start_clock() {
    let Some(clock) = STANDING.take() else { return };
    let zone = crate::live::browser::zone_minutes();
    clock.zone.set(zone);
    crate::live::browser::set_cookie(crate::context::COOKIE_ZONE, &zone.to_string());
    let tick = move || clock.now.set(crate::live::browser::now_ms());
    tick();
    set_interval(tick, std::time::Duration::from_secs(1));
}

/// A point in time, with the exact one on hover.
#[component]
pub fn When(
    /// The time.
    #[prop(into)]
    at: Signal<Timestamp>,
    /// Clock time instead of relative time.
    #[prop(optional)]
    exact: bool,
) -> impl IntoView {
    let (clock, words) = (clock(), use_words());
    let text = move || {
        let (at, now, zone) = (at.get(), clock.now.get(), clock.zone.get());
        if exact { format::clock_or_date(at, now, zone) } else { format::relative(at, now, zone, words) }
    };
    view! {
        <time class="num nowrap" datetime=move || at.get().to_string() title=move || format::date_time(at.get(), clock.zone.get())>
            {text}
        </time>
    }
}

/// The time between two points; ticks while there is no end.
#[component]
pub fn Elapsed(
    /// From.
    #[prop(into)]
    from: Signal<Option<Timestamp>>,
    /// To; now where absent.
    #[prop(into)]
    to: Signal<Option<Timestamp>>,
) -> impl IntoView {
    let (clock, words) = (clock(), use_words());
    let text = move || match (from.get(), to.get()) {
        (None, _) => "—".to_owned(),
        (Some(from), Some(to)) => format::duration(to.as_ms() - from.as_ms(), words.0),
        // What runs is shown in whole seconds: it ticks once a second.
        (Some(from), None) => format::duration((clock.now.get() - from.as_ms()).max(0) / 1_000 * 1_000, words.0),
    };
    view! { <span class="num nowrap">{text}</span> }
}
