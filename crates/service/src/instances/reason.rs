//! Why a node waits, in words: one sentence for the reason, one for what would release it, in English and 中文.

use heddle_api::view::ReasonView;
use heddle_api::{Lang, Timestamp};
use heddle_engine::kernel::{Active, Awaited, InstanceState, Owner, Reason, Waiting};
use heddle_engine::scheduler::{Blocked, Queued};
use heddle_model::lifecycle::InstanceStatus;
use heddle_model::plan::{NodeIx, Plan};
use std::collections::BTreeMap;

/// What the sentences are made from.
pub(super) struct Teller<'a> {
    pub(super) plan: &'a Plan,
    pub(super) state: &'a InstanceState,
    /// Executions whose task or job is ready and has not begun, and what the scheduler says of them.
    pub(super) queued: BTreeMap<u32, Queued>,
    /// The whole instance waits for the concurrency key of its workflow.
    pub(super) not_begun: Option<Queued>,
    pub(super) lang: Lang,
}

/// Both sentences in both languages: why in English, why in 中文, the release in English, the release in 中文.
struct Words<'a>(&'a str, &'a str, &'a str, &'a str);

impl Teller<'_> {
    /// One reason of a node that stands somewhere.
    pub(super) fn tell(&self, waiting: &Waiting, reason: &Reason) -> ReasonView {
        match reason {
            Reason::NotStarted(due) => match &self.not_begun {
                Some(queued) => self.queued(queued),
                None => ReasonView { at: due.map(Timestamp), ..self.fixed(reason) },
            },
            Reason::Join { missing, by } => self.join(missing.iter().map(ToString::to_string).collect(), by),
            Reason::Guard(Some(why)) => {
                let (en, zh) =
                    (format!("Its guard cannot be evaluated: {why}."), format!("其守卫条件无法求值：{why}。"));
                self.view(
                    reason.as_str(),
                    &Words(&en, &zh, "Write the variable that the guard asks for.", "请写入守卫条件所需的变量。"),
                )
            }
            Reason::Mutex { name, holders } => ReasonView {
                name: Some(name.to_string()),
                node_instance_ids: holders.iter().map(|&number| self.state.id.node_instance(number)).collect(),
                ..self.named(
                    reason.as_str(),
                    name,
                    &Words(
                        "Its mutex `{}` is held by others.", "其互斥锁 `{}` 被占用。", "The end of one that holds it.",
                        "等待任一持有者结束。",
                    ),
                )
            },
            Reason::Task | Reason::Job => match waiting.number.and_then(|number| self.queued.get(&number)) {
                Some(queued) => self.queued(queued),
                None => self.fixed(reason),
            },
            Reason::Timer(due) | Reason::Retry(due) => self.timed(waiting, reason, *due),
            Reason::Message { name, key } => ReasonView {
                name: Some(name.to_string()),
                key: key.as_deref().map(str::to_owned),
                ..self.named(
                    reason.as_str(),
                    name,
                    &Words(
                        "It waits for the message `{}`.",
                        "正在等待消息 `{}`。",
                        "Sending that message, with that key where one is named.",
                        "发送该消息（若列出 key，则须一致）。",
                    ),
                )
            },
            Reason::Signal(name) => ReasonView {
                name: Some(name.to_string()),
                ..self.named(
                    reason.as_str(),
                    name,
                    &Words(
                        "It waits for the signal `{}`.", "正在等待信号 `{}`。", "Sending that signal.", "发送该信号。",
                    ),
                )
            },
            Reason::Human(Some(user)) => ReasonView {
                user: Some(user.to_string()),
                ..self.view(
                    reason.as_str(),
                    &Words(
                        "Somebody has the task and has not completed it.",
                        "任务已被领取，尚未完成。",
                        "Completing the task.",
                        "完成该任务。",
                    ),
                )
            },
            Reason::Children(count) => ReasonView { count: Some(*count as u64), ..self.fixed(reason) },
            Reason::Call(instance) => ReasonView { instance_id: Some(*instance), ..self.fixed(reason) },
            Reason::Incident(number) => {
                ReasonView { incident_id: number.map(|number| self.state.id.incident(number)), ..self.fixed(reason) }
            }
            _ => self.fixed(reason),
        }
    }

    /// A node that nothing has reached.
    pub(super) fn unreached(&self, ix: NodeIx) -> ReasonView {
        if self.state.status == InstanceStatus::Failed {
            return self.view(
                "failed",
                &Words(
                    "The instance has failed before this node was reached.",
                    "实例在到达此节点之前已失败。",
                    "Repairing the instance: retry, skip or complete what failed.",
                    "修复实例：重试、跳过或完成失败的节点。",
                ),
            );
        }
        let at = self.plan.node(ix);
        let scope = self.plan.scope(at.scope);
        let closed = scope.host.filter(|_| !self.state.open_scopes().any(|open| self.state.scope_ix(open) == at.scope));
        let before: Vec<NodeIx> = match closed {
            Some(host) => vec![host],
            None => at.incoming.iter().map(|&edge| self.plan.edge(edge).from).collect(),
        };
        let words = match (closed, before.is_empty()) {
            (Some(_), _) => Words(
                "What it stands in has not begun.", "其所在的容器尚未开始。", "The beginning of the node around it.",
                "等待外层节点开始。",
            ),
            (None, true) => Words(
                "Only its event begins it, and that has not happened.",
                "仅由其事件触发，而事件尚未发生。",
                "Its event.",
                "等待事件发生。",
            ),
            (None, false) => Words(
                "Nothing has reached it yet.",
                "流程尚未到达此节点。",
                "The end of a node before it that leads here.",
                "等待通向此处的前置节点结束。",
            ),
        };
        ReasonView { node_ids: self.ids(&before), ..self.view("not_reached", &words) }
    }

    /// A built-in task that is ready and has not begun.
    fn queued(&self, queued: &Queued) -> ReasonView {
        let pause = ("Lifting that pause.", "解除该暂停。");
        let (why, release) = match queued.blocked.first() {
            None => (
                ("Its task is ready and waits for its turn.", "任务已就绪，正在排队。"),
                (
                    "The beginning of what stands before it; a higher priority goes first.",
                    "排在前面的任务开始后即可执行；优先级高者先行。",
                ),
            ),
            Some(Blocked::Engine) => (("The whole engine is paused.", "整个引擎已暂停。"), pause),
            Some(Blocked::Type) => (("Its task type is paused.", "其任务类型已暂停。"), pause),
            Some(Blocked::Workflow(_)) => (("Its workflow is paused.", "其工作流已暂停。"), pause),
            Some(Blocked::Key(_)) => (
                ("As many as its concurrency key allows are at work.", "并发键允许的数量已满。"),
                ("The end of one that holds the key.", "等待持有该并发键的任务结束。"),
            ),
            Some(Blocked::Slots { .. }) => (
                ("Every worker slot of this server is taken.", "本服务器的执行槽位已占满。"),
                ("The end of a task that has a slot.", "等待占用槽位的任务结束。"),
            ),
            Some(Blocked::TypeSlots { .. }) => (
                ("Every slot of its task type is taken.", "其任务类型的槽位已占满。"),
                ("The end of a task of this type.", "等待同类型任务结束。"),
            ),
            Some(Blocked::Rate { .. } | Blocked::WorkspaceRate { .. }) => (
                ("Its task type has begun as often as its rate allows.", "其任务类型已达到速率上限。"),
                ("The time at which the rate allows more.", "等待速率窗口恢复。"),
            ),
        };
        let opens = queued.blocked.iter().find_map(|blocked| match blocked {
            Blocked::Rate { opens_in_ms } | Blocked::WorkspaceRate { opens_in_ms } => i64::try_from(*opens_in_ms).ok(),
            _ => None,
        });
        ReasonView {
            blocked: queued.blocked.iter().map(|blocked| blocked.as_str().to_owned()).collect(),
            ahead: Some(queued.ahead.attempts as u64),
            left_ms: opens,
            ..self.view("queued", &Words(why.0, why.1, release.0, release.1))
        }
    }

    fn join(&self, missing: Vec<String>, by: &[NodeIx]) -> ReasonView {
        let words = if by.is_empty() {
            Words(
                "Its join misses tokens, and nothing at work in its scope leads to the empty ways in.",
                "汇聚缺少令牌，且当前作用域内没有执行中的节点通向空缺的入边。",
                "Whatever lets the nodes before it go on; or skipping it, or changing the marking.",
                "让其前置节点继续，或跳过此节点，或手工调整令牌。",
            )
        } else {
            Words(
                "Its join waits for what may still come from nodes at work.",
                "汇聚正在等待执行中节点可能送来的令牌。",
                "The end of those nodes, whichever way they go.",
                "等待这些节点结束（无论走向何处）。",
            )
        };
        ReasonView { edge_ids: missing, node_ids: self.ids(by), ..self.view("join", &words) }
    }

    fn timed(&self, waiting: &Waiting, reason: &Reason, due: Option<i64>) -> ReasonView {
        let told = self.fixed(reason);
        if waiting.number.is_some_and(|number| self.stands_still(number, due)) {
            let (en, zh) = ("Resuming what is paused; then what is left of the time.", "恢复暂停后，计时继续。");
            return ReasonView { left_ms: due, release: self.lang.pick(en, zh).to_owned(), ..told };
        }
        ReasonView { at: due.map(Timestamp), ..told }
    }

    /// Whether the timer that an execution waits for, and that is due then, is frozen by a pause.
    fn stands_still(&self, number: u32, due: Option<i64>) -> bool {
        let Some(execution) = self.state.live.get(&number) else { return false };
        match &execution.active {
            Active::Timer(timer) | Active::Retry(timer) => self.state.is_frozen(*timer),
            _ => {
                let owner = Owner::Execution(number);
                let mut own = self.state.subscriptions.range((owner, 0)..=(owner, u32::MAX));
                own.any(|(_, wish)| match &wish.event {
                    Awaited::Timer { timer, .. } => {
                        self.state.is_frozen(*timer) && self.state.timers.get(timer).map(|it| it.due) == due
                    }
                    _ => false,
                })
            }
        }
    }

    /// Reasons whose sentences are always the same.
    fn fixed(&self, reason: &Reason) -> ReasonView {
        let words = match reason {
            Reason::NotStarted(_) => {
                Words("The instance is to start later.", "实例将在稍后启动。", "Its time to start.", "等待启动时间。")
            }
            Reason::Paused => {
                Words("The instance, or this node, is paused.", "实例或此节点已暂停。", "Resuming it.", "恢复运行。")
            }
            Reason::Undoing => Words(
                "The instance is being undone.", "实例正在补偿。", "The end of the compensation.", "等待补偿结束。",
            ),
            Reason::Guard(_) => Words(
                "Its guard is false.",
                "其守卫条件为假。",
                "A change of what the guard asks for.",
                "守卫条件所依赖的内容发生变化。",
            ),
            Reason::Task => Words(
                "A built-in task is at work.", "内置任务正在执行。", "Its end, or its timeout.", "等待其结束或超时。",
            ),
            Reason::Job => Words(
                "Its job waits for a worker, or a worker has it.",
                "作业等待工作者领取，或正在由工作者处理。",
                "A worker's answer, or completing the task by hand.",
                "等待工作者返回结果，或手工完成任务。",
            ),
            Reason::Timer(_) => Words("It waits for a time.", "正在等待定时。", "That time.", "等待到时。"),
            Reason::Retry(_) => Words(
                "An attempt failed, and another follows.",
                "一次尝试失败，将再次尝试。",
                "The time of the next attempt, or retrying it now.",
                "等待下次尝试，或立即重试。",
            ),
            Reason::Condition => Words(
                "Its condition is false.",
                "其条件为假。",
                "Writing a variable that makes the condition true.",
                "写入使条件为真的变量。",
            ),
            Reason::Human(_) => Words(
                "Nobody has taken the task.", "任务尚无人领取。", "Claiming and completing the task.",
                "领取并完成该任务。",
            ),
            Reason::Children(_) => Words(
                "What is inside it is under way.", "其内部仍在执行。", "The end of what is inside it.",
                "等待内部执行结束。",
            ),
            Reason::Open => Words(
                "It is open: more items may be added.",
                "处于开放状态：可继续添加元素。",
                "Closing it to more items, or ending it.",
                "关闭添加，或结束它。",
            ),
            Reason::Call(_) => Words(
                "The workflow that it called is under way.",
                "其调用的流程仍在执行。",
                "The end of the called instance.",
                "等待被调用的实例结束。",
            ),
            Reason::Incident(_) => Words(
                "It has failed, and its incident is open.",
                "节点已失败，异常未解决。",
                "Resolving the incident: retry, skip or complete.",
                "解决异常：重试、跳过或完成。",
            ),
            // Told with their names elsewhere.
            Reason::Join { .. } | Reason::Mutex { .. } | Reason::Message { .. } | Reason::Signal(_) => {
                Words("", "", "", "")
            }
        };
        self.view(reason.as_str(), &words)
    }

    fn named(&self, word: &str, name: &str, words: &Words<'_>) -> ReasonView {
        let with = |text: &str| text.replace("{}", name);
        self.view(word, &Words(&with(words.0), &with(words.1), words.2, words.3))
    }

    fn view(&self, word: &str, words: &Words<'_>) -> ReasonView {
        ReasonView {
            reason: word.to_owned(),
            message: self.lang.pick(words.0, words.1).to_owned(),
            release: self.lang.pick(words.2, words.3).to_owned(),
            ..ReasonView::default()
        }
    }

    fn ids(&self, nodes: &[NodeIx]) -> Vec<String> {
        let mut ids: Vec<String> = nodes.iter().map(|&ix| self.plan.node(ix).id.to_string()).collect();
        ids.sort();
        ids.dedup();
        ids
    }
}
