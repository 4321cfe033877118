//! Every error code with its HTTP status, its title and what to do about it, in English and 中文. The docs have a page for each.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! codes {
    ($($name:ident $text:literal $status:literal, $en:literal, $zh:literal, $help_en:literal, $help_zh:literal;)*) => {
        /// Which error it is. Codes never change their meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
        pub enum ErrorCode {
            $(#[doc = $en] #[serde(rename = $text)] $name,)*
        }

        impl ErrorCode {
            /// Every code, in the order of the docs.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// Its title, in English and 中文.
            pub const fn title(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($en, $zh),)* }
            }

            /// What to do about it, in English and 中文.
            pub const fn help(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($help_en, $help_zh),)* }
            }
        }
    };
}

codes! {
    Unauthenticated "UNAUTHENTICATED" 401, "Sign-in required", "需要登录",
        "Send a bearer token from POST /api/v1/auth/token, or sign in with the browser.", "请携带 POST /api/v1/auth/token 颁发的令牌，或在浏览器中登录。";
    InvalidCredentials "INVALID_CREDENTIALS" 401, "Wrong user name or password", "用户名或密码错误",
        "Check both and try again.", "请检查用户名和密码后重试。";
    SessionExpired "SESSION_EXPIRED" 401, "The sign-in has ended", "登录已失效",
        "Sign in again.", "请重新登录。";
    Forbidden "FORBIDDEN" 403, "Not permitted", "没有权限",
        "Ask an administrator of the workspace for the permission that is named here.", "请向工作区管理员申请此处所列的权限。";
    CrossSite "CROSS_SITE" 403, "Request from another site", "跨站请求被拒绝",
        "A session cookie is accepted only from this site's own pages. Programs use a bearer token.", "会话 Cookie 仅接受本站页面的请求；程序请使用 Bearer 令牌。";
    SetupTokenInvalid "SETUP_TOKEN_INVALID" 403, "The set-up link is wrong or has expired", "设置链接无效或已过期",
        "Restart the server: it prints a fresh link.", "请重启服务器，它会打印新的链接。";
    NotFound "NOT_FOUND" 404, "Not found", "未找到",
        "Check the address and the workspace. Instances that ended long ago may have been deleted: their workflow or the server says how long they are kept.", "请检查地址和工作区。结束已久的实例可能已被删除：保留多久由其工作流或服务器设定。";
    MalformedId "MALFORMED_ID" 404, "No such id", "标识不存在",
        "An id is a prefix, an underscore and 26 characters.", "标识由前缀、下划线和 26 个字符组成。";
    MethodNotAllowed "METHOD_NOT_ALLOWED" 405, "Method not allowed", "不允许的方法",
        "The header Allow lists the methods of this address.", "响应头 Allow 列出了此地址支持的方法。";
    RequestTimeout "REQUEST_TIMEOUT" 408, "The request took too long to arrive", "请求接收超时",
        "Send it again.", "请重新发送。";
    NameTaken "NAME_TAKEN" 409, "The name is taken", "名称已被占用",
        "Choose another name, or apply to the existing one with PUT /api/v1/workflows/by-name/{name}.", "请换一个名称，或用 PUT /api/v1/workflows/by-name/{name} 更新已有的。";
    InstancesRunning "INSTANCES_RUNNING" 409, "Instances are still running", "仍有实例在运行",
        "Wait for them, or delete with ?force=true, which terminates them.", "请等待其结束，或使用 ?force=true 终止它们并删除。";
    IllegalTransition "ILLEGAL_TRANSITION" 409, "Not possible in this state", "当前状态下不可执行",
        "`from` is the present state, `to` the one asked for.", "`from` 为当前状态，`to` 为请求的状态。";
    StaleToken "STALE_TOKEN" 409, "The job has been given to another attempt", "任务已交给另一次尝试",
        "Drop the result: the lease ended and somebody else has the job.", "请丢弃结果：租约已到期，任务已由其他执行者接管。";
    TaskTaken "TASK_TAKEN" 409, "Somebody else has the task", "任务已由他人领取",
        "Choose another task, or ask who has it to give it back: `assignee` names them.", "请选择其他任务，或请当前处理人（见 `assignee`）退回该任务。";
    BusinessKeyTaken "BUSINESS_KEY_TAKEN" 409, "An open instance has this business key", "已有使用该业务键的未结束实例",
        "Use that instance, or start without unique_business_key.", "请使用该实例，或不带 unique_business_key 启动。";
    RequestInProgress "REQUEST_IN_PROGRESS" 409, "The same request is still under way", "相同请求正在处理中",
        "Wait for its answer, then repeat with the same Idempotency-Key.", "请等待其结果，然后使用相同的 Idempotency-Key 重试。";
    NoReceiver "NO_RECEIVER" 409, "Nobody waits for the message", "没有接收者在等待此消息",
        "Send it with a `ttl`, so that it is kept until somebody asks.", "请设置 `ttl`，消息会保留到有人接收为止。";
    Quarantined "QUARANTINED" 409, "The instance is in quarantine", "实例处于隔离状态",
        "Its incident of kind `quarantined` names the cause. Mend the stored data, then resolve the incident with `retry`.", "其 `quarantined` 类异常说明了原因。请修复存储的数据，然后以 `retry` 处理该异常。";
    Conflict "CONFLICT" 409, "Changed by somebody else", "已被他人修改",
        "Read it again and repeat the change.", "请重新读取后再修改。";
    PreconditionFailed "PRECONDITION_FAILED" 412, "Changed since it was read", "读取之后已发生变化",
        "Read it again: its ETag has changed.", "请重新读取：其 ETag 已变化。";
    PayloadTooLarge "PAYLOAD_TOO_LARGE" 413, "Too large", "内容过大",
        "The limits are in the docs under Limits.", "限制见文档的 Limits 一页。";
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" 415, "Unknown content type", "不支持的内容类型",
        "Send application/json, or application/yaml for a definition.", "请使用 application/json；定义也可使用 application/yaml。";
    MalformedBody "MALFORMED_BODY" 400, "The body cannot be read", "无法读取请求体",
        "Send well-formed JSON in UTF-8.", "请发送 UTF-8 编码、格式正确的 JSON。";
    InvalidInput "INVALID_INPUT" 422, "Invalid input", "输入无效",
        "`errors` names each mistake.", "`errors` 列出了每一处错误。";
    InvalidDefinition "INVALID_DEFINITION" 422, "The definition has errors", "流程定义有错误",
        "`errors` names each mistake with line and column; nothing was stored.", "`errors` 列出了每一处错误及其行列；没有保存任何内容。";
    NotStorable "NOT_STORABLE" 422, "The database cannot store this", "数据库无法存储该内容",
        "Change the data: a value is too large, or nothing that a database takes. Nothing was stored.", "请修改数据：某个值过大，或数据库不接受。没有保存任何内容。";
    IdempotencyKeyReused "IDEMPOTENCY_KEY_REUSED" 422, "The Idempotency-Key was used for another request", "Idempotency-Key 已用于其他请求",
        "Use a new key for a new request.", "新的请求请使用新的键。";
    WeakPassword "WEAK_PASSWORD" 422, "The password is too weak", "密码强度不足",
        "Use at least 15 characters that are not a common password.", "请使用至少 15 个字符且不常见的密码。";
    TooManyRequests "TOO_MANY_REQUESTS" 429, "Too many tries", "尝试过于频繁",
        "Wait as long as Retry-After says.", "请按 Retry-After 等待后重试。";
    Internal "INTERNAL" 500, "Something went wrong", "服务器内部错误",
        "The server's log has the cause under this request's id.", "原因见服务器日志中对应的请求编号。";
    NotImplemented "NOT_SUPPORTED" 501, "Not supported by this version", "此版本尚不支持",
        "See docs/STATUS for what stands.", "已支持的功能见 docs/STATUS。";
    Unavailable "UNAVAILABLE" 503, "Not available at the moment", "暂时不可用",
        "Try again after a short while.", "请稍后重试。";
    Overloaded "OVERLOADED" 503, "Overloaded", "负载过高",
        "Wait as long as Retry-After says.", "请按 Retry-After 等待后重试。";
}

impl ErrorCode {
    /// Address of its page, for the member `type`.
    pub fn page(self) -> String {
        format!("/docs/errors/{}", self.as_str())
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
