import { type Static, field, int32, list, object, pointer, required, string } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { ObjectReference } from '#api/meta/references.ts';
import { ageColumn, firstThree, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { validateEndpoints } from '#api/kinds/core/endpoints-validation.ts';

/** `core.v1.EndpointAddress`. */
export const EndpointAddress = object(
  'core.v1.EndpointAddress',
  {
    ip: required(1, string()),
    targetRef: field(2, ObjectReference),
    hostname: field(3, string()),
    nodeName: field(4, pointer(string())),
  },
  { mapType: 'atomic' },
);
/** The JSON form of `core.v1.EndpointAddress`. */
export type EndpointAddress = Static<typeof EndpointAddress>;

/** `core.v1.EndpointPort`. */
export const EndpointPort = object(
  'core.v1.EndpointPort',
  {
    name: field(1, string()),
    port: required(2, int32()),
    protocol: field(3, string()),
    appProtocol: field(4, pointer(string())),
  },
  { mapType: 'atomic' },
);
/** The JSON form of `core.v1.EndpointPort`. */
export type EndpointPort = Static<typeof EndpointPort>;

/** `core.v1.EndpointSubset`. */
export const EndpointSubset = object('core.v1.EndpointSubset', {
  addresses: field(1, list(EndpointAddress)),
  notReadyAddresses: field(2, list(EndpointAddress)),
  ports: field(3, list(EndpointPort)),
});
/** The JSON form of `core.v1.EndpointSubset`. */
export type EndpointSubset = Static<typeof EndpointSubset>;

/** `core.v1.Endpoints`. */
export const Endpoints = object(
  'core.v1.Endpoints',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    subsets: field(2, list(EndpointSubset)),
  },
  { description: 'The addresses behind a Service. EndpointSlices are the newer form.' },
);
/** The JSON form of `core.v1.Endpoints`. */
export type Endpoints = Static<typeof Endpoints>;

function ready({ subsets = [] }: Endpoints): string[] {
  return subsets.flatMap(({ addresses = [], ports = [] }) => {
    const ips = addresses.map(({ ip }) => ip);
    if (ports.length === 0) return ips;
    return ports.flatMap(({ port }) => ips.map((ip) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)));
  });
}

/** Endpoints: one object a Service, kept beside EndpointSlices for older clients. */
export const endpointsKind = defineKind<Endpoints>({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  schema: Endpoints,
  shortNames: ['ep'],
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  columns: [
    nameColumn,
    textColumn('Endpoints', 'Addresses and ports that are ready.', (endpoints) =>
      firstThree(ready(endpoints), '<none>'),
    ),
    ageColumn,
  ],
  applyDefaults({ subsets = [] }) {
    for (const port of subsets.flatMap(({ ports = [] }) => ports)) port.protocol ||= 'TCP';
  },
  validate: validateEndpoints,
});
