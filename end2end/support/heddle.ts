// Starts the real binary on a new SQLite file and a free port, and ends it with the test.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** Longest time in ms from the start of the process to its set-up link or readiness. */
const READY = 60_000;

export type Account = { user: string; password: string };

export class Heddle {
  private log = '';
  private ended: string | undefined;

  private constructor(
    private child: ChildProcess,
    private readonly dir: string,
    private readonly env: NodeJS.ProcessEnv,
    readonly url: string,
  ) {
    this.watch();
  }

  private watch(): void {
    const keep = (chunk: Buffer) => { this.log += chunk.toString(); };
    this.child.stdout?.on('data', keep);
    this.child.stderr?.on('data', keep);
    this.child.once('exit', (code, signal) => { this.ended = `ended with ${code ?? signal}`; });
  }

  /** A server that is ready. With `admin` the first administrator exists already; without, the set-up page waits. */
  static async start(admin?: Account, more: NodeJS.ProcessEnv = {}): Promise<Heddle> {
    const binary = resolve(process.env.HEDDLE_BIN ?? join(import.meta.dirname, '../../target/debug/heddle'));
    const dir = await mkdtemp(join(tmpdir(), 'heddle-e2e-'));
    const listen = `127.0.0.1:${await freePort()}`;
    const env: NodeJS.ProcessEnv = {
      PATH: process.env.PATH,
      HEDDLE_LISTEN: listen,
      HEDDLE_DATA_DIR: dir,
      HEDDLE_DATABASE_URL: `sqlite://${join(dir, 'heddle.db')}?mode=rwc`,
      HEDDLE_LOG: "info",
      RUST_BACKTRACE: process.env.RUST_BACKTRACE,
      ...(admin && { HEDDLE_ADMIN_USER: admin.user, HEDDLE_ADMIN_PASSWORD: admin.password }),
      ...more,
    };
    const child = spawn(binary, ['serve'], { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const server = new Heddle(child, dir, env, `http://${listen}`);
    await server.ready();
    return server;
  }

  private async ready(): Promise<void> {
    await this.until('/readyz to answer 200', async () => (await fetch(`${this.url}/readyz`).catch(() => undefined))?.ok || undefined);
  }

  /** Kills it and starts it again at the same address. */
  async restart(): Promise<void> {
    await this.kill();
    this.ended = undefined;
    this.child = spawn(this.child.spawnfile, ['serve'], { cwd: this.dir, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.watch();
    await this.ready();
  }

  private async kill(): Promise<void> {
    if (this.ended) return;
    const gone = new Promise((done) => this.child.once('exit', done));
    this.child.kill('SIGKILL');
    await gone;
  }

  /** Runs a subcommand of the same binary beside the server and answers what it printed. */
  async command(args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const done = await promisify(execFile)(this.child.spawnfile, args, { cwd: this.dir, env: { ...this.env, ...env } });
    return done.stdout;
  }

  /** The one-time link that it prints at its first start. */
  async setupLink(): Promise<string> {
    const link = await this.until('the set-up link', async () => this.log.match(/https?:\/\/\S+\/setup\?\S+/)?.[0]);
    return link.replace(/[\u001b"'].*$/u, '');
  }

  /** Everything it has printed, and how it ended where it did not wait for `stop`. */
  printed(): string {
    return this.ended ? `${this.log}\n${this.ended}\n` : this.log;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.dir, { recursive: true, force: true });
  }

  private async until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    const end = Date.now() + READY;
    for (;;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      if (this.ended) throw new Error(`heddle ${this.ended} before ${what}:\n${this.log}`);
      if (Date.now() > end) throw new Error(`${what}: not within ${READY} ms\n${this.log}`);
      await new Promise((next) => setTimeout(next, 50));
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === 'object' ? found(address.port) : failed(new Error('no port'))));
    });
  });
}
