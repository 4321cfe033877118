//! Words of the frame and of every page: navigation, actions, times, errors.

super::catalogue::catalogue! {
    texts {
        english: "English", "English";
        chinese: "中文", "中文";
        skip_to_content: "Skip to content", "跳到内容";
        navigation: "Main", "主导航";
        breadcrumb: "Breadcrumb", "当前位置";
        workflows: "Workflows", "工作流";
        instances: "Instances", "实例";
        collapse_rail: "Collapse navigation", "收起导航";
        expand_rail: "Open navigation", "展开导航";
        language: "Language", "语言";
        switch_language: "中", "EN";
        switch_language_label: "切换到中文", "Switch to English";
        light_theme: "Light theme", "浅色主题";
        dark_theme: "Dark theme", "深色主题";
        sign_out: "Sign out", "退出登录";
        live: "Live", "实时";
        live_connecting: "Connecting", "连接中";
        live_lost: "Reconnecting", "正在重连";
        pause_live: "Pause live", "暂停实时";
        resume_live: "Resume live", "恢复实时";
        clear: "Clear", "清除";
        clear_filters: "Clear filters", "清除筛选";
        any: "any", "全部";
        cancel: "Cancel", "取消";
        close: "Close", "关闭";
        try_again: "Try again", "再试一次";
        reload: "Reload the page", "重新加载页面";
        page_broke: "This page has stopped working. What you see is kept; copy what you typed before you reload.", "此页面已停止工作。当前内容仍在，重新加载前请先复制您输入的文字。";
        open: "Open", "打开";
        copied: "Copied", "已复制";
        copy_id: "Copy id", "复制编号";
        next_page: "Next page", "下一页";
        first_page: "First page", "第一页";
        loading: "Loading", "加载中";
        required: "required", "必填";
        now: "now", "刚刚";
        name: "Name", "名称";
        status: "Status", "状态";
        state: "State", "状态";
        version: "Version", "版本";
        id: "Id", "编号";
        tags: "Tags", "标签";
        details: "Details", "详情";
        actions: "Actions", "操作";
        show_password: "Show password", "显示密码";
        hide_password: "Hide password", "隐藏密码";
        request_id: "Request id", "请求编号";
        error_text: "The server could not answer. Your data is safe; try again.", "服务器未能应答。数据是安全的，请再试一次。";
        offline_title: "The server cannot be reached", "无法连接服务器";
        offline_text: "Check the connection and try again.", "请检查网络连接后重试。";
        not_found_title: "Nothing here", "这里什么也没有";
        not_found_text: "The address is wrong, or what was here is gone.", "地址有误，或内容已不存在。";
        not_found_go: "Go to workflows", "前往工作流";
        forbidden_title: "You may not open this", "您无权打开此页";
        fields_wrong: "Some fields need attention", "部分内容需要修改";
        reason: "Reason", "原因";
        reason_hint: "Goes to the audit log", "写入审计日志";
        session_expired: "Your session has ended. Sign in again to go on.", "会话已结束，请重新登录后继续。";
        notifications: "Notifications", "通知";
        dismiss: "Dismiss", "关闭通知";
        zoom_in: "Zoom in", "放大";
        zoom_out: "Zoom out", "缩小";
        zoom_fit: "Fit", "适应窗口";
        graph: "Graph", "流程图";
        graph_help: "Arrow keys walk along the graph, Enter shows a node, plus and minus zoom, 1 fits.", "方向键沿流程移动，回车查看节点，加减号缩放，1 适应窗口。";
        nodes: "Nodes", "节点";
    }
    phrases {
        page_title(page: &str): "{page} · Heddle", "{page} · Heddle";
        version_of(number: u64): "v{number}", "v{number}";
        forbidden_text(permission: &str): "It takes the permission {permission}. An administrator of this workspace can grant it.", "需要权限 {permission}。此工作区的管理员可以授予。";
        minutes_ago(n: u64): "{n} min ago", "{n} 分钟前";
        hours_ago(n: u64): "{n} h ago", "{n} 小时前";
        line_at(line: u32): "line {line}", "第 {line} 行";
        line_column_at(line: u32, column: u32): "line {line}, column {column}", "第 {line} 行第 {column} 列";
        signed_in_as(name: &str): "Signed in as {name}", "当前用户：{name}";
        account_menu(name: &str): "{name}, account menu", "{name}，账户菜单";
        live_last(time: &str): "Last update {time}", "最近更新 {time}";
    }
    counts {
        days_ago(n): "{n} day ago", "{n} days ago", "{n} 天前";
    }
}
