// `cargo xtask dev` starts the server with this setting: open pages load anew when it has started again, others never do.
import { expect, test } from '../support/test.ts';
import { Heddle } from '../support/heddle.ts';

test('in development an open page loads anew with the server', async ({ page, silence }) => {
  silence.expected.push(/ERR_CONNECTION|Failed to load resource|request to another host/);
  const server = await Heddle.start(undefined, { HEDDLE_RELOAD_PAGES: 'true' });
  try {
    // Its second answer is the first that can differ from one it has seen.
    const asked = async () => page.waitForResponse((response) => response.url().endsWith('/healthz') && response.ok());
    await page.goto(`${server.url}/signin`);
    await expect(page.locator('html[data-hydrated]')).toBeAttached();
    await asked();
    await page.evaluate(() => { document.title = 'before'; });
    await server.restart();
    await expect(page).not.toHaveTitle('before');
    await expect(page.locator('html[data-hydrated]')).toBeAttached();
  } finally {
    await server.stop();
  }
});

test('elsewhere a page asks for nothing', async ({ page, server }) => {
  const asked: string[] = [];
  page.on('request', (request) => { if (request.url().endsWith('/healthz')) asked.push(request.url()); });
  await page.goto('/signin');
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  expect(await page.content()).not.toContain('setInterval');
  await server.restart();
  await page.reload();
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  expect(asked).toEqual([]);
});
