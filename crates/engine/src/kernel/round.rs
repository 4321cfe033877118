//! Joins with a memory, and tokens that go without a node firing: `n-of-m` rounds, cancelled and added tokens (docs/semantics, A.3, A.6).

use super::command::CommandError;
use super::decide::Step;
use super::event::{Edges, Event, IncidentKind};
use super::join::{self, Place};
use super::lookup::InstanceScope;
use super::state::InstanceState;
use heddle_model::definition::{Join, Rest};
use heddle_model::plan::{EdgeIx, Plan};

impl Step<'_> {
    /// Takes what may be delivered to an `n-of-m` join; gives the token that fires it, where one does.
    pub(super) fn deliver(&mut self, place: Place) -> Result<Option<Edges>, CommandError> {
        let plan = self.context.plan;
        loop {
            let round = self.state.marking(place.0).and_then(|marking| marking.rounds.get(&place.1)).cloned();
            let (fired, known) = round.as_ref().map_or((false, &[][..]), |round| (round.fired, &round.delivered));
            let mut tokens = self.state.tokens(place.0).iter().copied();
            let next = tokens.find(|&edge| plan.edge(edge).to == place.1 && !known.contains(&edge));
            let Some(edge) = next else {
                if fired && self.may_close(place, known) {
                    self.emit(Event::JoinClosed { scope: place.0, node: place.1 })?;
                    continue;
                }
                return Ok(None);
            };
            let n = match &round {
                Some(round) => round.n,
                None => match self.deliveries(place)? {
                    Some(n) => n,
                    None => return Ok(None),
                },
            };
            if !fired && known.len() + 1 >= n as usize {
                return Ok(if self.is_held(place) { None } else { Some(Edges::from_slice(&[edge])) });
            }
            self.emit(Event::JoinDelivered { scope: place.0, node: place.1, edges: Edges::from_slice(&[edge]), n })?;
        }
    }

    /// How many deliveries fire the join; an expression that gives none opens an incident, once.
    fn deliveries(&mut self, (scope, node): Place) -> Result<Option<u32>, CommandError> {
        let plan = self.context.plan;
        let Some(round) = &plan.node(node).round else { return Ok(Some(1)) };
        let arrived = join::waiting(plan, self.state, (scope, node)).len();
        let lookup = InstanceScope { scope, names: &[("arrived", arrived.into())], ..self.scope() };
        let read = round.n.eval(&lookup).map_err(|why| why.to_string());
        let read = read.and_then(|n| {
            n.as_u64()
                .filter(|&n| n >= 1)
                .and_then(|n| u32::try_from(n).ok())
                .ok_or_else(|| format!("`n` is {n}, which is no number from 1"))
        });
        match read {
            Ok(n) => Ok(Some(n)),
            Err(why) => {
                let known = self.state.incidents.values().any(|it| it.node == Some(node) && it.execution.is_none());
                if !known {
                    self.open_incident(IncidentKind::Expression, (Some(node), None), "EXPRESSION", why)?;
                }
                Ok(None)
            }
        }
    }

    /// Whether nothing can come any more on the ways in that have not delivered.
    fn may_close(&self, place: Place, delivered: &[EdgeIx]) -> bool {
        let plan = self.context.plan;
        let incoming = plan.node(place.1).incoming.iter().copied().filter(|edge| !delivered.contains(edge));
        let open = plan.ways(place.1, incoming);
        open.is_empty() || !join::any_position(plan, self.state, place, |reach| reach.meets(&open))
    }

    /// Before a join that cancels the rest fires: its region goes. After it has fired its round is over.
    pub(super) fn cancel_rest(&mut self, (scope, node): Place) -> Result<(), CommandError> {
        let plan = self.context.plan;
        let Some(round) = plan.node(node).round.as_ref().filter(|round| round.rest == Rest::Cancel) else {
            return Ok(());
        };
        if round.has_region {
            self.cancel_in(scope, &round.nodes, &round.edges)
        } else {
            let reaches = |edges: &[EdgeIx]| !plan.reach(node, edges).is_empty();
            let Some(marking) = self.state.marking(scope) else { return Ok(()) };
            let tokens: Edges =
                marking.tokens.iter().copied().filter(|&edge| plan.edge(edge).to != node && reaches(&[edge])).collect();
            let executions =
                marking.live.iter().filter_map(|number| self.state.live.get(number).map(|it| (*number, it)));
            let doomed: Vec<u32> = executions
                .filter(|(_, it)| !it.released && it.node != node)
                .filter(|(_, it)| {
                    let at = plan.node(it.node);
                    reaches(&at.outgoing) || at.events.iter().any(|&edge| reaches(&[edge]))
                })
                .map(|(number, _)| number)
                .collect();
            self.cancel_tokens(scope, tokens)?;
            doomed.into_iter().try_for_each(|number| self.cancel(number))
        }
    }

    /// Once a join that cancels the rest has fired, the next token opens the next round.
    pub(super) fn close_round(&mut self, (scope, node): Place) -> Result<(), CommandError> {
        let cancels = matches!(&self.context.plan.node(node).join, Join::NOfM { rest: Rest::Cancel, .. });
        if cancels { self.emit(Event::JoinClosed { scope, node }) } else { Ok(()) }
    }

    pub(super) fn cancel_tokens(&mut self, scope: u32, edges: Edges) -> Result<(), CommandError> {
        if edges.is_empty() {
            return Ok(());
        }
        self.dead.extend(edges.iter().map(|&edge| (scope, edge)));
        self.emit(Event::TokensCancelled { scope, edges })
    }
}

impl InstanceState {
    pub(super) fn change_tokens(&mut self, plan: &Plan, event: &Event) -> Result<(), String> {
        let (scope, _) = match event {
            Event::TokensAdded { scope, edges }
            | Event::TokensCancelled { scope, edges }
            | Event::JoinDelivered { scope, edges, .. } => (*scope, edges.len()),
            Event::JoinClosed { scope, .. } => (*scope, 0),
            _ => return Err("no event about tokens".to_owned()),
        };
        let marking = self.marking_mut(scope).ok_or("there is no such scope")?;
        let mut take = |edges: &[EdgeIx]| {
            for edge in edges {
                let place = marking.tokens.iter().position(|token| token == edge);
                marking.tokens.remove(place.ok_or("a token that is not there is taken")?);
            }
            Ok::<(), String>(())
        };
        match event {
            Event::TokensAdded { edges, .. } => {
                marking.tokens.extend_from_slice(edges);
                marking.exact = true;
            }
            Event::TokensCancelled { edges, .. } => {
                take(edges)?;
                marking.exact = true;
            }
            Event::JoinDelivered { node, edges, n, .. } => {
                take(edges)?;
                let round = marking.rounds.entry(*node).or_default();
                round.n = *n;
                round.delivered.extend_from_slice(edges);
            }
            Event::JoinClosed { node, .. } => drop(marking.rounds.remove(node)),
            _ => {}
        }
        let _ = plan;
        Ok(())
    }
}
