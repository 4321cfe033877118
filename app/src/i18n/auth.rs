//! Words of sign-in and set-up.

super::catalogue::catalogue! {
    texts {
        sign_in: "Sign in", "登录";
        sign_in_to: "to your workflows", "进入您的工作流";
        user_name: "E-mail or user name", "邮箱或用户名";
        password: "Password", "密码";
        sign_in_failed: "Name or password is not right.", "用户名或密码不正确。";
        sign_in_locked: "Too many attempts. Wait a little, then try again.", "尝试次数过多，请稍候再试。";
        signed_out: "You are signed out.", "您已退出登录。";
        set_up: "Set up Heddle", "初始化 Heddle";
        set_up_text: "Create the administrator. Everyone else is invited later.", "创建管理员账户，其他成员可稍后邀请。";
        set_up_step_account: "Your account", "您的账户";
        set_up_step_workflows: "First workflows", "第一个工作流";
        set_up_token: "Set-up token", "初始化令牌";
        set_up_token_help: "Printed in the server's log at its first start.", "服务器首次启动时打印在日志中。";
        set_up_token_wrong: "This set-up token is not the one in the server's log.", "初始化令牌与服务器日志中的不一致。";
        set_up_foot: "Set-up opens once. After it, this address answers 404.", "初始化只开放一次，完成后此地址返回 404。";
        display_name: "Your name", "您的姓名";
        login_name: "User name", "用户名";
        login_name_help: "You sign in with it. Letters, digits, dots and dashes, or an e-mail address.", "用于登录，可用字母、数字、点、短横线或邮箱地址。";
        new_password: "Password", "密码";
        new_password_help: "At least 15 characters. A sentence is fine.", "至少 15 个字符，可以是一句话。";
        repeat_password: "Password again", "再次输入密码";
        passwords_differ: "The two passwords differ.", "两次输入的密码不一致。";
        create_administrator: "Create administrator", "创建管理员";
    }
    phrases {
        heddle_version(version: &str): "Heddle {version}", "Heddle 版本 {version}";
    }
    counts {}
}
