// What a person does, step by step, told by the words on the screen.
import { expect, type Locator, type Page } from '@playwright/test';
import { ADMIN } from './test.ts';
import type { Words } from './words.ts';

/** The page has become live: its WebAssembly has taken over what the server rendered. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
}

export async function signIn(page: Page, words: Words, account = ADMIN): Promise<void> {
  await page.goto('/signin');
  await page.getByLabel(words.user).fill(account.user);
  await page.getByLabel(words.password, { exact: true }).fill(account.password);
  await page.getByRole('button', { name: words.signIn, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: words.workflows })).toBeVisible();
}

export async function signOut(page: Page, words: Words): Promise<void> {
  await page.getByRole('button', { name: words.account }).click();
  await page.getByRole('menuitem', { name: words.signOut }).or(page.getByRole('button', { name: words.signOut })).first().click();
  await expect(page.getByLabel(words.user)).toBeVisible();
}

/** From the gallery to the page of the workflow made from an example. */
export async function useExample(page: Page, words: Words, name: string): Promise<void> {
  await page.goto('/workflows/templates');
  const card = page.getByRole('heading', { name, exact: true }).locator('xpath=ancestor::*[.//button][1]');
  await card.getByRole('button', { name: words.use }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
}

/** Presses Run, fills what the form asks for, starts; ends on the instance page. */
export async function start(page: Page, words: Words, input: Record<string, string>): Promise<void> {
  await page.getByRole('link', { name: words.run, exact: true }).first().click();
  await expect(page).toHaveURL(/\/run/);
  for (const [label, value] of Object.entries(input)) await page.getByLabel(label).fill(value);
  await page.getByRole('button', { name: words.start, exact: true }).click();
  await expect(page).toHaveURL(/\/instances\/wi_/);
}

/** The instance page shows this status; it gets there by itself. */
export async function hasStatus(page: Page, word: string, timeout = 30_000): Promise<void> {
  await expect(page.getByRole('main').getByRole('status').first()).toHaveText(word, { timeout });
}

/** A node of the graph shows this state. */
export async function nodeHasState(page: Page, node: string, word: string): Promise<void> {
  await expect(page.getByRole('option', { name: word }).filter({ hasText: node }).first()).toBeVisible();
}

/** Selects a node of the graph; what can be done about it appears beside it. */
export async function select(page: Page, node: string): Promise<void> {
  await page.getByRole('option').filter({ hasText: node }).first().click();
  await expect(page.getByRole('complementary').getByRole('heading', { name: node })).toBeVisible();
}

/** Presses a button that asks first, and answers what opened. */
export async function ask(page: Page, button: string): Promise<Locator> {
  await page.getByRole('main').getByRole('button', { name: button, exact: true }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  return dialog;
}
