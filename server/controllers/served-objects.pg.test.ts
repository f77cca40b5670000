import { afterAll, beforeAll, expect, test } from 'bun:test';
import { customResourceDefinitionKind } from '#api/kinds/apiextensions/customresourcedefinition.ts';
import { apiServiceKind } from '#api/kinds/apiregistration/apiservice.ts';
import { serviceKind } from '#api/kinds/core/service.ts';
import { DEFAULT_FLOW_SCHEMAS, DEFAULT_PRIORITY_LEVELS } from '#api/kinds/flowcontrol/default-objects.ts';
import { flowSchemaKind } from '#api/kinds/flowcontrol/flowschema.ts';
import { priorityLevelConfigurationKind } from '#api/kinds/flowcontrol/prioritylevelconfiguration.ts';
import { ipAddressKind } from '#api/kinds/networking/ipaddress.ts';
import { serviceCIDRKind } from '#api/kinds/networking/servicecidr.ts';
import { type ControlPlane, startControlPlane } from '#test/support/control-plane.ts';
import { eventually } from '#test/support/eventually.ts';

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane();
});
afterAll(() => plane.stop());

test('every group version has an APIService that is available; it comes and goes with a definition', async () => {
  const { client } = plane;
  const of = (name: string): unknown[] => {
    const service = client.get(apiServiceKind, '', name);
    const { groupPriorityMinimum, versionPriority } = service?.spec ?? {};
    const label = service?.metadata.labels?.['kube-aggregator.kubernetes.io/automanaged'];
    const [condition] = service?.status?.conditions ?? [];
    return [label, groupPriorityMinimum, versionPriority, condition?.type, condition?.status, condition?.reason];
  };
  await eventually(() => {
    expect(of('v1.')).toEqual(['onstart', 18_000, 1, 'Available', 'True', 'Local']);
    expect(of('v1.apps')).toEqual(['onstart', 17_800, 15, 'Available', 'True', 'Local']);
  });
  expect(client.get(apiServiceKind, '', 'v1.apiregistration.k8s.io')).toBeUndefined();
  await client.create(customResourceDefinitionKind, {
    kind: 'CustomResourceDefinition',
    apiVersion: 'apiextensions.k8s.io/v1',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  await eventually(() => expect(of('v1.example.com')).toEqual(['true', 1000, 100, 'Available', 'True', 'Local']));
  await client.delete(customResourceDefinitionKind, '', 'widgets.example.com');
  await eventually(() => expect(client.get(apiServiceKind, '', 'v1.example.com')).toBeUndefined());
});

test('an APIService that names a Service is left alone', async () => {
  const { client } = plane;
  const spec = { group: 'far.example.com', version: 'v1', groupPriorityMinimum: 10, versionPriority: 10 };
  await client.create(apiServiceKind, {
    kind: 'APIService',
    apiVersion: 'apiregistration.k8s.io/v1',
    metadata: { name: 'v1.far.example.com' },
    spec: { ...spec, service: { namespace: 'n', name: 's' } },
  });
  await client.delete(apiServiceKind, '', 'v1.batch');
  await eventually(() => expect(client.get(apiServiceKind, '', 'v1.batch')?.status?.conditions).toHaveLength(1));
  const far = () => client.get(apiServiceKind, '', 'v1.far.example.com');
  expect(far()?.metadata.labels).toBeUndefined();
  // Whether its server can be reached is another controller's to say.
  await eventually(() =>
    expect(far()?.status?.conditions?.[0]).toMatchObject({
      status: 'False',
      reason: 'ServiceNotFound',
      message: 'service/s in "n" is not present',
    }),
  );
});

test('the objects of flow control are there and follow the server, unless the operator takes them', async () => {
  const { client } = plane;
  const dangling = (name: string): string | undefined =>
    client.get(flowSchemaKind, '', name)?.status?.conditions?.find(({ type }) => type === 'Dangling')?.status;
  await eventually(() => {
    expect(client.list(priorityLevelConfigurationKind)).toHaveLength(DEFAULT_PRIORITY_LEVELS.length);
    expect(DEFAULT_FLOW_SCHEMAS.map(({ name }) => dangling(name))).toEqual(DEFAULT_FLOW_SCHEMAS.map(() => 'False'));
  });
  const shares = (): number | undefined =>
    client.get(priorityLevelConfigurationKind, '', 'workload-low')?.spec?.limited?.nominalConcurrencyShares;
  const change = (automatic: string): Promise<unknown> =>
    client.update(priorityLevelConfigurationKind, '', 'workload-low', ({ metadata, spec }) => {
      metadata.annotations = { 'apf.kubernetes.io/autoupdate-spec': automatic };
      if (spec?.limited !== undefined) spec.limited.nominalConcurrencyShares = 7;
    });
  await change('true');
  await eventually(() => expect(shares()).toBe(100));
  await change('false');
  await client.delete(priorityLevelConfigurationKind, '', 'exempt');
  await eventually(() => expect(client.get(priorityLevelConfigurationKind, '', 'exempt')).toBeDefined());
  expect(shares()).toBe(7);
  await client.create(flowSchemaKind, {
    kind: 'FlowSchema',
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    metadata: { name: 'mine' },
    spec: { priorityLevelConfiguration: { name: 'none' }, matchingPrecedence: 1000 },
  });
  await eventually(() => expect(dangling('mine')).toBe('True'));
});

test('each address of a Service is an IPAddress, out of the default ServiceCIDR', async () => {
  const { client } = plane;
  await eventually(() => {
    const network = client.get(serviceCIDRKind, '', 'kubernetes');
    expect([network?.spec?.cidrs, network?.status?.conditions?.[0]?.status]).toEqual([['10.43.0.0/16'], 'True']);
    expect(client.get(ipAddressKind, '', '10.43.0.1')?.spec.parentRef).toEqual({
      resource: 'services',
      namespace: 'default',
      name: 'kubernetes',
    });
  });
  await plane.namespace('addresses');
  const metadata = { name: 's', namespace: 'addresses' };
  const spec = { ports: [{ port: 80 }] };
  const service = await client.create(serviceKind, { kind: 'Service', apiVersion: 'v1', metadata, spec });
  const address = service.spec?.clusterIP ?? '';
  await eventually(() => expect(client.get(ipAddressKind, '', address)?.spec.parentRef.name).toBe('s'));
  await client.delete(ipAddressKind, '', address);
  await eventually(() => expect(client.get(ipAddressKind, '', address)).toBeDefined());
  await client.delete(serviceKind, 'addresses', 's');
  await eventually(() => expect(client.get(ipAddressKind, '', address)).toBeUndefined());
});
