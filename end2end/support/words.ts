// The words on the screen that the tests look for, in both languages. They are those of app/src/i18n.
export const WORDS = {
  en: {
    lang: 'en', other: '切换到中文',
    setUp: 'Set up Heddle', displayName: 'Your name', loginName: 'User name', password: 'Password', repeat: 'Password again',
    create: 'Create administrator', user: 'E-mail or user name', signIn: 'Sign in', signInFailed: 'Name or password is not right.', signOut: 'Sign out',
    workflows: 'Workflows', instances: 'Instances', browse: 'Browse examples', use: 'Use this example',
    run: 'Run', start: 'Start', pause: 'Pause', resume: 'Resume', graph: 'Graph', events: 'Events', variables: 'Variables', logs: 'Logs', timeline: 'Timeline',
    completed: 'Completed', running: 'Running', skipped: 'Skipped', live: 'Live', terminate: 'Terminate', account: /account menu/,
    newWorkflow: 'New workflow', editor: 'Workflow definition in YAML', createWorkflow: 'Create workflow', saveVersion: 'Save new version', versions: 'Versions',
    definition: 'Definition', dark: 'Dark theme', theme: 'Theme',
    failed: 'Failed', paused: 'Paused', terminated: 'Terminated', withWorker: 'With a worker', cancel: 'Cancel', keepRunning: 'Keep running',
    retry: 'Retry', skip: 'Skip', complete: 'Complete', reason: 'Reason', output: 'Output as JSON', notJson: 'This is not JSON.',
    skipDots: 'Skip…', completeDots: 'Complete…', terminateDots: 'Terminate…',
    unsaved: 'Unsaved changes', discard: 'Discard changes', saved: (n: number) => `Version ${n} is saved`, sameContent: 'Nothing changed: this is the current version.',
    toMend: /problems? to mend first/, noProblems: 'No problems', problems: 'Problems', current: 'Current',
    deleteWorkflow: 'Delete workflow', deleted: 'Workflow deleted', import: 'Import', chooseFile: 'Choose a file', noWorkflows: 'No workflows yet',
    collapse: 'Collapse navigation', expand: 'Open navigation', searchWorkflows: 'Search workflows', searchInstances: 'Search instances',
    forbidden: 'You may not open this',
  },
  zh: {
    lang: 'zh', other: 'Switch to English',
    setUp: '初始化 Heddle', displayName: '您的姓名', loginName: '用户名', password: '密码', repeat: '再次输入密码',
    create: '创建管理员', user: '邮箱或用户名', signIn: '登录', signInFailed: '用户名或密码不正确。', signOut: '退出登录',
    workflows: '工作流', instances: '实例', browse: '查看示例', use: '使用此示例',
    run: '运行', start: '启动', pause: '暂停', resume: '恢复', graph: '流程图', events: '事件', variables: '变量', logs: '日志', timeline: '时间线',
    completed: '已完成', running: '运行中', skipped: '已跳过', live: '实时', terminate: '终止', account: /账户菜单/,
    newWorkflow: '新建工作流', editor: '工作流定义（YAML）', createWorkflow: '创建工作流', saveVersion: '保存新版本', versions: '版本',
    definition: '定义', dark: '深色主题', theme: '主题',
    failed: '已失败', paused: '已暂停', terminated: '已终止', withWorker: '外部执行中', cancel: '取消', keepRunning: '继续运行',
    retry: '重试', skip: '跳过', complete: '完成', reason: '原因', output: '输出（JSON）', notJson: '不是有效的 JSON。',
    skipDots: '跳过…', completeDots: '完成…', terminateDots: '终止…',
    unsaved: '未保存的更改', discard: '放弃更改', saved: (n: number) => `版本 ${n} 已保存`, sameContent: '内容未变：与当前版本相同。',
    toMend: /请先修正 \d+ 个问题/, noProblems: '没有问题', problems: '问题', current: '当前版本',
    deleteWorkflow: '删除工作流', deleted: '工作流已删除', import: '导入', chooseFile: '选择文件', noWorkflows: '还没有工作流',
    collapse: '收起导航', expand: '展开导航', searchWorkflows: '搜索工作流', searchInstances: '搜索实例',
    forbidden: '您无权打开此页',
  },
} as const;

export type Language = keyof typeof WORDS;
export type Words = (typeof WORDS)[Language];
