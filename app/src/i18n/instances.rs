//! Words of the instance pages: list, graph, timeline, events, variables, actions.

super::catalogue::catalogue! {
    texts {
        search_instances: "Search instances", "搜索实例";
        search_instances_hint: "Business key or id", "业务键或编号";
        workflow: "Workflow", "工作流";
        started: "Started", "开始时间";
        ended: "Ended", "结束时间";
        duration: "Duration", "用时";
        no_instances_title: "No instances yet", "还没有实例";
        no_instances_text: "An instance is one run of a workflow. Start one and it appears here, live.", "实例是工作流的一次运行。启动后会实时显示在这里。";
        go_start_one: "Choose a workflow to run", "选择要运行的工作流";
        no_instance_matches: "No instance matches", "没有匹配的实例";
        timeline: "Timeline", "时间线";
        events: "Events", "事件";
        logs: "Logs", "日志";
        variables: "Variables", "变量";
        summary: "Summary", "概要";
        output: "Output", "输出";
        config: "Config", "配置";
        attempts: "Attempts", "尝试次数";
        iteration: "Iteration", "轮次";
        node: "Node", "节点";
        kind: "Kind", "类型";
        value: "Value", "值";
        time: "Time", "时间";
        event: "Event", "事件";
        level: "Level", "级别";
        message: "Message", "消息";
        priority: "Priority", "优先级";
        inspector: "Selected node", "所选节点";
        nothing_selected: "Select a node to see what it did.", "选择一个节点以查看其执行情况。";
        not_run: "This node has not run yet.", "该节点尚未执行。";
        no_variables: "No variables.", "没有变量。";
        no_logs: "No log lines. The log task writes here.", "没有日志。日志任务会写到这里。";
        no_events: "No events yet.", "还没有事件。";
        load_more: "Load more", "加载更多";
        pause: "Pause", "暂停";
        resume: "Resume", "恢复";
        terminate: "Terminate", "终止";
        terminate_dots: "Terminate…", "终止…";
        retry_node: "Retry", "重试";
        skip: "Skip", "跳过";
        skip_dots: "Skip…", "跳过…";
        complete: "Complete", "完成";
        complete_dots: "Complete…", "完成…";
        keep_running: "Keep running", "继续运行";
        pause_text: "Nodes under way finish; nothing new starts until it is resumed.", "进行中的节点会继续完成，恢复前不会启动新的节点。";
        terminate_text: "It stops now. Nodes that finished are not undone.", "它将立即停止，已完成的节点不会撤销。";
        retry_text: "The node starts another attempt with the same input.", "该节点将以相同输入再执行一次。";
        skip_text: "The node counts as skipped and its outgoing edges go on. Its output is empty unless you give one.", "该节点视为已跳过，流程继续；如不填写，输出为空。";
        complete_text: "The node counts as completed with the output you give.", "该节点将以您填写的输出视为完成。";
        output_json: "Output as JSON", "输出（JSON）";
        not_json: "This is not JSON.", "不是有效的 JSON。";
        waiting_job: "Waits for a worker", "等待外部执行者";
        running_time: "Running time", "运行时间";
        waiting_time: "Waiting", "等待";
        run_again: "Run again", "再次运行";
        only_attention: "Needs attention", "异常待处理";
    }
    phrases {
        priority_is(priority: u8): "priority {priority}", "优先级 {priority}";
        pause_question(name: &str): "Pause {name}?", "暂停 {name}？";
        terminate_question(name: &str): "Terminate {name}?", "终止 {name}？";
        retry_question(name: &str): "Retry {name}?", "重试 {name}？";
        skip_question(name: &str): "Skip {name}?", "跳过 {name}？";
        complete_question(name: &str): "Complete {name} by hand?", "手动完成 {name}？";
        attempt_of(attempt: u32): "attempt {attempt}", "第 {attempt} 次";
        incident_at(message: &str, node: &str): "{message} at {node}", "{node}：{message}";
        progress_is(percent: u32): "{percent} % done", "已完成 {percent}%";
    }
    counts {
        instances_count(n): "{n} instance", "{n} instances", "{n} 个实例";
        incidents_count(n): "{n} incident", "{n} incidents", "{n} 个异常";
        new_count(n): "{n} new", "{n} new", "{n} 条新记录";
    }
}
