import {
  type Static,
  boolean,
  field,
  int32,
  list,
  map,
  object,
  pointer,
  required,
  set,
  string,
  value,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { ObjectReference } from '#api/meta/references.ts';
import { ageColumn, firstThree, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { validateEndpointSlice } from '#api/kinds/discovery/endpointslice-validation.ts';
import { invalid } from '#api/meta/field-error.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';

/** `discovery.v1.EndpointConditions`. */
export const EndpointConditions = object('discovery.v1.EndpointConditions', {
  ready: field(1, pointer(boolean())),
  serving: field(2, pointer(boolean())),
  terminating: field(3, pointer(boolean())),
});
/** The JSON form of `discovery.v1.EndpointConditions`. */
export type EndpointConditions = Static<typeof EndpointConditions>;

/** `discovery.v1.ForNode`. */
export const ForNode = object('discovery.v1.ForNode', {
  name: required(1, string()),
});
/** The JSON form of `discovery.v1.ForNode`. */
export type ForNode = Static<typeof ForNode>;

/** `discovery.v1.ForZone`. */
export const ForZone = object('discovery.v1.ForZone', {
  name: required(1, string()),
});
/** The JSON form of `discovery.v1.ForZone`. */
export type ForZone = Static<typeof ForZone>;

/** `discovery.v1.EndpointHints`. */
export const EndpointHints = object('discovery.v1.EndpointHints', {
  forZones: field(1, list(ForZone)),
  forNodes: field(2, list(ForNode)),
});
/** The JSON form of `discovery.v1.EndpointHints`. */
export type EndpointHints = Static<typeof EndpointHints>;

/** `discovery.v1.Endpoint`. */
export const Endpoint = object('discovery.v1.Endpoint', {
  addresses: required(1, set(string())),
  conditions: field(2, value(EndpointConditions)),
  hostname: field(3, pointer(string())),
  targetRef: field(4, ObjectReference),
  deprecatedTopology: field(5, map(string())),
  nodeName: field(6, pointer(string())),
  zone: field(7, pointer(string())),
  hints: field(8, EndpointHints),
});
/** The JSON form of `discovery.v1.Endpoint`. */
export type Endpoint = Static<typeof Endpoint>;

/** `discovery.v1.EndpointPort`. */
export const EndpointPort = object(
  'discovery.v1.EndpointPort',
  {
    name: field(1, pointer(string())),
    protocol: field(2, pointer(string())),
    port: field(3, pointer(int32())),
    appProtocol: field(4, pointer(string())),
  },
  { mapType: 'atomic' },
);
/** The JSON form of `discovery.v1.EndpointPort`. */
export type EndpointPort = Static<typeof EndpointPort>;

/** `discovery.v1.EndpointSlice`. */
export const EndpointSlice = object(
  'discovery.v1.EndpointSlice',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    endpoints: field(2, list(Endpoint)),
    ports: field(3, list(EndpointPort)),
    addressType: required(4, string()),
  },
  { description: 'Addresses behind a Service, at most 100 in a slice.' },
);
/** The JSON form of `discovery.v1.EndpointSlice`. */
export type EndpointSlice = Static<typeof EndpointSlice>;

/** EndpointSlices. */
export const endpointSliceKind = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  schema: EndpointSlice,
  columns: [
    nameColumn,
    textColumn('AddressType', 'IPv4, IPv6 or FQDN.', (slice) => slice.addressType),
    textColumn('Ports', 'The ports of every endpoint.', ({ ports = [] }) =>
      firstThree(
        ports.map(({ port, name }) => String(port ?? name ?? '*')),
        '<unset>',
      ),
    ),
    textColumn('Endpoints', 'The addresses.', ({ endpoints = [] }) =>
      firstThree(
        endpoints.flatMap((endpoint) => endpoint.addresses ?? []),
        '<unset>',
      ),
    ),
    ageColumn,
  ],
  applyDefaults({ ports = [] }) {
    for (const port of ports) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  prepareForCreate({ metadata }) {
    metadata.generation = 1;
  },
  prepareForUpdate(slice, old) {
    const { metadata: _new, ...content } = slice;
    const { metadata, ...before } = old;
    const changed = JSON.stringify(content) !== JSON.stringify(before);
    slice.metadata.generation = (metadata.generation ?? 1) + (changed ? 1 : 0);
  },
  validate: validateEndpointSlice,
  validateUpdate: ({ addressType }, old) =>
    addressType === old.addressType ? [] : [invalid('addressType', addressType, IMMUTABLE)],
});
