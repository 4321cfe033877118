// Getting in, and not getting in.
import { ADMIN, expect, test } from '../support/test.ts';
import { signIn } from '../support/steps.ts';

test('a wrong password says so, and not which part was wrong', async ({ page, words, silence }) => {
  silence.expected.push(/401/);
  await page.goto('/signin');
  await page.getByLabel(words.user).fill(ADMIN.user);
  await page.getByLabel(words.password, { exact: true }).fill('not the right one at all');
  await page.getByRole('button', { name: words.signIn, exact: true }).click();
  await expect(page.getByText(words.signInFailed)).toBeVisible();
});

test('signing in leads back to where one wanted to go', async ({ page, words }) => {
  await page.goto('/instances?status=RUNNING');
  await page.getByLabel(words.user).fill(ADMIN.user);
  await page.getByLabel(words.password, { exact: true }).fill(ADMIN.password);
  await page.getByRole('button', { name: words.signIn, exact: true }).click();
  await expect(page).toHaveURL(/\/instances\?status=RUNNING/);
});

test('once an administrator exists the set-up page is gone', async ({ page, silence }) => {
  silence.expected.push(/404/);
  expect((await page.goto('/setup'))?.status()).toBe(404);
});

test('the language can be changed, and stays', async ({ page, words }) => {
  await signIn(page, words);
  await page.getByRole('button', { name: words.other }).click();
  await expect(page.getByRole('heading', { level: 1, name: '工作流' })).toBeVisible();
  await page.goto('/instances');
  await expect(page.getByRole('heading', { level: 1, name: '实例' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', /^zh/);
});
