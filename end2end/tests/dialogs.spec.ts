// axe finds nothing on any dialog or menu while it is open, in both themes and both languages.
import { type Locator, type Page } from '@playwright/test';
import { accessible } from '../support/axe.ts';
import { Api } from '../support/api.ts';
import { expect, test } from '../support/test.ts';
import { ask, hydrated, select, signIn } from '../support/steps.ts';
import { WORDS, type Language } from '../support/words.ts';
import { CHINESE, FAILING, SHORT_FORM } from '../support/workflows.ts';

/** Looks at what is open in both themes, then closes it with Esc. */
async function bothThemes(page: Page, open: Locator, picture: (name: string) => Promise<void>, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await open.evaluate((element) => Promise.all(element.getAnimations({ subtree: true }).map((animation) => animation.finished)));
    await picture(`${name}-${colorScheme}`);
    await accessible(page, `${name}, ${colorScheme}`);
  }
  await page.keyboard.press('Escape');
  await expect(open).toBeHidden();
}

test.setTimeout(240_000);

for (const language of Object.keys(WORDS) as Language[]) {
  test.describe(`axe (${language})`, () => {
    test.use({ language });

    test('dialogs of a running and of a failed instance', async ({ page, server, words, picture }) => {
      const api = await Api.signIn(server);
      await api.workflow(SHORT_FORM);
      await api.workflow(FAILING);
      const waiting = await api.start('示例流程', { variable: 12 });
      const failed = await api.start('failing', {}, 10_000);
      await signIn(page, words);
      await page.goto(`/instances/${waiting}`);
      await hydrated(page);
      for (const [button, name] of [[words.pause, 'pause'], [words.terminateDots, 'terminate']]) {
        await bothThemes(page, await ask(page, button), picture, `dialog-${name}-${language}`);
      }
      await select(page, '任务A');
      for (const [button, name] of [[words.skipDots, 'skip'], [words.completeDots, 'complete']]) {
        await bothThemes(page, await ask(page, button), picture, `dialog-${name}-${language}`);
      }
      const wrong = await ask(page, words.completeDots);
      await wrong.getByLabel(words.output).fill('{');
      await wrong.getByRole('button', { name: words.complete, exact: true }).click();
      await expect(wrong.getByText(words.notJson)).toBeVisible();
      await bothThemes(page, wrong, picture, `dialog-mistake-${language}`);
      await page.goto(`/instances/${failed}`);
      await hydrated(page);
      await bothThemes(page, await ask(page, words.retry), picture, `dialog-retry-${language}`);
    });

    test('the dialog that deletes, the account menu, the start form with mistakes, a new definition with problems', async ({ page, server, words, picture }) => {
      const api = await Api.signIn(server);
      const id = await api.workflow(CHINESE);
      await signIn(page, words);
      await page.goto(`/workflows/${id}`);
      await hydrated(page);
      await bothThemes(page, await ask(page, words.deleteWorkflow), picture, `dialog-delete-${language}`);
      await page.getByRole('button', { name: words.account }).click();
      const menu = page.locator('#account-menu');
      await expect(menu).toBeVisible();
      await bothThemes(page, menu, picture, `menu-account-${language}`);
      await page.goto(`/workflows/${id}/run`);
      await hydrated(page);
      const field = page.getByLabel('金额');
      await field.fill('x');
      await page.getByRole('button', { name: words.start, exact: true }).click();
      await expect(field).toHaveAttribute('aria-invalid', 'true');
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await picture(`form-mistake-${language}-${colorScheme}`);
        await accessible(page, `the start form with a mistake, ${colorScheme}`);
      }
      for (const path of ['/workflows/new', '/workflows/new?import=1']) {
        await page.goto(path);
        await hydrated(page);
        await page.getByLabel(words.editor).fill('name: x\nnodes:\n  - { id: a, type: log }\n');
        await expect(page.getByRole('list', { name: words.problems }).getByText(/W\d{3}/).first()).toBeVisible();
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          await accessible(page, `${path} with problems, ${colorScheme}`);
        }
      }
    });
  });
}
