import { type Static, described, field, object, pointer, required, string } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { strictIP } from '#api/meta/cidr.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { type FieldError, eachInvalid, invalid, requiredValue } from '#api/meta/field-error.ts';
import { dns1123Subdomain, pathSegment } from '#api/meta/names.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';

/** `networking.v1.ParentReference`. */
export const ParentReference = object(
  'networking.v1.ParentReference',
  {
    group: field(1, described('The API group of the object; none for the core group.', string())),
    name: required(4, described('The name of the object.', string())),
    namespace: field(3, described('The namespace of the object, if it has one.', string())),
    resource: required(2, described('The resource of the object, such as services.', string())),
  },
  { description: 'The object that an address is given to.' },
);
/** The JSON form of `networking.v1.ParentReference`. */
export type ParentReference = Static<typeof ParentReference>;

/** `networking.v1.IPAddressSpec`. */
export const IPAddressSpec = object(
  'networking.v1.IPAddressSpec',
  { parentRef: required(1, described('Who has the address. Never changes.', pointer(ParentReference))) },
  { description: 'Who has an address.' },
);
/** The JSON form of `networking.v1.IPAddressSpec`. */
export type IPAddressSpec = Static<typeof IPAddressSpec>;

/** `networking.v1.IPAddress`. */
export const IPAddress = object(
  'networking.v1.IPAddress',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: required(2, described('Who has it.', IPAddressSpec)),
  },
  { description: 'An address that is given to an object; its name is the address.' },
);
/** The JSON form of `networking.v1.IPAddress`. */
export type IPAddress = Static<typeof IPAddress>;

function parentText({ spec }: IPAddress): string {
  const parent = spec?.parentRef;
  if (parent === undefined) return '<none>';
  const { group = '', resource, namespace = '', name } = parent;
  const kind = (group === '' ? resource : `${resource}.${group}`).toLowerCase();
  return namespace === '' ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

function validateParent({ spec }: IPAddress): FieldError[] {
  const path = 'spec.parentRef';
  const parent = spec?.parentRef;
  if (parent === undefined) return [requiredValue(path)];
  const { group = '', resource, name, namespace = '' } = parent;
  const segment = (field: string, text: string): FieldError[] =>
    text === '' ? [requiredValue(`${path}.${field}`)] : eachInvalid(`${path}.${field}`, text, pathSegment(text));
  return [
    ...(group === '' ? [] : eachInvalid(`${path}.group`, group, dns1123Subdomain(group))),
    ...segment('resource', resource ?? ''),
    ...segment('name', name ?? ''),
    ...(namespace === '' ? [] : segment('namespace', namespace)),
  ];
}

/** IPAddresses. */
export const ipAddressKind = defineKind<IPAddress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  schema: IPAddress,
  shortNames: ['ip'],
  scope: 'Cluster',
  columns: [nameColumn, textColumn('ParentRef', 'Who has it.', parentText), ageColumn],
  validateName: (name) => strictIP(name),
  validate: validateParent,
  updateRulesOnly: true,
  validateUpdate: ({ spec }, { spec: before }) =>
    deepEqual(spec.parentRef, before.parentRef) ? [] : [invalid('spec.parentRef', spec.parentRef, IMMUTABLE)],
});
