//! What an action would do at once: the difference of two states. The events of a dry run are those of the real one, so the state
//! after them is as well.

use heddle_api::view::PreviewView;
use heddle_engine::kernel::InstanceState;
use heddle_model::lifecycle::NodeStatus;
use heddle_model::plan::{NodeIx, Plan};

/// What is different after an action.
pub(crate) fn preview(plan: &Plan, before: &InstanceState, after: &InstanceState) -> PreviewView {
    let id = |ix: NodeIx| plan.node(ix).id.to_string();
    let runs = after.nodes.iter().filter(|(ix, record)| {
        let known = before.nodes.get(ix);
        // A node that only dies with its branch has no execution.
        let fired = record.number.is_some() && known.is_none_or(|known| known.rounds < record.rounds);
        let again = known.is_some_and(|known| known.number == record.number && known.attempt < record.attempt);
        (fired || again) && record.status != NodeStatus::Skipped
    });
    let gone = before.live.iter().filter(|(number, execution)| {
        !after.live.contains_key(number) && after.node_status(execution.node) == NodeStatus::Cancelled
    });
    let undone = after.undoing.iter().flat_map(|undoing| {
        let current = undoing.current.and_then(|number| after.live.get(&number)?.undoes.as_deref());
        current.into_iter().chain(undoing.records.iter().rev()).map(|record| record.node)
    });
    let mut cancels: Vec<String> = gone.map(|(_, execution)| id(execution.node)).collect();
    cancels.dedup();
    PreviewView { runs: runs.map(|(&ix, _)| id(ix)).collect(), cancels, compensates: undone.map(id).collect() }
}
