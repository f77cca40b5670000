import { describe, expect, test } from 'bun:test';
import { configMapKind } from '#api/kinds/core/configmap.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { serviceKind } from '#api/kinds/core/service.ts';
import { conflict } from '#api/meta/status.ts';
import type { Quota } from '#api/quota/evaluator.ts';
import type { ObjectWrite, StoredObject } from '#server/store/object-store.ts';
import { admit, requestOf } from '#test/support/admission.ts';
import { ResourceQuotaAdmission } from './resourcequota.ts';

const quota = (name: string, hard: Record<string, string>, spec: object = {}): Quota => ({
  kind: 'ResourceQuota',
  apiVersion: 'v1',
  metadata: { name, namespace: 'ns' },
  spec: { hard, ...spec },
  status: { hard, used: Object.fromEntries(Object.keys(hard).map((key) => [key, '0'])) },
});

/** Quotas with compare-and-swap, as the store does it; each write takes a turn of the event loop. */
class Quotas {
  readonly #stored = new Map<string, StoredObject>();
  writes = 0;
  /** Called before a write, as if by another server. */
  before: () => void = () => {};

  constructor(...quotas: Quota[]) {
    for (const one of quotas) this.put(one, 1);
  }

  put(object: Quota, revision: number): void {
    const name = object.metadata.name ?? '';
    this.#stored.set(name, { resource: 'resourcequotas', namespace: 'ns', name, revision, object, text: '' });
  }

