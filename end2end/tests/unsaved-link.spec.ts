// A page with unsaved text is not left by a link of the app without asking.
import { Api } from '../support/api.ts';
import { expect, test } from '../support/test.ts';
import { hydrated, signIn } from '../support/steps.ts';
import { CHINESE } from '../support/workflows.ts';

test('a link of the app asks before unsaved text is lost', async ({ page, server, words }) => {
  const api = await Api.signIn(server);
  const id = await api.workflow(CHINESE);
  await signIn(page, words);
  await page.goto(`/workflows/${id}`);
  await hydrated(page);
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
