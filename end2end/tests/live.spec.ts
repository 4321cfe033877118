// What happens on the server arrives by itself: on the instance page and in the list.
import { Api } from '../support/api.ts';
import { expect, test } from '../support/test.ts';
import { hasStatus, nodeHasState, signIn } from '../support/steps.ts';
import { CHINESE, SHORT_FORM } from '../support/workflows.ts';

test('an instance page follows a worker', async ({ page, server, words, picture }) => {
  const api = await Api.signIn(server);
  await api.workflow(SHORT_FORM);
  const id = await api.start('示例流程', { variable: 12 });
  await signIn(page, words);
  await page.goto(`/instances/${id}`);
  await expect(page.getByText(words.live, { exact: true }).first()).toBeVisible();
  await hasStatus(page, words.running);
  await picture('live-waiting');
  let loads = 0;
  page.on('load', () => { loads += 1; });
  await api.work('doTaskA', 1);
  await hasStatus(page, words.completed);
  await nodeHasState(page, '任务A', words.completed);
  await nodeHasState(page, '任务B', words.skipped);
  expect(loads).toBe(0);
  await picture('live-completed');
});

test('the list of instances changes while one looks at it', async ({ page, server, words }) => {
  const api = await Api.signIn(server);
  await api.workflow(CHINESE);
  await api.start('金额审核', { 金额: 1 }, 10_000);
  await signIn(page, words);
  await page.goto('/instances');
  await expect(page.getByText(words.live, { exact: true }).first()).toBeVisible();
  const rows = page.getByRole('row').filter({ hasText: '金额审核' });
  await expect(rows).toHaveCount(1);
  await api.start('金额审核', { 金额: 5000 }, 10_000);
  await expect(rows).toHaveCount(2);
});
