// Somebody who may only look: sees everything, is offered nothing else, and is told which permission is missing.
import { Api } from '../support/api.ts';
import { accessible } from '../support/axe.ts';
import { type Account, expect, test } from '../support/test.ts';
import { hasStatus, hydrated, select, signIn } from '../support/steps.ts';
import { CHINESE, SHORT_FORM } from '../support/workflows.ts';

const VIEWER: Account = { user: '访客', password: 'tulip-harbour-quantum-7' };

test('a viewer sees the lists and gets no controls', async ({ page, server, words, silence }) => {
  const api = await Api.signIn(server);
  await server.command(['admin', 'user', 'add', VIEWER.user, '--workspace', 'default', '--role', 'viewer'], { HEDDLE_USER_PASSWORD: VIEWER.password });
  const workflow = await api.workflow(CHINESE);
  await api.workflow(SHORT_FORM);
  const waiting = await api.start('示例流程', { variable: 12 });
  await signIn(page, words, VIEWER);
  await hydrated(page);

  await expect(page.getByRole('link', { name: '金额审核', exact: true })).toBeVisible();
  const controls = [words.newWorkflow, words.import, words.run, words.use, words.saveVersion, words.deleteWorkflow, words.createWorkflow];
  const none = async () => {
    for (const name of controls) {
      await expect(page.getByRole('link', { name }), `a link ${name} on ${page.url()}`).toHaveCount(0);
      await expect(page.getByRole('button', { name }), `a button ${name} on ${page.url()}`).toHaveCount(0);
    }
  };
  await none();
  await page.goto('/workflows/templates');
  await expect(page.getByRole('heading', { name: '示例流程', exact: true })).toBeVisible();
  await none();
  await page.goto(`/workflows/${workflow}`);
  await hydrated(page);
  await expect(page.getByLabel(words.editor)).toHaveJSProperty('readOnly', true);
  await none();

  await page.goto('/instances');
  await expect(page.getByRole('row').filter({ hasText: '示例流程' })).toBeVisible();
  await none();
  await page.goto(`/instances/${waiting}`);
  await hydrated(page);
  await hasStatus(page, words.running);
  await select(page, '任务A');
  // What could be done is shown, with the reason why not, and does nothing.
  for (const [name, permission] of [[words.pause, 'instance:operate'], [words.terminateDots, 'instance:terminate'], [words.completeDots, 'instance:operate']]) {
    const button = page.getByRole('main').getByRole('button', { name, exact: true });
    await expect(button).toHaveAttribute('aria-disabled', 'true');
    await expect(button).toHaveAttribute('title', new RegExp(permission));
    await button.click({ force: true });
    await expect(page.getByRole('dialog')).toHaveCount(0);
  }

  silence.expected.push(/403/);
  for (const [path, permission] of [['/workflows/new', 'workflow:create'], [`/workflows/${workflow}/run`, 'workflow:run']]) {
    expect((await page.goto(path))?.status(), path).toBe(403);
    await expect(page.getByRole('heading', { name: words.forbidden })).toBeVisible();
    await expect(page.getByRole('main')).toContainText(permission);
    await none();
    await accessible(page, `${path} for a viewer`);
  }
});
