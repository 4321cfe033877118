// Writing a definition: problems as one types, in the browser; a decision on a Chinese variable runs as it was checked.
import { expect, test } from '../support/test.ts';
import { hasStatus, hydrated, nodeHasState, signIn, start } from '../support/steps.ts';
import { CHINESE } from '../support/workflows.ts';

test('problems appear while typing and go when mended; the graph follows', async ({ page, words, picture }) => {
  await signIn(page, words);
  await page.goto('/workflows/new');
  await hydrated(page);
  const editor = page.getByLabel(words.editor);
  await editor.fill(CHINESE.replace('金额 > 1000', '金额 >> 1000'));
  await expect(page.getByText(/W\d{3}/).first()).toBeVisible();
  await picture('editor-problem');
  await editor.fill(CHINESE);
  await expect(page.getByText(/W\d{3}/)).toHaveCount(0);
  await expect(page.getByText('大额').first()).toBeVisible();
  await page.getByRole('button', { name: words.createWorkflow }).click();
  await expect(page.getByRole('heading', { level: 1, name: '金额审核' })).toBeVisible();
  await start(page, words, { 金额: '1200' });
  await hasStatus(page, words.completed);
  await nodeHasState(page, '大额', words.completed);
  await nodeHasState(page, '小额', words.skipped);
  await picture('editor-run');
});
