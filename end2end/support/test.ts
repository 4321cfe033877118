// What every browser test has: a server of its own, a page whose console must stay silent, requests that never leave the machine.
import { test as base, expect, type Page } from '@playwright/test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Heddle, type Account } from './heddle.ts';
import { WORDS, type Language, type Words } from './words.ts';

export const ADMIN: Account = { user: 'admin', password: 'correct horse battery staple' };

/** What the console said and should not have. A test that provokes an answer such as 401 names it in `expected`. */
export class Silence {
  readonly broken: string[] = [];
  readonly expected: RegExp[] = [];

  watch(page: Page, origin: string): void {
    const note = (what: string) => { if (!this.expected.some((e) => e.test(what))) this.broken.push(what); };
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) note(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => note(`exception: ${error.stack ?? error.message}`));
    page.on('request', (request) => {
      if (!/^(data|blob|about):/.test(request.url()) && !request.url().startsWith(origin.replace('http', '')) && new URL(request.url()).host !== new URL(origin).host) {
        note(`request to another host: ${request.url()}`);
      }
    });
  }
}

type Fixtures = {
  /** Language of the browser. */
  language: Language;
  /** With an administrator, or as it is at its very first start. */
  fresh: boolean;
  server: Heddle;
  silence: Silence;
  words: Words;
  /** Writes a picture for people: end2end/results/<name>.png. */
  picture: (name: string) => Promise<void>;
};

export const test = base.extend<Fixtures>({
  language: ['en', { option: true }],
  fresh: [false, { option: true }],
  locale: async ({ language }, use) => use(language === 'zh' ? 'zh-CN' : 'en-GB'),
  words: async ({ language }, use) => use(WORDS[language]),
  server: async ({ fresh }, use, info) => {
    const server = await Heddle.start(fresh ? undefined : ADMIN);
    await use(server);
    if (info.status !== info.expectedStatus) await writeFile(info.outputPath('server.log'), server.printed());
    await server.stop();
  },
  baseURL: async ({ server }, use) => use(server.url),
  silence: async ({ page, server }, use) => {
    const silence = new Silence();
    silence.watch(page, server.url);
    await use(silence);
    expect(silence.broken, 'the console must stay silent').toEqual([]);
  },
  picture: async ({ page }, use) => {
    await use(async (name) => {
      await page.screenshot({ path: join(import.meta.dirname, '../results', `${name}.png`), animations: 'disabled' });
    });
  },
});

// Every test watches the console, also one that does not name the fixture.
test.beforeEach(async ({ silence }) => { void silence; });

export { expect };