  list(_: string, namespace?: string): readonly StoredObject[] {
    return [...this.#stored.values()].filter((one) => namespace === undefined || one.namespace === namespace);
  }

  async write({ name, expectedRevision, object }: ObjectWrite): Promise<StoredObject> {
    await Promise.resolve();
    this.before();
    const stored = this.#stored.get(name);
    if (stored?.revision !== expectedRevision) throw conflict({ group: '', plural: 'resourcequotas' }, name);
    this.writes += 1;
    this.put(object as Quota, expectedRevision + 1);
    return stored;
  }

  currentForWrite(): undefined {
    return undefined;
  }

  used(name: string): unknown {
    const quota = this.#stored.get(name)?.object as Quota | undefined;
    return quota?.status?.used;
  }
}

const pod = (name: string, requests: object = {}, spec: object = {}): object => ({
  metadata: { name, namespace: 'ns' },
  spec: { containers: [{ name: 'c', resources: { requests } }], ...spec },
});
const create = (quotas: Quotas, object: object, kind = podKind as never): Promise<string> =>
  admit(new ResourceQuotaAdmission(quotas), requestOf(kind, object));

describe('ResourceQuota', () => {
  test('books what it lets in, and refuses what is too much', async () => {
    const quotas = new Quotas(quota('q', { pods: '2', 'requests.cpu': '1', 'count/configmaps': '1' }));
    expect(await create(quotas, pod('a', { cpu: '600m' }))).toBe('admitted');
    expect(await create(quotas, pod('b', { cpu: '600m' }))).toBe(
      '403 pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1',
    );
    expect(await create(quotas, pod('c', { cpu: '400m' }))).toBe('admitted');
    expect(await create(quotas, pod('d', { cpu: '1m' }))).toBe(
      '403 pods "d" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=1m, used: pods=2,requests.cpu=1, limited: pods=2,requests.cpu=1',
    );
    expect(await create(quotas, { metadata: { name: 'm', namespace: 'ns' } }, configMapKind as never)).toBe('admitted');
    expect(quotas.used('q')).toEqual({ pods: '2', 'requests.cpu': '1', 'count/configmaps': '1' });
  });

  test('asks each container to say what the quota names', async () => {
    const quotas = new Quotas(quota('q', { 'limits.memory': '1Gi', cpu: '1' }));
    expect(await create(quotas, pod('a'))).toBe(
      '403 pods "a" is forbidden: failed quota: q: must specify cpu for: c; limits.memory for: c',
    );
  });

  test('refuses while nobody has counted yet', async () => {
    const fresh = quota('q', { pods: '2' });
    expect(await create(new Quotas({ ...fresh, status: { hard: { pods: '2' } } }), pod('a'))).toBe(
      '403 pods "a" is forbidden: status unknown for quota: q, resources: pods',
    );
  });

  test('counts by scope: deadline, quality of service, priority class, affinity across namespaces', async () => {
    const none = { hard: { pods: '0' } };
    const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ namespaces: ['x'] }] } };
    const high = { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] };
    const refuses = async (scope: object, object: object): Promise<boolean> =>
      (await create(new Quotas(quota('q', none.hard, scope)), object)) !== 'admitted';
    expect(await refuses({ scopes: ['Terminating'] }, pod('a', {}, { activeDeadlineSeconds: 5 }))).toBe(true);
    expect(await refuses({ scopes: ['Terminating'] }, pod('a'))).toBe(false);
    expect(await refuses({ scopes: ['NotTerminating'] }, pod('a'))).toBe(true);
    expect(await refuses({ scopes: ['BestEffort'] }, pod('a'))).toBe(true);
    expect(await refuses({ scopes: ['BestEffort'] }, pod('a', { cpu: '1' }))).toBe(false);
    expect(await refuses({ scopes: ['NotBestEffort'] }, pod('a', { cpu: '1' }))).toBe(true);
    expect(await refuses({ scopeSelector: high }, pod('a', {}, { priorityClassName: 'high' }))).toBe(true);
    expect(await refuses({ scopeSelector: high }, pod('a', {}, { priorityClassName: 'low' }))).toBe(false);
    expect(await refuses({ scopes: ['CrossNamespacePodAffinity'] }, pod('a', {}, { affinity }))).toBe(true);
    expect(await refuses({ scopes: ['CrossNamespacePodAffinity'] }, pod('a'))).toBe(false);
  });

  test('books only what an update of a Service adds', async () => {
    const quotas = new Quotas(quota('q', { 'services.nodeports': '2', services: '1' }));
    const service = (ports: number): object => ({
      metadata: { name: 's', namespace: 'ns' },
      spec: { type: 'NodePort', ports: Array.from({ length: ports }, (_, index) => ({ port: index + 1 })) },
    });
    const update = (ports: number): Promise<string> =>
      admit(
        new ResourceQuotaAdmission(quotas),
        requestOf(serviceKind, service(ports), { operation: 'UPDATE', old: service(1) as never }),
      );
    expect(await create(quotas, service(1), serviceKind as never)).toBe('admitted');
    expect(await update(2)).toBe('admitted');
    expect(await update(2)).toContain('exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=2');
  });

  test('lets in as many as there is room for when all come at once, by few writes', async () => {
    const quotas = new Quotas(quota('q', { pods: '5' }));
    const plugin = new ResourceQuotaAdmission(quotas);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => admit(plugin, requestOf(podKind, pod(`p${index}`)))),
    );
    expect(answers.filter((one) => one === 'admitted')).toHaveLength(5);
    expect(quotas.used('q')).toEqual({ pods: '5' });
    expect(quotas.writes).toBeLessThanOrEqual(2);
  });

  test('reads again when another server booked first, and then refuses', async () => {
    const quotas = new Quotas(quota('q', { pods: '1' }));
    quotas.before = () => {
      quotas.before = () => {};
      quotas.put({ ...quota('q', { pods: '1' }), status: { hard: { pods: '1' }, used: { pods: '1' } } }, 7);
    };
    expect(await create(quotas, pod('a'))).toBe(
      '403 pods "a" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
    );
    expect(quotas.writes).toBe(0);
  });

  test('books nothing for a dry run', async () => {
    const quotas = new Quotas(quota('q', { pods: '1' }));
    const request = requestOf(podKind, pod('a'));
    const dry = { ...request, context: { ...request.context, dryRun: true } };
    expect(await admit(new ResourceQuotaAdmission(quotas), dry)).toBe('admitted');
    expect(quotas.used('q')).toEqual({ pods: '0' });
  });
});
