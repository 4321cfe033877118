//! Words of the states: one per look of the screens (`status.rs`), never of a raw status.

super::catalogue::catalogue! {
    texts {
        st_pending: "Pending", "待执行";
        st_queued: "Queued", "排队中";
        st_guard: "Waiting (condition)", "等待条件";
        st_mutex: "Waiting (mutex)", "等待互斥";
        st_retrying: "Retrying", "重试中";
        st_running: "Running", "运行中";
        st_timer: "Waiting (timer)", "等待定时";
        st_message: "Waiting (message)", "等待消息";
        st_signal: "Waiting (signal)", "等待信号";
        st_human: "With a person", "待人工处理";
        st_completed: "Completed", "已完成";
        st_failed: "Failed", "已失败";
        st_timed_out: "Timed out", "已超时";
        st_incident: "Needs attention", "异常待处理";
        st_paused: "Paused", "已暂停";
        st_skipped: "Skipped", "已跳过";
        st_cancelled: "Cancelled", "已取消";
        st_terminated: "Terminated", "已终止";
        st_compensating: "Compensating", "补偿中";
        st_compensated: "Compensated", "已补偿";
        st_job: "With a worker", "外部执行中";
    }
    phrases {}
    counts {}
}
