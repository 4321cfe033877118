// What the browser loads, and when: each page its own part, the rules of the language behind the editor.
import { expect, test } from '../support/test.ts';
import { hydrated, signIn } from '../support/steps.ts';
import { CHINESE } from '../support/workflows.ts';

test('a page is live with its own part; the rules come behind it', async ({ page, words }) => {
  await signIn(page, words);
  const files: string[] = [];
  page.on('request', (request) => { if (request.url().endsWith('.wasm')) files.push(new URL(request.url()).pathname); });
  let letGo = () => {};
  const held = new Promise<void>((resolve) => { letGo = resolve; });
  await page.route(/split_part_check_/, async (route) => { await held; await route.continue(); });
  await page.goto('/workflows/new');
  await hydrated(page);
  // Everything that it took was announced in the document, so that it came in one go.
  const announced = await page.locator('link[rel=preload][as=fetch]').evaluateAll((links) => links.map((link) => new URL((link as HTMLLinkElement).href).pathname));
  expect(announced.some((file) => file.includes('split_part_workbench_'))).toBe(true);
  expect(files.filter((file) => /split_part_(lists|instance|draw)_/.test(file))).toEqual([]);
  expect(announced.filter((file) => !files.includes(file)), 'announced, but not fetched').toEqual([]);
  // Typing is possible at once; what it is worth is told as soon as the rules are there.
  const editor = page.getByLabel(words.editor);
  await editor.fill(CHINESE.replace('金额 > 1000', '金额 >> 1000'));
  await expect(editor).toHaveValue(/金额 >> 1000/);
  await expect(page.getByText(/W\d{3}/)).toHaveCount(0);
  letGo();
  await expect(page.getByText(/W\d{3}/).first()).toBeVisible();
});

test('a part that does not come is told, and a reload mends it', async ({ page, words, silence }) => {
  silence.expected.push(/split_part_instance/, /Failed to (load|fetch)/, /RuntimeError|unreachable|panicked|SplitLoader|load/i);
  await signIn(page, words);
  await page.goto('/instances');
  await hydrated(page);
  await page.route(/split_part_workbench_/, (route) => route.abort());
  await page.getByRole('link', { name: words.workflows, exact: true }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: words.workflows })).toBeVisible();
  await page.getByRole('link', { name: words.newWorkflow }).first().click();
  const notice = page.getByRole('alert').filter({ has: page.getByRole('link', { name: 'Reload the page' }) });
  await expect(notice).toBeVisible();
  await page.unroute(/split_part_workbench_/);
  await notice.getByRole('link', { name: 'Reload the page' }).click();
  await expect(notice).toBeHidden();
  await hydrated(page);
});
