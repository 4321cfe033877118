//! Servers and the shards that they own, in memory.

use crate::storage::{Fence, Leased, Member};
use heddle_model::ids::ServerId;
use heddle_model::limits::{SHARD_LEASE_MS, SHARDS};
use std::collections::BTreeMap;

/// Who owns what.
#[derive(Default)]
pub(super) struct Members {
    servers: BTreeMap<String, Server>,
    owners: BTreeMap<u16, String>,
    epochs: u64,
}

struct Server {
    fence: Fence,
    /// In the past: free to be taken over.
    until: i64,
}

impl Members {
    pub(super) fn is_current(&self, fence: Fence) -> bool {
        self.name_of(fence).is_some()
    }

    /// Whether the server of this fence owns the shard.
    pub(super) fn owns(&self, fence: Fence, shard: u16) -> bool {
        self.name_of(fence).is_some_and(|name| self.owners.get(&shard) == Some(name))
    }

    fn name_of(&self, fence: Fence) -> Option<&String> {
        self.servers.iter().find(|(_, server)| server.fence == fence).map(|(name, _)| name)
    }

    /// The name's epoch rises: whoever ran under it can write nothing more.
    fn close(&mut self, name: &str) {
        self.epochs += 1;
        if let Some(server) = self.servers.get_mut(name) {
            (server.fence.epoch, server.until) = (self.epochs, 0);
        }
    }

    pub(super) fn acquire(&mut self, name: &str, now: i64, positions: &BTreeMap<u16, u64>) -> Leased {
        self.epochs += 1;
        let fence = Fence { server: ServerId::from_u128(u128::from(self.epochs)), epoch: self.epochs };
        self.servers.insert(name.to_owned(), Server { fence, until: now + SHARD_LEASE_MS });
        let all: Vec<u16> = (0..SHARDS).collect();
        self.take(fence, &all, now, positions);
        let shards: Vec<u16> =
            all.into_iter().filter(|shard| self.owners.get(shard).is_some_and(|it| it == name)).collect();
        let positions = shards.iter().map(|shard| positions.get(shard).copied().unwrap_or(0)).collect();
        Leased { fence, shards, positions }
    }

    pub(super) fn take(
        &mut self,
        fence: Fence,
        shards: &[u16],
        now: i64,
        positions: &BTreeMap<u16, u64>,
    ) -> Vec<(u16, u64)> {
        let Some(name) = self.name_of(fence).cloned() else { return Vec::new() };
        let ended: Vec<String> = self
            .servers
            .iter()
            .filter(|(other, server)| **other != name && server.until <= now)
            .map(|(other, _)| other.clone())
            .collect();
        ended.iter().for_each(|other| self.close(other));
        let free = |owner: Option<&String>| owner.is_none_or(|owner| ended.contains(owner));
        let mut taken = Vec::new();
        for &shard in shards {
            if free(self.owners.get(&shard)) {
                self.owners.insert(shard, name.clone());
                taken.push((shard, positions.get(&shard).copied().unwrap_or(0)));
            }
        }
        taken
    }

    pub(super) fn give(&mut self, fence: Fence, shards: &[u16]) {
        let Some(name) = self.name_of(fence).cloned() else { return };
        self.owners.retain(|shard, owner| *owner != name || !shards.contains(shard));
    }

    pub(super) fn heartbeat(&mut self, fence: Fence, now: i64) -> bool {
        let server = self.servers.values_mut().find(|server| server.fence == fence);
        server.map(|server| server.until = now + SHARD_LEASE_MS).is_some()
    }

    /// As if its time were over.
    pub(super) fn end_lease(&mut self, name: &str) {
        self.servers.get_mut(name).into_iter().for_each(|server| server.until = 0);
    }

    pub(super) fn release(&mut self, fence: Fence) {
        let Some(name) = self.name_of(fence).cloned() else { return };
        self.close(&name);
        self.owners.retain(|_, owner| *owner != name);
    }

    pub(super) fn list(&self, now: i64) -> Vec<Member> {
        let member = |(name, server): (&String, &Server)| Member {
            name: name.clone(),
            server: server.fence.server,
            alive: server.until > now,
        };
        self.servers.iter().map(member).collect()
    }
}
