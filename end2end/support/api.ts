// What a test prepares over the REST API, to be looked at in the browser.
import { expect } from '@playwright/test';
import type { Heddle } from './heddle.ts';
import { ADMIN } from './test.ts';

export class Api {
  private constructor(private readonly url: string, private readonly token: string) {}

  static async signIn(server: Heddle): Promise<Api> {
    const form = new URLSearchParams({ grant_type: 'password', username: ADMIN.user, password: ADMIN.password });
    const answer = await fetch(`${server.url}/api/v1/auth/token`, { method: 'POST', body: form });
    expect(answer.status, await answer.clone().text()).toBe(200);
    return new Api(server.url, (await answer.json()).access_token);
  }

  async post(path: string, body: unknown): Promise<any> {
    const yaml = typeof body === 'string';
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.token}`, 'content-type': yaml ? 'application/yaml' : 'application/json' },
      body: yaml ? body : JSON.stringify(body),
    });
    expect(answer.ok, `POST ${path}: ${answer.status} ${await answer.clone().text()}`).toBe(true);
    return answer.status === 204 ? undefined : answer.json();
  }

  async get(path: string): Promise<{ status: number; body: any }> {
    const answer = await fetch(`${this.url}/api/v1${path}`, { headers: { authorization: `Bearer ${this.token}` } });
    return { status: answer.status, body: await answer.json() };
  }

  /** Stores a definition and answers its id. */
  async workflow(yaml: string): Promise<string> {
    return (await this.post('/workflows', yaml)).id;
  }

  /** Starts an instance and answers its id; waits for its end where asked to. */
  async start(workflow: string, input: object, wait_ms?: number): Promise<string> {
    return (await this.post('/workflow-instances', { workflow, input, wait_ms })).id;
  }

  /** Does the jobs of a type until it has done so many. */
  async work(type: string, jobs: number): Promise<void> {
    await this.jobs(type, jobs, (job) => this.post(`/jobs/${job.id}/complete`, { token: job.token, output: {} }));
  }

  /** Takes the next job of a type and fails it for good. */
  async fail(type: string): Promise<void> {
    const how = { code: 'NO_STOCK', message: 'nothing left', retryable: false };
    await this.jobs(type, 1, (job) => this.post(`/jobs/${job.id}/fail`, { token: job.token, ...how }));
  }

  private async jobs(type: string, jobs: number, answer: (job: any) => Promise<unknown>): Promise<void> {
    for (let done = 0; done < jobs;) {
      const found = await this.post('/jobs/activate', { types: [type], worker: 'browser-test', max_jobs: jobs - done, wait_ms: 10_000 });
      for (const job of found.jobs) {
        await answer(job);
        done += 1;
      }
    }
  }
}
