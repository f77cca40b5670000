import { type Static, described, field, list, listMap, object, required, string, value } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { parseCIDR, strictCIDR } from '#api/meta/cidr.ts';
import { Condition } from '#api/meta/condition.ts';
import { type FieldError, goStrings, invalid, invalidShown, requiredValue } from '#api/meta/field-error.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';

/** `networking.v1.ServiceCIDRSpec`. */
export const ServiceCIDRSpec = object(
  'networking.v1.ServiceCIDRSpec',
  {
    cidrs: field(1, described('One network, or one of each address family. Never changes.', list(string()))),
  },
  { description: 'The networks that Services get their addresses from.' },
);
/** The JSON form of `networking.v1.ServiceCIDRSpec`. */
export type ServiceCIDRSpec = Static<typeof ServiceCIDRSpec>;

/** `networking.v1.ServiceCIDRStatus`. */
export const ServiceCIDRStatus = object(
  'networking.v1.ServiceCIDRStatus',
  {
    conditions: field(
      1,
      described(
        'Ready: addresses are given out of it.',
        listMap(Condition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' }),
      ),
    ),
  },
  { description: 'Whether the networks are in use.' },
);
/** The JSON form of `networking.v1.ServiceCIDRStatus`. */
export type ServiceCIDRStatus = Static<typeof ServiceCIDRStatus>;

/** `networking.v1.ServiceCIDR`. */
export const ServiceCIDR = object(
  'networking.v1.ServiceCIDR',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('The networks.', value(ServiceCIDRSpec))),
    status: field(3, described('Whether they are in use. Read-only.', value(ServiceCIDRStatus))),
  },
  { description: 'Networks that Services get their cluster addresses from.' },
);
/** The JSON form of `networking.v1.ServiceCIDR`. */
export type ServiceCIDR = Static<typeof ServiceCIDR>;

const PATH = 'spec.cidrs';

function validateNetworks({ spec }: ServiceCIDR): FieldError[] {
  const cidrs = spec?.cidrs ?? [];
  if (cidrs.length === 0) return [requiredValue(PATH, 'at least one CIDR required')];
  if (cidrs.length > 2) return [invalid(PATH, spec, 'may only hold up to 2 values')];
  const errors = cidrs.flatMap((cidr, index) => strictCIDR(cidr, `${PATH}[${index}]`));
  const [first, second] = cidrs.map((cidr) => parseCIDR(cidr)?.address.family);
  if (cidrs.length === 2 && first !== undefined && first === second)
    errors.push(
      invalidShown(
        PATH,
        goStrings(cidrs),
        'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ),
    );
  return errors;
}

/** The networks stay; a single one may get a second beside it. */
function validateChange(given: ServiceCIDR, { spec: before }: ServiceCIDR): FieldError[] {
  const [now, then] = [given.spec?.cidrs ?? [], before?.cidrs ?? []];
  if (now.length !== then.length && !(then.length === 1 && now.length === 2))
    return [invalidShown(PATH, goStrings(now), IMMUTABLE)];
  const errors = then.flatMap((cidr, index) =>
    now[index] === cidr ? [] : [invalid(`${PATH}[${index}]`, now[index], IMMUTABLE)],
  );
  return now.length === then.length ? errors : [...errors, ...validateNetworks(given)];
}

/** ServiceCIDRs. */
export const serviceCIDRKind = defineKind<ServiceCIDR>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  schema: ServiceCIDR,
  scope: 'Cluster',
  hasStatus: true,
  columns: [nameColumn, textColumn('CIDRs', 'The networks.', ({ spec }) => (spec?.cidrs ?? []).join(',')), ageColumn],
  prepareForStatusUpdate(networks, old) {
    carryOver(networks, old, 'spec');
  },
  validate: validateNetworks,
  updateRulesOnly: true,
  validateUpdate: validateChange,
});
