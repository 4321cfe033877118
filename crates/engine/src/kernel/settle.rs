//! Settling: firing what is enabled, until nothing is; and which nodes are to be looked at for that.

use super::command::{CommandError, Order};
use super::decide::Step;
use super::event::{Edges, Event, IncidentKind};
use super::join::{self, Place};
use super::marking::ROOT;
use super::skip;
use super::state::Phase;
use heddle_model::definition::Join;
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::limits;
use heddle_model::plan::{EdgeIx, NodeIx, PlanNode};
use std::collections::{BTreeMap, BTreeSet};

impl Step<'_> {
    /// Fires what is enabled until nothing is, then says what the instance has come to.
    pub(super) fn settle(&mut self) -> Result<(), CommandError> {
        let mut steps = 0;
        loop {
            while let Some(number) = self.begun.pop_front() {
                self.begin(number)?;
            }
            self.follow_dead_edges()?;
            if self.state.status != InstanceStatus::Running {
                if !self.state.undoing_waits() && self.undo_next()? {
                    continue;
                }
                return Ok(());
            }
            if std::mem::take(&mut self.data_changed) {
                self.conditions()?;
            }
            if self.state.phase == Phase::Forward
                && let Some((place, consumed)) = self.next_firing()?
            {
                steps += 1;
                if steps > limits::STEPS_PER_COMMAND {
                    return self.open_incident(
                        IncidentKind::Limit,
                        (Some(place.1), None),
                        "STEP_LIMIT",
                        "the flow went round without ever waiting for anything".to_owned(),
                    );
                }
                self.fire(place, &consumed)?;
                continue;
            }
            // On the way back to an earlier moment scopes only seem to have ended.
            if (self.state.stands_still() || !self.close_ended_scopes()?) && !self.undo_next()? {
                break;
            }
        }
        self.conclude()
    }

    fn follow_dead_edges(&mut self) -> Result<(), CommandError> {
        if self.dead.is_empty() {
            return Ok(());
        }
        let mut by_scope: BTreeMap<u32, Vec<EdgeIx>> = BTreeMap::new();
        for (scope, edge) in std::mem::take(&mut self.dead) {
            by_scope.entry(scope).or_default().push(edge);
        }
        let plan = self.context.plan;
        for (scope, dead) in by_scope {
            let nodes = skip::unreachable_after(plan, self.state, scope, &dead);
            if nodes.is_empty() {
                continue;
            }
            for &node in &nodes {
                let node = plan.node(node);
                let targets = node.outgoing.iter().chain(&node.events).map(|&edge| (scope, plan.edge(edge).to));
                self.touched.extend(targets);
            }
            self.skip_nodes(scope, nodes)?;
        }
        Ok(())
    }

    pub(super) fn skip_nodes(&mut self, scope: u32, nodes: Vec<NodeIx>) -> Result<(), CommandError> {
        match scope {
            _ if nodes.is_empty() => Ok(()),
            ROOT => self.emit(Event::NodesSkipped { nodes }),
            _ => self.emit(Event::NodesSkippedInside { scope, nodes }),
        }
    }

    fn next_firing(&mut self) -> Result<Option<(Place, Edges)>, CommandError> {
        loop {
            while !self.touched.is_empty() {
                let place = match self.context.order {
                    Order::Fifo => self.touched.pop_front(),
                    Order::Lifo => self.touched.pop_back(),
                    Order::Seeded => {
                        let at = (self.entropy.next() % self.touched.len() as u64) as usize;
                        self.touched.remove(at)
                    }
                };
                let Some(place) = place else { break };
                if let Some(edges) = self.firing(place)? {
                    // It may have tokens for another round.
                    self.touched.push_back(place);
                    return Ok(Some((place, edges)));
                }
            }
            if !self.dirty_root && self.dirty.is_empty() {
                return Ok(None);
            }
            self.look_again();
            if self.touched.is_empty() {
                return Ok(None);
            }
        }
    }

    /// What a change elsewhere may have released: joins that are not counted, rounds, guards, mutexes.
    fn look_again(&mut self) {
        let plan = self.context.plan;
        if std::mem::take(&mut self.dirty_root) && !self.state.counts(plan, ROOT) {
            self.touch_waiting(ROOT, |_| true);
        }
        for scope in std::mem::take(&mut self.dirty) {
            if !self.state.counts(plan, scope) {
                self.touch_waiting(scope, |_| true);
            }
        }
        if plan.has_gates {
            let scopes: Vec<u32> = self.state.open_scopes().collect();
            for scope in scopes {
                self.touch_waiting(scope, |node| node.guard.is_some() || node.mutex.is_some());
            }
        }
    }

    /// The tokens with which a node fires now.
    fn firing(&mut self, place: Place) -> Result<Option<Edges>, CommandError> {
        let plan = self.context.plan;
        if self.state.is_paused(plan, place.1) {
            return Ok(None);
        }
        if matches!(plan.node(place.1).join, Join::NOfM { .. }) {
            return self.deliver(place);
        }
        Ok(join::enabled(plan, self.state, place).filter(|_| !self.is_held(place)))
    }

    /// Every node with a waiting token is to be looked at: after a pause or a repair.
    pub(super) fn touch_all(&mut self) {
        let scopes: Vec<u32> = self.state.open_scopes().collect();
        for scope in scopes {
            self.touch_scope(scope);
            self.touch_waiting(scope, |_| true);
        }
    }

    /// Waiting nodes of a scope are to be looked at again, each once, in the order of their tokens.
    fn touch_waiting(&mut self, scope: u32, wanted: impl Fn(&PlanNode) -> bool) {
        let plan = self.context.plan;
        let Some(marking) = self.state.marking(scope) else { return };
        let mut seen = BTreeSet::new();
        let waiting = marking.tokens.iter().map(|&edge| plan.edge(edge).to).chain(marking.rounds.keys().copied());
        self.touched
            .extend(waiting.filter(|&node| wanted(plan.node(node)) && seen.insert(node)).map(|node| (scope, node)));
    }
}
