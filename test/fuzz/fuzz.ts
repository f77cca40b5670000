import { readFile } from 'node:fs/promises';
import { Dice } from './dice.ts';
import { type FuzzRequest, type Resource, type Served, anyRequest } from './requests.ts';
import type { Schema } from './values.ts';

/** The server, and how long. */
export interface FuzzOptions {
  readonly url: string;
  readonly token: string;
  readonly ca: string;
  readonly seconds: number;
  readonly seed: number;
  /** Its memory is looked at. */
  readonly pid: number;
}

/** What came of a run. */
export interface FuzzReport {
  readonly requests: number;
  /** How many answers had each code. */
  readonly codes: Readonly<Record<string, number>>;
  /** Faults: answers that a server must not give, with the request. At most 20 are kept. */
  readonly faults: readonly string[];
  readonly slowest: { readonly ms: number; readonly request: string };
  /** MB, after the first tenth of the run and at its end. */
  readonly rss: { readonly early: number; readonly end: number };
}

const CLIENTS = 6;
const MAX_FAULTS = 20;
/** On a busy machine much is slow; what takes longer than this is a fault wherever it runs. */
const FAULT_MS = 5_000;
/** What these do would end the run, or take as long as it likes. */
const LEFT_OUT = /webhookconfigurations|apiservices|\/(exec|attach|portforward|log|proxy)$/;

/** Sends requests made by chance for a time; the same seed makes the same requests. Rejects when the server cannot be asked at all. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const served = await servedBy(options);
  const codes: Record<string, number> = {};
  const faults: string[] = [];
  let slowest = { ms: 0, request: '' };
  let requests = 0;
  let early = 0;
  const startedAt = performance.now();
  const endsAt = startedAt + options.seconds * 1000;
  const fault = (text: string): void => {
    if (faults.length < MAX_FAULTS) faults.push(text);
  };

  async function client(number: number): Promise<void> {
    const dice = new Dice(options.seed + number);
    while (performance.now() < endsAt) {
      const request = anyRequest(dice, served);
      const began = performance.now();
      const outcome = await send(options, request);
      const ms = performance.now() - began;
      requests += 1;
      codes[outcome.code] = (codes[outcome.code] ?? 0) + 1;
      const shown = show(request);
      if (ms > slowest.ms && !request.path.includes('watch')) slowest = { ms, request: shown };
      if (outcome.fault !== undefined) fault(`${outcome.fault}\n    ${shown}`);
      else if (ms > FAULT_MS) fault(`took ${Math.round(ms)} ms\n    ${shown}`);
      if (early === 0 && performance.now() - startedAt > options.seconds * 100) early = await rssOf(options.pid);
    }
  }

  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  return { requests, codes, faults, slowest, rss: { early, end: await rssOf(options.pid) } };
}

async function send(options: FuzzOptions, request: FuzzRequest): Promise<{ code: string; fault?: string }> {
  try {
    const response = await call(options, request);
    const text = await response.text();
    const code = String(response.status);
    if (response.status < 500) return { code };
    const { reason, message } = readStatus(text);
    const excused = (response.status === 503 || response.status === 504) && reason !== undefined;
    return excused ? { code } : { code, fault: `${code} ${message ?? text.slice(0, 200)}` };
  } catch (error) {
    return { code: 'none', fault: `no answer: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function call({ url, token, ca }: FuzzOptions, { method, path, headers, body }: FuzzRequest): Promise<Response> {
  return fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body === undefined ? {} : { body: Uint8Array.from(body) }),
    tls: { ca },
    redirect: 'manual',
    signal: AbortSignal.timeout(30_000),
  });
}

function readStatus(text: string): { readonly reason?: string; readonly message?: string } {
  try {
    return JSON.parse(text) as { reason?: string; message?: string };
  } catch {
    return {};
  }
}

const show = ({ method, path, headers, body }: FuzzRequest): string =>
  `${method} ${path} ${JSON.stringify(headers)} ${body === undefined ? '' : new TextDecoder().decode(body.subarray(0, 600))}`;

/** Everything that discovery and OpenAPI tell of. */
async function servedBy(options: FuzzOptions): Promise<Served> {
  const ask = async <T>(path: string): Promise<T> =>
    (
      await call(options, { method: 'GET', path, headers: { accept: 'application/json' }, body: undefined })
    ).json() as Promise<T>;
  const { groups } = await ask<{ groups: { versions: { groupVersion: string }[] }[] }>('/apis');
  const versions = ['v1', ...groups.flatMap((group) => group.versions.map(({ groupVersion }) => groupVersion))];
  const resources: Resource[] = [];
  const kinds = new Map<string, Schema>();
  const schemas: Record<string, Schema> = {};
  for (const apiVersion of versions) {
    const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
    const list = await ask<{ resources: Omit<Resource, 'root' | 'apiVersion'>[] }>(root);
    for (const one of list.resources) if (!LEFT_OUT.test(one.name)) resources.push({ ...one, root, apiVersion });
    const { components } = await ask<{
      components: { schemas: Record<string, Schema & { 'x-kubernetes-group-version-kind'?: Gvk[] }> };
    }>(`/openapi/v3${root}`);
    for (const [name, schema] of Object.entries(components.schemas)) {
      schemas[name] = schema;
      for (const { group, version, kind } of schema['x-kubernetes-group-version-kind'] ?? [])
        kinds.set(`${group === '' ? version : `${group}/${version}`} ${kind}`, schema);
    }
  }
  return { resources, kinds, schemas };
}

interface Gvk {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

async function rssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}
