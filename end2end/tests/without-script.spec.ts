// Before the WebAssembly has arrived, or where it never does, the server's pages already work.
import { Api } from '../support/api.ts';
import { expect, test } from '../support/test.ts';
import { signIn } from '../support/steps.ts';
import { CHINESE } from '../support/workflows.ts';

test.use({ javaScriptEnabled: false });

test('sign in, look at the lists, start an instance from its form', async ({ page, server, words, silence }) => {
  // Fetched early for a script that never runs here.
  silence.expected.push(/preloaded using link preload but not used/);
  const api = await Api.signIn(server);
  const id = await api.workflow(CHINESE);
  await signIn(page, words);
  await expect(page.getByRole('link', { name: '金额审核' }).first()).toBeVisible();
  await page.goto(`/workflows/${id}/run`);
  await page.getByLabel('金额').fill('1200');
  await page.getByRole('button', { name: words.start, exact: true }).click();
  await expect(page).toHaveURL(/\/instances\/wi_/);
  await page.goto('/instances');
  await expect(page.getByText('金额审核').first()).toBeVisible();
});
