// What a person does to an instance from its page: each action asks first, and the page shows what became of it.
import { Api } from '../support/api.ts';
import { expect, test } from '../support/test.ts';
import { ask, hasStatus, hydrated, nodeHasState, select, signIn } from '../support/steps.ts';
import { SHORT_FORM } from '../support/workflows.ts';

/** An instance that waits for a worker on 任务A; its job has failed for good where asked to. */
async function prepared(server: Parameters<typeof Api.signIn>[0], failed: boolean): Promise<[Api, string]> {
  const api = await Api.signIn(server);
  await api.workflow(SHORT_FORM);
  const id = await api.start('示例流程', { variable: 12 });
  if (failed) await api.fail('doTaskA');
  return [api, id];
}

test('a failed instance is retried', async ({ page, server, words }) => {
  const [api, id] = await prepared(server, true);
  await signIn(page, words);
  await page.goto(`/instances/${id}`);
  await hydrated(page);
  await hasStatus(page, words.failed);
  const dialog = await ask(page, words.retry);
  await dialog.getByLabel(words.reason).fill('stock has arrived');
  await dialog.getByRole('button', { name: words.retry, exact: true }).click();
  await expect(dialog).toBeHidden();
  await hasStatus(page, words.running);
  await nodeHasState(page, '任务A', words.withWorker);
  await api.work('doTaskA', 1);
  await hasStatus(page, words.completed);
});

test('a failed node is completed by hand with an output', async ({ page, server, words }) => {
  const [api, id] = await prepared(server, true);
  await signIn(page, words);
  await page.goto(`/instances/${id}`);
  await hydrated(page);
  await select(page, '任务A');
  const dialog = await ask(page, words.completeDots);
  await dialog.getByLabel(words.output).fill('{"by": ');
  await dialog.getByRole('button', { name: words.complete, exact: true }).click();
  await expect(dialog.getByText(words.notJson)).toBeVisible();
  await dialog.getByLabel(words.output).fill('{"by": "hand", "数量": 3}');
  await dialog.getByRole('button', { name: words.complete, exact: true }).click();
  await hasStatus(page, words.completed);
  await nodeHasState(page, '任务A', words.completed);
  await expect(page.getByRole('complementary').getByText('"hand"')).toBeVisible();
  const { body } = await api.get(`/workflow-instances/${id}`);
  expect(body.nodes.find((node: any) => node.name === '任务A').output).toEqual({ by: 'hand', 数量: 3 });
});

test('a waiting node is skipped', async ({ page, server, words }) => {
  const [, id] = await prepared(server, false);
  await signIn(page, words);
  await page.goto(`/instances/${id}`);
  await hydrated(page);
  await select(page, '任务A');
  const dialog = await ask(page, words.skipDots);
  await dialog.getByRole('button', { name: words.skip, exact: true }).click();
  await hasStatus(page, words.completed);
  await nodeHasState(page, '任务A', words.skipped);
});

test('an instance is paused, resumed and terminated', async ({ page, server, words }) => {
  const [api, id] = await prepared(server, false);
  await signIn(page, words);
  await page.goto(`/instances/${id}`);
  await hydrated(page);
  const pause = await ask(page, words.pause);
  await pause.getByRole('button', { name: words.pause, exact: true }).click();
  await hasStatus(page, words.paused);
  await page.getByRole('main').getByRole('button', { name: words.resume, exact: true }).click();
  await hasStatus(page, words.running);
  // Whoever shies back changes nothing.
  const shied = await ask(page, words.terminateDots);
  await shied.getByRole('button', { name: words.keepRunning, exact: true }).click();
  await expect(shied).toBeHidden();
  expect((await api.get(`/workflow-instances/${id}`)).body.status).toBe('RUNNING');
  const dialog = await ask(page, words.terminateDots);
  await dialog.getByLabel(words.reason).fill('不需要了');
  await dialog.getByRole('button', { name: words.terminate, exact: true }).click();
  await hasStatus(page, words.terminated);
  const ended = await api.get(`/workflow-instances/${id}/events?limit=200`);
  expect(JSON.stringify(ended.body.items)).toContain('不需要了');
});
