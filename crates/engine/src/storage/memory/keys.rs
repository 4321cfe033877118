//! The books of concurrency keys in memory.

use super::Data;
use crate::scheduler::{KeyAsk, Verdict};
use crate::storage::{Content, Fence, Parcel};

impl Data {
    pub(super) fn keep_books(&mut self, fence: Fence, asks: &[KeyAsk], at: i64) -> (Vec<Verdict>, Vec<Parcel>) {
        let (mut own, mut sent) = (Vec::new(), Vec::new());
        for ask in asks {
            let (workspace, asker, verdicts) = match ask {
                KeyAsk::Acquire(wish) if self.members.owns(fence, wish.holder.instance().shard()) => {
                    (wish.name.workspace, Some(wish.holder), self.books.acquire(wish.clone()))
                }
                KeyAsk::Acquire(_) => continue,
                KeyAsk::Release(workspace, holder) => (*workspace, None, self.books.release(*holder)),
            };
            for verdict in verdicts {
                if Some(verdict.holder()) == asker {
                    own.push(verdict);
                } else {
                    let instance = verdict.holder().instance();
                    sent.push(self.office.send(workspace, instance, Content::Verdict(verdict), at));
                }
            }
        }
        (own, sent)
    }
}
