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
  },
} as const;

export type Language = keyof typeof WORDS;
export type Words = (typeof WORDS)[Language];
