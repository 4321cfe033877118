//! Figures for Prometheus.

use axum::http::Method;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::time::Duration;

/// Bounds of durations, in seconds: from a cached answer to a long poll.
const BOUNDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let install = || {
        let builder =
            PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BOUNDS).ok()?;
        builder.install_recorder().inspect_err(|error| tracing::error!(%error, "no metrics")).ok()
    };
    RECORDER.get_or_init(install).as_ref()
}

/// How often what was counted is put together: until then every single duration lies in memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// Begins to count. Whatever keeps a figure at hand is made after this.
pub(crate) fn start() {
    static KEEPS: OnceLock<()> = OnceLock::new();
    let Some(recorder) = recorder() else { return };
    KEEPS.get_or_init(|| {
        let keep = move || loop {
            std::thread::sleep(UPKEEP);
            recorder.run_upkeep();
        };
        let begun = std::thread::Builder::new().name("heddle-metrics".to_owned()).spawn(keep);
        if let Err(error) = begun {
            tracing::error!(%error, "figures are put together only when somebody reads them");
        }
    });
}

/// All figures as text.
pub(crate) fn render() -> String {
    recorder().map(PrometheusHandle::render).unwrap_or_default()
}

/// Counts a request.
pub(crate) fn request(method: &Method, status: u16, elapsed: Duration) {
    let method = match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        // Anybody can invent methods; they must not make series.
        _ => "other",
    };
    let class = match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    metrics::counter!("heddle_http_requests_total", "method" => method, "status" => class).increment(1);
    metrics::histogram!("heddle_http_request_seconds", "method" => method).record(elapsed.as_secs_f64());
}
