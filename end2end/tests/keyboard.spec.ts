// Keys of every page: `/` goes to the search, Ctrl+B opens and closes the navigation.
import { Api } from '../support/api.ts';
import { expect, test } from '../support/test.ts';
import { hydrated, signIn } from '../support/steps.ts';
import { CHINESE } from '../support/workflows.ts';

test('/ goes to the search, and is a slash where one writes', async ({ page, server, words }) => {
  const api = await Api.signIn(server);
  await api.workflow(CHINESE);
  await api.start('金额审核', { 金额: 1 }, 10_000);
  await signIn(page, words);
  for (const [path, name] of [['/workflows', words.searchWorkflows], ['/instances', words.searchInstances]]) {
    await page.goto(path);
    await hydrated(page);
    const search = page.getByRole('searchbox', { name });
    await expect(search).not.toBeFocused();
    await page.keyboard.press('/');
    await expect(search).toBeFocused();
    await expect(search).toHaveValue('');
    await page.keyboard.type('a/b');
    await expect(search).toHaveValue('a/b');
  }
  await page.goto('/workflows/new');
  await hydrated(page);
  const editor = page.getByLabel(words.editor);
  await editor.fill('');
  await page.keyboard.press('/');
  await expect(editor).toHaveValue('/');
});

test('Ctrl+B opens and closes the navigation, and lists remember it', async ({ page, words }) => {
  await signIn(page, words);
  await hydrated(page);
  const open = page.getByRole('button', { name: words.expand });
  const close = page.getByRole('button', { name: words.collapse });
  const before = await close.isVisible();
  await page.keyboard.press('Control+b');
  await expect(before ? open : close).toHaveAttribute('aria-expanded', String(!before));
  await page.goto('/instances');
  await hydrated(page);
  await expect(before ? open : close).toBeVisible();
  await page.keyboard.press('Control+b');
  await expect(before ? close : open).toHaveAttribute('aria-expanded', String(before));
  // A bold text is asked for with the same key: not while Shift is held.
  await page.keyboard.press('Control+Shift+b');
  await expect(before ? close : open).toBeVisible();
});
