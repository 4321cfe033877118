// The whole way of a new user, from the set-up link to signing out, in both languages.
import { test, expect, ADMIN } from '../support/test.ts';
import { hasStatus, nodeHasState, signOut, start, useExample } from '../support/steps.ts';
import { WORDS, type Language } from '../support/words.ts';

for (const language of Object.keys(WORDS) as Language[]) {
  test.describe(`first light (${language})`, () => {
    test.use({ language, fresh: true });

    const example = language === 'zh' ? '示例流程' : 'Order fulfilment';

    test('set up, run an example, watch it complete, sign out', async ({ page, server, words, picture }) => {
      await page.goto(await server.setupLink());
      await expect(page.locator('html')).toHaveAttribute('lang', new RegExp(`^${words.lang}`));
      await page.getByLabel(words.displayName).fill('李雷');
      await page.getByLabel(words.loginName).fill(ADMIN.user);
      await page.getByLabel(words.password, { exact: true }).fill(ADMIN.password);
      await page.getByLabel(words.repeat).fill(ADMIN.password);
      await picture(`setup-${language}`);
      await page.getByRole('button', { name: words.create }).click();
      // The administrator is signed in at once and stands before the examples.
      await expect(page.getByRole('heading', { name: '示例流程', exact: true })).toBeVisible();
      await expect(page.getByRole('heading', { name: 'Order fulfilment', exact: true })).toBeVisible();
      await picture(`gallery-${language}`);
      await page.goto('/workflows');
      await expect(page.getByRole('link', { name: words.browse })).toBeVisible();
      await picture(`workflows-empty-${language}`);

      await useExample(page, words, example);
      await picture(`workflow-${language}`);
      await start(page, words, language === 'zh' ? { 申请人: '韩梅梅', 金额: '2000' } : { 'Order number': 'A-17', Amount: '2000' });
      let loads = 0;
      page.on('load', () => { loads += 1; });
      await hasStatus(page, words.running);
      await nodeHasState(page, language === 'zh' ? '核对票据' : 'Pick items', words.completed);
      await picture(`instance-running-${language}`);
      // The amount is above the limit: one branch completes, the other is passed by.
      const [taken, passed] = language === 'zh' ? ['经理审核', '自动通过'] : ['Insure parcel', 'Print plain label'];
      await hasStatus(page, words.completed);
      await nodeHasState(page, taken, words.completed);
      await nodeHasState(page, passed, words.skipped);
      await picture(`instance-${language}`);
      expect(loads, 'the states arrive without reloading').toBe(0);

      await signOut(page, words);
      await picture(`signin-${language}`);
      await page.goto('/workflows');
      await expect(page.getByLabel(words.user)).toBeVisible();
    });
  });
}
