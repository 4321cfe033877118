// axe finds nothing on any page, in both themes and both languages, empty and full.
import { type Page } from '@playwright/test';
import { accessible } from '../support/axe.ts';
import { Api } from '../support/api.ts';
import { signIn } from '../support/steps.ts';
import { test } from '../support/test.ts';
import { WORDS, type Language } from '../support/words.ts';
import { CHINESE, FAILING, SHORT_FORM } from '../support/workflows.ts';

/** Looks at a page in both themes. The theme follows the system here, so nothing of the page itself is touched. */
async function bothThemes(page: Page, path: string, picture: (name: string) => Promise<void>, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await page.waitForLoadState('networkidle');
    await picture(`${name}-${colorScheme}`);
    await accessible(page, `${path}, ${colorScheme}`);
  }
}

// Eight pages in two themes, each looked at by axe, on two cores that share two browsers.
test.setTimeout(240_000);

for (const language of Object.keys(WORDS) as Language[]) {
  test.describe(`axe (${language})`, () => {
    test.use({ language });

    test.describe('at the very first start', () => {
      test.use({ fresh: true });

      test('the set-up page', async ({ page, server, picture }) => {
        await bothThemes(page, await server.setupLink(), picture, `axe-setup-${language}`);
      });
    });

    test('before signing in', async ({ page, picture }) => {
      await bothThemes(page, '/signin', picture, `axe-signin-${language}`);
    });

    test('with nothing in it yet', async ({ page, words, picture }) => {
      await signIn(page, words);
      for (const [path, name] of [['/workflows', 'workflows'], ['/workflows/templates', 'templates'], ['/workflows/new', 'new'], ['/instances', 'instances']]) {
        await bothThemes(page, path, picture, `axe-empty-${name}-${language}`);
      }
    });

    test('with workflows and instances', async ({ page, server, words, picture }) => {
      const api = await Api.signIn(server);
      const [example, chinese, failing] = [await api.workflow(SHORT_FORM), await api.workflow(CHINESE), await api.workflow(FAILING)];
      const waiting = await api.start('示例流程', { variable: 12 });
      const completed = await api.start('金额审核', { 金额: 1200 }, 10_000);
      const failed = await api.start('failing', {}, 10_000);
      await signIn(page, words);
      const pages = [
        ['/workflows', 'workflows'], [`/workflows/${example}`, 'workflow'], [`/workflows/${chinese}/run`, 'run'], [`/workflows/${failing}`, 'failing'],
        ['/instances', 'instances'], [`/instances/${waiting}`, 'waiting'], [`/instances/${completed}`, 'completed'], [`/instances/${failed}`, 'failed'],
      ];
      for (const [path, name] of pages) await bothThemes(page, path, picture, `axe-${name}-${language}`);
    });

    test('where nothing is', async ({ page, words, silence, picture }) => {
      silence.expected.push(/404/);
      await signIn(page, words);
      await bothThemes(page, '/no-such-page', picture, `axe-404-${language}`);
    });
  });
}
