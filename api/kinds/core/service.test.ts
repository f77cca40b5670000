import { expect, test } from 'bun:test';
import { validateChange, validateCreate } from '#api/meta/object-meta-validation.ts';
import { decode } from '#api/schema/decode.ts';
import { serviceColumns } from './service-columns.ts';
import { type Service, serviceKind } from './service.ts';

function service(spec: object): Service {
  const { object } = decode(serviceKind, { metadata: { name: 's', namespace: 'n', resourceVersion: '1' }, spec });
  serviceKind.applyDefaults?.(object);
  return object;
}

function created(spec: object): Service {
  const object = service(spec);
  serviceKind.prepareForCreate?.(object);
  return object;
}

function updated(spec: object, old: Service): Service {
  const object = service(spec);
  serviceKind.prepareForUpdate?.(object, old);
  return object;
}

const faults = (spec: object): string[] =>
  validateCreate(serviceKind, created(spec)).map(({ type, field }) => `${type.replace('FieldValue', '')} ${field}`);

test('a service gets its port as target, its families and its policies', () => {
  expect(created({ ports: [{ port: 80 }] }).spec).toEqual({
    type: 'ClusterIP',
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  });
});

test('an update keeps the address and the node port, and drops the node port with the type', () => {
  const old = created({ type: 'NodePort', clusterIP: '10.43.0.9', ports: [{ port: 80, nodePort: 30080 }] });
  const same = updated({ type: 'NodePort', ports: [{ port: 80, targetPort: 8080 }] }, old);
  expect(same.spec).toMatchObject({ clusterIP: '10.43.0.9', clusterIPs: ['10.43.0.9'], ports: [{ nodePort: 30080 }] });
  const inner = updated({ ...structuredClone(old.spec), type: 'ClusterIP' }, old);
  expect(inner.spec?.ports).toEqual([{ port: 80, protocol: 'TCP', targetPort: 80 }]);
  expect(inner.spec?.externalTrafficPolicy).toBeUndefined();
  const outside = updated({ ...structuredClone(old.spec), type: 'ExternalName', externalName: 'x.y' }, old);
  expect(outside.spec).toEqual({
    type: 'ExternalName',
    externalName: 'x.y',
    sessionAffinity: 'None',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  });
});

test('the address of a service may not change', () => {
  const old = created({ clusterIP: '10.43.0.9', ports: [{ port: 80 }] });
  const changed = updated({ clusterIP: '10.43.0.10', ports: [{ port: 80 }] }, old);
  expect(validateChange(serviceKind, changed, old)).toEqual([
    {
      type: 'FieldValueInvalid',
      field: 'spec.clusterIPs[0]',
      detail: 'Invalid value: []string{"10.43.0.10"}: may not change once set',
    },
  ]);
});

test.each([
  [{}, ['Required spec.ports']],
  [{ ports: [{ port: 80 }, { port: 81 }] }, ['Required spec.ports[0].name', 'Required spec.ports[1].name']],
  [{ type: 'X', ports: [{ port: 80 }] }, ['NotSupported spec.type']],
  [{ type: 'ExternalName' }, ['Required spec.externalName']],
  [{ ports: [{ port: 80, nodePort: 30999 }] }, ['Forbidden spec.ports[0].nodePort']],
  [{ clusterIP: 'None', type: 'NodePort', ports: [{ port: 80 }] }, ['Invalid spec.clusterIPs[0]']],
  [{ ipFamilies: ['IPv6'], ports: [{ port: 80 }] }, ['Invalid spec.ipFamilies[0]']],
] as const)('a service with %j is refused for %j', (spec, expected) => {
  expect(faults(spec)).toEqual([...expected]);
});

test.each([
  [{ ports: [{ port: 80 }] }, '<none>', '80/TCP'],
  [
    {
      type: 'NodePort',
      ports: [
        { port: 80, nodePort: 30080 },
        { port: 53, protocol: 'UDP' },
      ],
    },
    '<none>',
    '80:30080/TCP,53/UDP',
  ],
  [{ type: 'LoadBalancer', ports: [{ port: 80 }] }, '<pending>', '80/TCP'],
  [{ type: 'ExternalName', externalName: 'x.y' }, 'x.y', '<none>'],
  [{ externalIPs: ['1.2.3.4'], ports: [{ port: 80 }] }, '1.2.3.4', '80/TCP'],
])('the cells of a service with %j', (spec, external, ports) => {
  const cells = serviceColumns.map((column) => column.cell(created(spec), new Date(0)));
  expect(cells.slice(3, 5)).toEqual([external, ports]);
});
