// Hostile texts in the editor: the browser checks them with the server's own code, and neither traps nor hangs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '../support/test.ts';
import { hydrated, signIn } from '../support/steps.ts';

/** The worst of the corpus that the server's tests run whole: how each of these ends there stands beside it. */
const WORST = [
  'chain within the bytes', 'chain of 249 terms', 'chain of 249 conjunctions', 'nested brackets', 'nested lists', 'nested maps', 'nested index',
  'unary not', 'unary minus', 'ternary all', 'ternary chain left', 'calls in calls', 'methods on methods', 'string doubling', 'six nested maps',
  'huge integer digits', 'huge double digits', 'long name', 'long name in 中文', 'names of marks', 'right to left override', 'internal names',
  'placeholder of ours', 'regex nested', 'many commas in a list', 'quotes', 'backslashes', 'lone brace', 'wide list of texts',
];

type Case = { name: string; ends: string; text: string };

function corpus(): Case[] {
  const lines = readFileSync(join(import.meta.dirname, '../../crates/expr/tests/corpus.txt'), 'utf8').split('\n');
  const cases = lines.filter((line) => line && !line.startsWith('#')).map((line) => {
    const [name, ends] = line.split(' | ', 2);
    return { name, ends, text: expand(line.slice(name.length + ends.length + 6)) };
  });
  return WORST.map((name) => {
    const found = cases.find((one) => one.name === name);
    if (!found) throw new Error(`the corpus has no case "${name}"`);
    return found;
  });
}

/** Writes out `{N:text}` and `{N:open^middle^close}`. */
function expand(text: string): string {
  const start = /\{(\d+):/.exec(text);
  if (!start) return text;
  let open = 0;
  let end = start.index + start[0].length;
  for (; end < text.length && (open > 0 || text[end] !== '}'); end += 1) open += text[end] === '{' ? 1 : text[end] === '}' ? -1 : 0;
  const inside = text.slice(start.index + start[0].length, end);
  const [count, parts] = [Number(start[1]), inside.split('^')];
  const written = parts.length === 3 ? parts[0].repeat(count) + parts[1] + parts[2].repeat(count) : inside.repeat(count);
  return text.slice(0, start.index) + written + expand(text.slice(end + 1));
}

/** A definition with this condition; its end has a name by which one sees that the text was looked at. */
const around = (condition: string, end: string) => `name: hostile
nodes:
  - { id: start, type: start }
  - { id: choice, type: decision }
  - { id: ${end}, type: end }
  - { id: no, type: end }
edges:
  - { from: start, to: choice }
  - from: choice
    to: ${end}
    condition: ${condition}
  - { from: choice, to: no, default: true }
`;

test.setTimeout(240_000);

test('the worst expressions and texts leave the page alive', async ({ page, words }) => {
  await signIn(page, words);
  await page.goto('/workflows/new');
  await hydrated(page);
  const editor = page.getByLabel(words.editor);
  const problem = page.getByRole('list', { name: words.problems }).getByText(/W\d{3}/).first();
  // The page is alive when the graph shows the end of the last text.
  const looked = async (end: string, condition: string) => {
    await editor.fill(around(condition, end));
    await expect(page.getByRole('option').filter({ hasText: end })).toBeAttached({ timeout: 30_000 });
  };
  for (const [at, { name, ends, text }] of corpus().entries()) {
    await test.step(name, async () => {
      await looked(`end-${at}`, JSON.stringify(`\${${text}}`));
      if (ends.startsWith('compile:')) await expect(problem, name).toBeVisible();
    });
  }
  const texts: [string, string][] = [
    ['deep lists', `name: x\nnodes: ${'['.repeat(20_000)}`],
    ['deep maps', `name: x\nnodes: ${'{a: '.repeat(20_000)}`],
    ['deep indents', Array.from({ length: 300 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ['aliases of aliases', `a: &a [1,1,1,1,1,1,1,1,1]\n${'bcdefghij'.split('').map((c, n) => `${c}: &${c} [${Array(9).fill(`*${'abcdefghij'[n]}`).join(',')}]`).join('\n')}`],
    ['hundreds of mistakes', `name: x\nnodes:\n${'  - { id: "", type: nonsense, unknown: 1 }\n'.repeat(300)}`],
    ['one long line', `name: ${'长'.repeat(50_000)}\n`],
    ['control characters', 'name: \u0000\u0007\u001b\u2028\ufeff\u202e\n'],
  ];
  for (const [name, text] of texts) {
    await test.step(name, async () => {
      await editor.fill(text);
      await expect(problem, name).toBeVisible({ timeout: 60_000 });
      await looked(`after-${name.replaceAll(' ', '-')}`, '"${x > 1}"');
    });
  }
});
