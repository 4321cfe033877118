//! Batches to test with: small, whole, each with ids of its own.

use crate::kernel::{Json, Letter};
use crate::storage::{
    Awaits, Batch, Created, Fence, Head, HumanRow, JobRow, JobState, JournalRow, MessageRow, NodeRow, Storage,
    SubscriptionRow, Unit,
};
use heddle_model::ids::{InstanceId, MessageId, VersionId, WorkflowId, WorkspaceId, uuid_v7};
use heddle_model::value::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A time that no test depends on.
pub const AT: i64 = 1_763_800_000_000;

/// Makes units and keeps count of what storage expects next.
pub struct Maker {
    /// What batches are proven with.
    pub fence: Fence,
    /// The workspace of all its units.
    pub workspace: WorkspaceId,
    /// The workflow of all its instances.
    pub workflow: WorkflowId,
    positions: HashMap<u16, u64>,
    lane: u16,
    lanes: u16,
}

/// A number that no other call in this process has given, in the random half of an id.
pub(super) fn fresh() -> u128 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    u128::from(NEXT.fetch_add(1, Ordering::Relaxed)) * 0x9e37_79b9_7f4a_7c15
}

impl Maker {
    /// Becomes the owner of all shards.
    pub async fn new(storage: &dyn Storage) -> Self {
        let leased = storage.acquire("conformance").await.expect("nobody else owns the shards");
        let positions = leased.shards.iter().copied().zip(leased.positions.iter().copied()).collect();
        let id = || uuid_v7(AT as u64, fresh());
        Self {
            fence: leased.fence,
            workspace: WorkspaceId::from_u128(id()),
            workflow: WorkflowId::from_u128(id()),
            positions,
            lane: 0,
            lanes: 1,
        }
    }

    /// A maker for one of several committers, each with shards of its own.
    pub fn lane(&self, lane: u16, lanes: u16) -> Self {
        Self {
            fence: self.fence,
            workspace: self.workspace,
            workflow: self.workflow,
            positions: self.positions.clone(),
            lane,
            lanes,
        }
    }

    /// A new id, later than those before it.
    pub fn instance(&self) -> InstanceId {
        static TICK: AtomicU64 = AtomicU64::new(0);
        loop {
            let id = InstanceId::from_u128(uuid_v7(AT as u64 + TICK.fetch_add(1, Ordering::Relaxed), fresh()));
            if id.shard() % self.lanes == self.lane {
                return id;
            }
        }
    }

    /// Events `first..first + count` of an instance and nothing else.
    pub fn step(&mut self, instance: InstanceId, first: u64, count: u32) -> Unit {
        let shard = instance.shard();
        let pos = self.positions.entry(shard).or_default();
        *pos += 1;
        let seq = first + u64::from(count) - 1;
        Unit {
            workspace: self.workspace,
            instance,
            shard,
            created: None,
            version: None,
            journal: JournalRow {
                first_seq: first,
                count,
                pos: *pos,
                at: AT + seq as i64,
                events: Arc::from([first as u8, 0, 255, count as u8]),
                checksum: u32::MAX - first as u32,
            },
            head: Some(head(seq)),
            nodes: Vec::new(),
            nodes_gone: Vec::new(),
            tally: Vec::new(),
            timers: Vec::new(),
            timers_gone: Vec::new(),
            jobs: Vec::new(),
            jobs_gone: Vec::new(),
            hold_jobs: None,
            incidents: Vec::new(),
            search: Vec::new(),
            snapshot: None,
            idempotency: None,
            logs: Vec::new(),
            post: None,
            people: None,
        }
    }

    /// The first two events of a new instance.
    pub fn start(&mut self) -> Unit {
        let instance = self.instance();
        let mut unit = self.step(instance, 1, 2);
        unit.created = Some(Created {
            workflow: self.workflow,
            version: VersionId::from_u128(self.workflow.as_u128()),
            version_number: 1,
            business_key: None,
            unique_business_key: false,
            priority: 5,
            started_by: "usr_test".to_owned(),
            created_at: AT,
            test: false,
            parent: None,
        });
        unit
    }

    /// A batch of these units.
    pub fn batch(&self, units: Vec<Unit>) -> Batch {
        Batch { fence: self.fence, units, slot: self.lane }
    }

    /// The numbers of the last events of these instances.
    pub async fn last_events(&self, storage: &dyn Storage, instances: &[InstanceId]) -> Vec<Option<u64>> {
        let mut last = Vec::with_capacity(instances.len());
        for &instance in instances {
            let rows = storage.journal(self.workspace, instance, 0, u32::MAX).await.unwrap();
            last.push(rows.last().map(|row| row.first_seq + u64::from(row.count) - 1));
        }
        last
    }

    /// Commits units that storage must take.
    pub async fn commit(&self, storage: &dyn Storage, units: Vec<Unit>) {
        storage.commit(&self.batch(units)).await.expect("the batch is right");
    }
}

/// A hot row after an event.
pub fn head(seq: u64) -> Head {
    Head {
        status: "RUNNING",
        phase: "",
        seq,
        nodes_ended: 1,
        nodes_expected: 3,
        incidents: 0,
        runnable: false,
        started_at: Some(AT),
        ended_at: None,
        updated_at: AT + seq as i64,
        error: None,
    }
}

/// A node instance that waits for a job.
pub fn node(number: u32) -> NodeRow {
    NodeRow {
        number,
        node: format!("节点 {number}").into(),
        node_type: "echo".into(),
        status: "RUNNING",
        reason: "job",
        attempt: 1,
        iteration: 0,
        started_at: AT,
        ended_at: None,
        output: Some("{\"v\":1}".to_owned()),
        error: None,
    }
}

/// A job that is ready.
pub fn job(unit: &Unit, number: u32, job_type: &str) -> JobRow {
    JobRow {
        id: unit.instance.job(number),
        workspace: unit.workspace,
        instance: unit.instance,
        number,
        node: "work".into(),
        job_type: job_type.into(),
        priority: 5,
        input: "{}".to_owned(),
        key: format!("{}:{number}", unit.instance),
        state: JobState::Ready,
        attempt: 0,
        token: 0,
        worker: None,
        lease_until: None,
        not_before: 0,
        created_at: AT,
        held: false,
    }
}

/// A task for a person that nobody has.
pub fn human(number: u32, offers: &[&str]) -> HumanRow {
    HumanRow {
        number,
        workflow: WorkflowId::from_u128(7),
        node: "ask".into(),
        status: "OPEN",
        held: false,
        title: format!("问 {number}"),
        assignee: None,
        offers: offers.iter().map(|&who| who.into()).collect(),
        asked_at: AT + i64::from(number),
        updated_at: AT + i64::from(number),
        due: None,
        escalated_at: None,
        ended_at: None,
        config: "{\"title\":\"t\"}".to_owned(),
        draft: "null".to_owned(),
        output: None,
    }
}

/// A message that nobody has seen before, and that waits for ever.
pub fn message(workspace: WorkspaceId, name: &str, key: Option<&str>, sent_at: i64) -> MessageRow {
    let payload = Json::from(json!({"发": sent_at}));
    let letter = Letter { name: name.into(), key: key.map(Arc::from), payload, expires: Some(i64::MAX) };
    MessageRow { id: MessageId::from_u128(uuid_v7(sent_at as u64, fresh())), workspace, letter, sent_at }
}

/// A subscription to a message.
pub fn subscription(number: u32, name: &str, key: Option<&str>, since: i64) -> SubscriptionRow {
    SubscriptionRow { number, awaits: Awaits::Message, name: name.into(), key: key.map(Arc::from), since }
}
