// Definitions that the tests use.

/** The example of the definition language, byte for byte: waits for a worker on doTaskA or doTaskB. */
export const SHORT_FORM = `name: 示例流程
version: 1.0
start:
  type: task
  name: 开始任务
  next: 判断条件
tasks:
  - name: 判断条件
    type: decision
    condition: \${variable > 10}
    true: 任务A
    false: 任务B
  - name: 任务A
    type: task
    action: doTaskA
    next: 结束任务
  - name: 任务B
    type: task
    action: doTaskB
    next: 结束任务
  - name: 结束任务
    type: end
`;

/** A decision on a Chinese variable with Chinese names. */
export const CHINESE = `apiVersion: heddle/v1
name: 金额审核
inputs:
  type: object
  required: [金额]
  properties: { 金额: { type: number, title: 金额 } }
nodes:
  - { id: 开始, type: start }
  - { id: 判断, type: decision }
  - { id: 大额, type: log, config: { message: "大额 \${金额}" } }
  - { id: 小额, type: log, config: { message: "小额 \${金额}" } }
  - { id: 结束, type: end }
edges:
  - { from: 开始, to: 判断 }
  - { from: 判断, to: 大额, condition: "\${金额 > 1000}" }
  - { from: 判断, to: 小额, default: true }
  - { from: 大额, to: 结束 }
  - { from: 小额, to: 结束 }
`;

/** Raises an error: its instance fails. */
export const FAILING = `apiVersion: heddle/v1
name: failing
nodes:
  - { id: start, type: start }
  - { id: boom, type: error, config: { code: NO_STOCK, message: "nothing left" } }
  - { id: done, type: end }
edges:
  - { from: start, to: boom }
  - { from: boom, to: done }
`;
