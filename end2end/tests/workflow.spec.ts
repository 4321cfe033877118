// The life of a workflow on its page: saving versions, discarding edits, deleting, importing, and not losing what is unsaved.
import type { Page } from '@playwright/test';
import { Api } from '../support/api.ts';
import type { Heddle } from '../support/heddle.ts';
import { expect, test } from '../support/test.ts';
import { ask, hasStatus, hydrated, nodeHasState, signIn, start } from '../support/steps.ts';
import { CHINESE, SHORT_FORM } from '../support/workflows.ts';
import type { Words } from '../support/words.ts';

const CHANGED = CHINESE.replace('金额 > 1000', '金额 > 2000');

/** A stored workflow on its page, which is live. */
async function opened(page: Page, server: Heddle, words: Words) {
  const api = await Api.signIn(server);
  const id = await api.workflow(CHINESE);
  await signIn(page, words);
  await page.goto(`/workflows/${id}`);
  await hydrated(page);
  return { api, id };
}

test('a new version is saved, and runs', async ({ page, server, words }) => {
  await opened(page, server, words);
  const editor = page.getByLabel(words.editor);
  const save = page.getByRole('button', { name: words.saveVersion });
  await expect(save).toBeHidden();
  await editor.fill(CHANGED);
  await expect(page.getByText(words.unsaved)).toBeVisible();
  await save.click();
  await expect(page.getByText(words.saved(2))).toBeVisible();
  await expect(page.getByText(words.unsaved)).toHaveCount(0);
  await expect(save).toBeHidden();
  await expect(editor).toHaveValue(/金额 > 2000/);
  await page.getByRole('link', { name: words.versions }).click();
  await expect(page.getByRole('link', { name: 'v2' })).toContainText(words.current);
  await expect(page.getByRole('link', { name: 'v1' })).toBeVisible();
  await start(page, words, { 金额: '1200' });
  await hasStatus(page, words.completed);
  await nodeHasState(page, '小额', words.completed);
});

test('what has problems is not saved, and what says the same makes no version', async ({ page, server, words }) => {
  const { api, id } = await opened(page, server, words);
  const editor = page.getByLabel(words.editor);
  await editor.fill(CHINESE.replace('金额 > 1000', '金额 >> 1000'));
  await page.getByRole('button', { name: words.saveVersion }).click();
  await expect(page.getByText(words.toMend)).toBeVisible();
  await editor.fill(`${CHINESE}# a note\n`);
  await page.getByRole('button', { name: words.saveVersion }).click();
  await expect(page.getByText(words.sameContent)).toBeVisible();
  expect((await api.get(`/workflows/${id}/versions`)).body.items).toHaveLength(1);
});

test('edits are discarded', async ({ page, server, words }) => {
  const { api, id } = await opened(page, server, words);
  const editor = page.getByLabel(words.editor);
  const before = await editor.inputValue();
  await editor.fill(CHANGED.replaceAll('大额', '巨额'));
  await expect(page.getByRole('option').filter({ hasText: '巨额' })).toBeVisible();
  await page.getByRole('button', { name: words.discard }).click();
  await expect(editor).toHaveValue(before);
  await expect(page.getByText(words.unsaved)).toHaveCount(0);
  await expect(page.getByRole('option').filter({ hasText: '大额' })).toBeVisible();
  expect((await api.get(`/workflows/${id}/versions`)).body.items).toHaveLength(1);
});

test('a workflow is deleted, but not before it is confirmed and not while it runs', async ({ page, server, words, silence }) => {
  silence.expected.push(/409/);
  const api = await Api.signIn(server);
  const id = await api.workflow(SHORT_FORM);
  const instance = await api.start('示例流程', { variable: 12 });
  await signIn(page, words);
  await page.goto(`/workflows/${id}`);
  await hydrated(page);
  const first = await ask(page, words.deleteWorkflow);
  await first.getByRole('button', { name: words.cancel }).click();
  await expect(first).toBeHidden();
  const second = await ask(page, words.deleteWorkflow);
  await second.getByRole('button', { name: words.deleteWorkflow }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  expect((await api.get(`/workflows/${id}`)).status).toBe(200);
  await api.work('doTaskA', 1);
  await expect.poll(async () => (await api.get(`/workflow-instances/${instance}`)).body.status).toBe('COMPLETED');
  const third = await ask(page, words.deleteWorkflow);
  await third.getByRole('button', { name: words.deleteWorkflow }).click();
  await expect(page.getByText(words.deleted)).toBeVisible();
  await expect(page).toHaveURL(/\/workflows$/);
  await expect(page.getByRole('heading', { name: words.noWorkflows })).toBeVisible();
  expect((await api.get(`/workflows/${id}`)).status).toBe(404);
});

for (const [kind, name, text] of [
  ['YAML', 'amount.yaml', CHINESE],
  ['JSON', 'hello.json', JSON.stringify({ name: '问候', nodes: [{ id: 'start', type: 'start' }, { id: '大额', type: 'echo' }, { id: 'end', type: 'end' }], edges: [{ from: 'start', to: '大额' }, { from: '大额', to: 'end' }] })],
]) {
  test(`a ${kind} file is imported`, async ({ page, words }) => {
    await signIn(page, words);
    await page.getByRole('link', { name: words.import, exact: true }).click();
    await expect(page).toHaveURL(/\/workflows\/new\?import/);
    await hydrated(page);
    await page.getByLabel(words.chooseFile).setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
    await expect(page.getByLabel(words.editor)).toHaveValue(text);
    await expect(page.getByRole('option').filter({ hasText: '大额' })).toBeVisible();
    await page.getByRole('button', { name: words.createWorkflow }).click();
    await expect(page.getByRole('heading', { level: 1, name: kind === 'YAML' ? '金额审核' : '问候' })).toBeVisible();
  });
}

test('a page with unsaved text is not left without asking', async ({ page, server, words }) => {
  await opened(page, server, words);
  const asked: string[] = [];
  page.on('dialog', async (dialog) => { asked.push(dialog.type()); await dialog.dismiss(); });
  // Without changes nobody is asked.
  await page.reload();
  await hydrated(page);
  expect(asked).toEqual([]);
  const editor = page.getByLabel(words.editor);
  // A person has touched the page: without that a browser does not ask.
  await editor.click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('# not yet saved');
  await expect(page.getByText(words.unsaved)).toBeVisible();
  await page.close({ runBeforeUnload: true });
  await expect.poll(() => asked).toEqual(['beforeunload']);
  await expect(editor).toHaveValue(/# not yet saved/);
});

test('a link of the app asks before unsaved text is lost', async ({ page, server, words }) => {
  await opened(page, server, words);
  const asked: string[] = [];
  page.on('dialog', async (dialog) => { asked.push(dialog.type()); await dialog.dismiss(); });
  const editor = page.getByLabel(words.editor);
  await editor.click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('# not yet saved');
  await expect(page.getByText(words.unsaved)).toBeVisible();
  await page.getByRole('link', { name: words.instances }).first().click();
  await expect.poll(() => asked.length).toBe(1);
  await expect(editor).toHaveValue(/# not yet saved/);
});
