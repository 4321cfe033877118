//! What an action would do, in the words of the API.

use heddle_api::view::PreviewView;
use heddle_engine::kernel::{Preview, Touched};

/// The preview of a dry run, by the ids of nodes, each once.
pub(crate) fn view(preview: &Preview) -> PreviewView {
    PreviewView {
        runs: nodes(&preview.starts),
        again: nodes(&preview.again),
        skips: nodes(&preview.skipped),
        cancels: nodes(&preview.cancelled),
        compensates: nodes(&preview.compensated),
        keeps: nodes(&preview.kept),
        messages: preview.messages.iter().map(|message| message.name.to_string()).collect(),
        children: preview.children.clone(),
    }
}

fn nodes(touched: &[Touched]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for one in touched {
        if ids.iter().all(|known| **known != *one.node) {
            ids.push(one.node.to_string());
        }
    }
    ids
}
