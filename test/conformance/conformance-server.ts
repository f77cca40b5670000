import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';
import { startServerProcess } from '#test/support/server-process.ts';

/** As much of an answer as the tests look at: an object, a list or a Status, with the code of its answer. */
export interface Answer {
  readonly code: number;
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly warnings: readonly string[];
  readonly metadata: {
    readonly name?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly ownerReferences?: readonly object[];
    readonly finalizers?: readonly string[];
    readonly deletionTimestamp?: string;
  };
  readonly items: readonly Answer[];
  readonly spec?: Record<string, unknown>;
  readonly status?: Record<string, unknown>;
  readonly data?: Record<string, string>;
  readonly [field: string]: unknown;
}

/** A whole server of its own in another process: API and controllers over Postgres, no node. */
export interface ConformanceServer {
  /** A request as the admin; a body that is no string goes as JSON. */
  ask(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** A patch, by default a merge patch. */
  patch(path: string, patch: unknown, type?: string): Promise<Answer>;
  /** The types of the events of a watch, as `TYPE name`, until one of them is `last`. */
  watch(path: string, last: string): Promise<string[]>;
  /** Makes a definition with these versions and waits until the last of them is served. */
  define(kind: string, group: string, versions: readonly object[], more?: object): Promise<void>;
  stop(): Promise<void>;
}

/** The content type of a patch by this short name. */
export const patchType = (name: 'merge' | 'strategic-merge' | 'json' | 'apply'): string =>
  name === 'apply' ? 'application/apply-patch+yaml' : `application/${name}-patch+json`;

/** A version of a definition that is served; stored unless it says otherwise. */
export const version = (name: string, openAPIV3Schema: object, more: object = {}): object => ({
  name,
  served: true,
  storage: true,
  schema: { openAPIV3Schema: { type: 'object', ...openAPIV3Schema } },
  ...more,
});

/** Starts it; about two seconds. Stop it in `afterAll`. */
export async function startConformanceServer(): Promise<ConformanceServer> {
  const directory = await mkdtemp(join(tmpdir(), 'skep-conformance-'));
  const server = await startServerProcess(directory, await createTestDatabase(), ['--log-level', 'error']);
  const ask: ConformanceServer['ask'] = async (method, path, body, headers = {}) => {
    const response = await server.call(method, path, body, headers);
    const warning = response.headers.get('warning');
    const text = await response.text();
    // Outside of the API a 404 is plain text.
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    const answer = (isJson ? JSON.parse(text) : { message: text }) as Answer;
    return { ...answer, code: response.status, warnings: warning === null ? [] : warning.split(', 299 - ') };
  };
  const define: ConformanceServer['define'] = async (kind, group, versions, more = {}) => {
    const plural = `${kind.toLowerCase()}s`;
    const made = await ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      metadata: { name: `${plural}.${group}` },
      spec: { group, names: { kind, plural }, scope: 'Namespaced', versions, ...more },
    });
    if (made.code !== 201) throw new Error(made.message);
    const { name } = versions.at(-1) as { name: string };
    await eventually(async () => {
      const { code } = await ask('GET', `/apis/${group}/${name}/${plural}`);
      if (code !== 200) throw new Error(`${plural}.${group} is not served: ${code}`);
    });
  };
  return {
    ask,
    patch: (path, patch, type = patchType('merge')) => ask('PATCH', path, patch, { 'content-type': type }),
    async watch(path, last) {
      const response = await server.call('GET', path);
      const seen: string[] = [];
      let text = '';
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const lines = (text + chunk).split('\n');
        text = lines.pop() ?? '';
        for (const line of lines.filter((one) => one !== '')) {
          const { type, object } = JSON.parse(line) as { type: string; object: Answer };
          seen.push(`${type} ${object.metadata.name ?? ''}`);
        }
        if (seen.at(-1) === last) break;
      }
      return seen;
    },
    define,
    async stop() {
      await server.kill('SIGTERM');
      await rm(directory, { recursive: true, force: true });
    },
  };
}
