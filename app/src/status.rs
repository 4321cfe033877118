//! One enum maps status and reason to what a person sees: the state's family (colour), icon and word (the UX table of states).

use crate::i18n::Words;
use crate::ui::Icon;

/// What a person sees of a node's or an instance's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Look {
    /// Never fired.
    Pending,
    /// In the ready queue.
    Queued,
    /// A guard is not true yet.
    Guard,
    /// A mutex is held by another.
    Mutex,
    /// Waits for its next attempt.
    Retrying,
    /// Under way.
    Running,
    /// Offered to an external worker.
    Job,
    /// Waits for a time.
    Timer,
    /// Waits for a message.
    Message,
    /// Waits for a signal.
    Signal,
    /// A person has it.
    Human,
    /// Done.
    Completed,
    /// Failed.
    Failed,
    /// Failed for lack of time.
    TimedOut,
    /// Needs a person.
    Incident,
    /// Paused.
    Paused,
    /// Not taken.
    Skipped,
    /// Withdrawn.
    Cancelled,
    /// The whole instance was stopped.
    Terminated,
    /// Being undone.
    Compensating,
    /// Undone.
    Compensated,
}

impl Look {
    /// The state of a node, from its status and reason (both as the API writes them).
    pub fn of_node(status: &str, reason: Option<&str>) -> Self {
        match (status, reason.unwrap_or_default()) {
            ("PENDING", "queued") => Self::Queued,
            ("PENDING", "guard") => Self::Guard,
            ("PENDING", "mutex") => Self::Mutex,
            ("PENDING", "retrying") => Self::Retrying,
            ("RUNNING", "timer") => Self::Timer,
            ("RUNNING", "message") => Self::Message,
            ("RUNNING", "signal") => Self::Signal,
            ("RUNNING", "human") => Self::Human,
            ("RUNNING", "job") => Self::Job,
            ("RUNNING", _) => Self::Running,
            ("COMPLETED", _) => Self::Completed,
            ("FAILED", "timed_out") => Self::TimedOut,
            ("FAILED", "incident") => Self::Incident,
            ("FAILED", _) => Self::Failed,
            ("SKIPPED", _) => Self::Skipped,
            ("CANCELLED", _) => Self::Cancelled,
            ("COMPENSATED", _) => Self::Compensated,
            _ => Self::Pending,
        }
    }

    /// The state of an instance, from its status, its phase and how many incidents are open.
    pub fn of_instance(status: &str, phase: Option<&str>, incidents: u64) -> Self {
        match status {
            "RUNNING" | "PAUSED" if incidents > 0 => Self::Incident,
            "RUNNING" if phase == Some("compensating") => Self::Compensating,
            "RUNNING" => Self::Running,
            "PAUSED" => Self::Paused,
            "COMPLETED" => Self::Completed,
            "FAILED" => Self::Failed,
            "TERMINATED" => Self::Terminated,
            "COMPENSATED" => Self::Compensated,
            _ => Self::Pending,
        }
    }

    /// The value of `data-state`: colours hang on it.
    pub const fn family(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Queued => "queued",
            Self::Guard | Self::Mutex | Self::Timer | Self::Message | Self::Signal => "waiting",
            Self::Retrying => "retrying",
            Self::Running | Self::Job => "running",
            Self::Human => "human",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::TimedOut => "timed-out",
            Self::Incident => "incident",
            Self::Paused => "paused",
            Self::Skipped => "skipped",
            Self::Cancelled | Self::Terminated => "cancelled",
            Self::Compensating => "compensating",
            Self::Compensated => "compensated",
        }
    }

    /// Its icon: the shape that tells it without colour.
    pub const fn icon(self) -> Icon {
        match self {
            Self::Pending => Icon::CircleDashed,
            Self::Queued => Icon::CircleDotDashed,
            Self::Guard | Self::Mutex => Icon::Lock,
            Self::Retrying => Icon::RotateCw,
            Self::Running => Icon::LoaderCircle,
            Self::Job => Icon::Server,
            Self::Timer => Icon::Timer,
            Self::Message | Self::Signal => Icon::Mail,
            Self::Human => Icon::UserRound,
            Self::Completed => Icon::CircleCheck,
            Self::Failed => Icon::CircleX,
            Self::TimedOut => Icon::AlarmClockOff,
            Self::Incident => Icon::OctagonAlert,
            Self::Paused => Icon::CirclePause,
            Self::Skipped => Icon::SkipForward,
            Self::Cancelled | Self::Terminated => Icon::Ban,
            Self::Compensating => Icon::Undo2,
            Self::Compensated => Icon::UndoDot,
        }
    }

    /// Its word.
    pub const fn word(self, words: Words) -> &'static str {
        match self {
            Self::Pending => words.st_pending(),
            Self::Queued => words.st_queued(),
            Self::Guard => words.st_guard(),
            Self::Mutex => words.st_mutex(),
            Self::Retrying => words.st_retrying(),
            Self::Running => words.st_running(),
            Self::Job => words.st_job(),
            Self::Timer => words.st_timer(),
            Self::Message => words.st_message(),
            Self::Signal => words.st_signal(),
            Self::Human => words.st_human(),
            Self::Completed => words.st_completed(),
            Self::Failed => words.st_failed(),
            Self::TimedOut => words.st_timed_out(),
            Self::Incident => words.st_incident(),
            Self::Paused => words.st_paused(),
            Self::Skipped => words.st_skipped(),
            Self::Cancelled => words.st_cancelled(),
            Self::Terminated => words.st_terminated(),
            Self::Compensating => words.st_compensating(),
            Self::Compensated => words.st_compensated(),
        }
    }

    /// Whether nothing more will happen to it by itself.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Completed
                | Self::Failed
                | Self::TimedOut
                | Self::Skipped
                | Self::Cancelled
                | Self::Terminated
                | Self::Compensated
        )
    }

    /// Whether it waits rather than works: such bars are hatched.
    pub const fn is_waiting(self) -> bool {
        matches!(
            self,
            Self::Guard
                | Self::Mutex
                | Self::Timer
                | Self::Message
                | Self::Signal
                | Self::Human
                | Self::Job
                | Self::Retrying
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_refine_the_status() {
        assert_eq!(Look::of_node("RUNNING", Some("timer")), Look::Timer);
        assert_eq!(Look::of_node("RUNNING", Some("active")), Look::Running);
        assert_eq!(Look::of_node("FAILED", Some("incident")), Look::Incident);
        assert_eq!(Look::of_node("FAILED", None), Look::Failed);
        assert_eq!(Look::of_node("PENDING", None), Look::Pending);
        assert_eq!(Look::of_node("SOMETHING_NEW", Some("x")), Look::Pending);
    }

    #[test]
    fn an_open_incident_shows_on_the_instance() {
        assert_eq!(Look::of_instance("RUNNING", None, 2), Look::Incident);
        assert_eq!(Look::of_instance("RUNNING", Some("compensating"), 0), Look::Compensating);
        assert_eq!(Look::of_instance("COMPLETED", None, 2), Look::Completed);
        assert_eq!(Look::of_instance("TERMINATED", None, 0).family(), "cancelled");
    }
}
