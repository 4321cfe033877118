//! Lingering: what a refused request still sends is read and thrown away for a moment.
//!
//! A socket that is closed while bytes wait to be read resets the connection, and with it goes the answer that the client has not read
//! yet. So the rest of a body that nobody reads goes on being read, beside the answer, up to a bound.

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{Version, header};
use axum::middleware::Next;
use axum::response::Response;
use futures::{Stream, StreamExt};
use heddle_model::limits;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;

/// Wraps the body of a request that has one.
pub(crate) async fn linger(request: Request, next: Next) -> Response {
    // From HTTP/2 on a stream ends without its connection.
    if request.version() > Version::HTTP_11 || request.body().is_end_stream() {
        return next.run(request).await;
    }
    // A client that waits for leave to send sends nothing while nobody reads.
    let sends = !request.headers().contains_key(header::EXPECT);
    let request = request.map(|body| Body::from_stream(Lingering { rest: Some(body.into_data_stream()), sends }));
    next.run(request).await
}

/// A body that is read on when it is dropped before its end.
struct Lingering {
    /// Nothing after the end.
    rest: Option<BodyDataStream>,
    /// Whether the client sends.
    sends: bool,
}

impl Stream for Lingering {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.sends = true;
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let read = rest.poll_next_unpin(context);
        if matches!(read, Poll::Ready(None | Some(Err(_)))) {
            self.rest = None;
        }
        read
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if let (Some(rest), true, Ok(runtime)) = (self.rest.take(), self.sends, Handle::try_current()) {
            runtime.spawn(throw_away(rest));
        }
    }
}

async fn throw_away(mut rest: BodyDataStream) {
    let reading = async {
        let mut left = limits::LINGER_BYTES;
        while let Some(Ok(bytes)) = rest.next().await {
            match left.checked_sub(bytes.len()) {
                Some(less) => left = less,
                None => return,
            }
        }
    };
    // Whoever sends on after that has had time to read the answer.
    let _ = tokio::time::timeout(Duration::from_millis(limits::LINGER_MS), reading).await;
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::oneshot;

    /// A body of chunks of this size for ever; counts what is read, and tells when it is dropped.
    fn endless(chunk: usize) -> (BodyDataStream, Arc<AtomicUsize>, oneshot::Receiver<()>) {
        let (read, (dropped, told)) = (Arc::new(AtomicUsize::new(0)), oneshot::channel::<()>());
        let counted = read.clone();
        let chunks = futures::stream::repeat_with(move || {
            let _held = &dropped;
            counted.fetch_add(chunk, Ordering::Relaxed);
            Ok::<_, axum::Error>(Bytes::from(vec![0; chunk]))
        });
        (Body::from_stream(chunks).into_data_stream(), read, told)
    }

    #[tokio::test]
    async fn a_body_without_end_is_read_up_to_the_bound() {
        let (rest, read, dropped) = endless(1024 * 1024);
        drop(Lingering { rest: Some(rest), sends: true });
        assert!(dropped.await.is_err(), "dropped, not sent");
        let read = read.load(Ordering::Relaxed);
        assert!(read > limits::LINGER_BYTES && read <= limits::LINGER_BYTES + 1024 * 1024, "{read}");
    }

    #[tokio::test]
    async fn who_waits_for_leave_to_send_is_not_read() {
        let (rest, read, dropped) = endless(1);
        drop(Lingering { rest: Some(rest), sends: false });
        assert!(dropped.await.is_err());
        assert_eq!(read.load(Ordering::Relaxed), 0);
    }
}
