import {
  type Static,
  boolean,
  bytes,
  described,
  field,
  int32,
  listMap,
  object,
  pointer,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { type FieldError, eachInvalid, invalid, notSupported, requiredValue } from '#api/meta/field-error.ts';
import { dns1035Label, dns1123Subdomain, pathSegment, portNumber } from '#api/meta/names.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';

/** `apiregistration.v1.ServiceReference`. */
export const ServiceReference = object(
  'apiregistration.v1.ServiceReference',
  {
    namespace: field(1, described('The namespace of the Service.', string())),
    name: field(2, described('The name of the Service.', string())),
    port: field(3, described('The port of the Service. Default 443.', pointer(int32({ default: 443 })))),
  },
  { description: 'A Service and a port of it.' },
);
/** The JSON form of `apiregistration.v1.ServiceReference`. */
export type ServiceReference = Static<typeof ServiceReference>;

/** `apiregistration.v1.APIServiceSpec`. */
export const APIServiceSpec = object(
  'apiregistration.v1.APIServiceSpec',
  {
    service: field(1, described('Who serves it; without one it is this server itself.', ServiceReference)),
    group: field(2, described('The API group.', string())),
    version: field(3, described('The version of the group.', string())),
    insecureSkipTLSVerify: field(4, described('Do not look at the certificate of the Service.', boolean())),
    caBundle: field(
      5,
      described(
        'The certificates of the authorities that its certificate is checked with, in PEM.',
        bytes({ isList: true }),
      ),
    ),
    groupPriorityMinimum: required(
      7,
      described(
        'Of two groups with the same short name the one with the greater number comes first, 1 to 20000.',
        int32(),
      ),
    ),
    versionPriority: required(
      8,
      described('Of two versions of the group the one with the greater number comes first, 1 to 1000.', int32()),
    ),
  },
  { description: 'A group version, who serves it, and where it stands among others.' },
);
/** The JSON form of `apiregistration.v1.APIServiceSpec`. */
export type APIServiceSpec = Static<typeof APIServiceSpec>;

/** `apiregistration.v1.APIServiceCondition`. */
export const APIServiceCondition = object(
  'apiregistration.v1.APIServiceCondition',
  {
    type: required(1, described('Available.', string())),
    status: required(2, described('True, False or Unknown.', string())),
    lastTransitionTime: field(3, described('When the status last changed.', time())),
    reason: field(4, described('Why, in one word.', string())),
    message: field(5, described('Why, in a sentence.', string())),
  },
  { description: 'Whether something holds of an APIService.' },
);
/** The JSON form of `apiregistration.v1.APIServiceCondition`. */
export type APIServiceCondition = Static<typeof APIServiceCondition>;

/** `apiregistration.v1.APIServiceStatus`. */
export const APIServiceStatus = object(
  'apiregistration.v1.APIServiceStatus',
  {
    conditions: field(
      1,
      described(
        'Available: requests are served.',
        listMap(APIServiceCondition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' }),
      ),
    ),
  },
  { description: 'Whether a group version is served.' },
);
/** The JSON form of `apiregistration.v1.APIServiceStatus`. */
export type APIServiceStatus = Static<typeof APIServiceStatus>;

/** `apiregistration.v1.APIService`. */
export const APIService = object(
  'apiregistration.v1.APIService',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('Which group version, and who serves it.', value(APIServiceSpec))),
    status: field(3, described('Whether it is served. Read-only.', value(APIServiceStatus))),
  },
  { description: 'A version of an API group, served by this server or by a program behind a Service.' },
);
/** The JSON form of `apiregistration.v1.APIService`. */
export type APIService = Static<typeof APIService>;

const STATUSES = ['True', 'False', 'Unknown'];

function availableText({ status }: APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  if (condition === undefined) return 'Unknown';
  return condition.status === 'True' || !condition.reason
    ? condition.status
    : `${condition.status} (${condition.reason})`;
}

/** The faults of an APIService (kube-aggregator: ValidateAPIService). */
function validateAPIService({ metadata, spec }: APIService): FieldError[] {
  const { group = '', version = '', service, groupPriorityMinimum = 0, versionPriority = 0 } = spec ?? {};
  const { name = '' } = metadata;
  const errors: FieldError[] = [];
  const wanted = `${version}.${group}`;
  if (pathSegment(name).length === 0 && name !== wanted)
    errors.push(invalid('metadata.name', name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`));
  if (group === '' && version !== 'v1')
    errors.push(requiredValue('spec.group', 'only v1 may have an empty group and it better be legacy kube'));
  if (group !== '') errors.push(...eachInvalid('spec.group', group, dns1123Subdomain(group)));
  errors.push(...eachInvalid('spec.version', version, dns1035Label(version)));
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > 20_000)
    errors.push(invalid('spec.groupPriorityMinimum', groupPriorityMinimum, 'must be positive and less than 20000'));
  if (versionPriority <= 0 || versionPriority > 1000)
    errors.push(invalid('spec.versionPriority', versionPriority, 'must be positive and less than 1000'));
  return [...errors, ...(service === undefined ? validateLocal(spec ?? {}) : validateRemote(spec ?? {}, service))];
}

function validateLocal({ caBundle = '', insecureSkipTLSVerify = false }: Partial<APIServiceSpec>): FieldError[] {
  const errors: FieldError[] = [];
  if (caBundle !== '')
    errors.push(
      invalid('spec.caBundle', `${atob(caBundle).length} bytes`, 'local APIServices may not have a caBundle'),
    );
  if (insecureSkipTLSVerify)
    errors.push(invalid('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify'));
  return errors;
}

function validateRemote(
  { caBundle = '', insecureSkipTLSVerify = false }: Partial<APIServiceSpec>,
  { namespace = '', name = '', port = 0 }: ServiceReference,
): FieldError[] {
  const errors: FieldError[] = [];
  if (namespace === '') errors.push(requiredValue('spec.service.namespace'));
  if (name === '') errors.push(requiredValue('spec.service.name'));
  const wrong = portNumber(port);
  if (wrong.length > 0) errors.push(invalid('spec.service.port', port, `port is not valid: ${wrong.join(', ')}`));
  if (insecureSkipTLSVerify && caBundle !== '')
    errors.push(invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'));
  return errors;
}

/** APIServices. Those of this server itself are kept by a controller, which says that they are available. */
export const apiServiceKind = defineKind<APIService>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  schema: APIService,
  categories: ['api-extensions'],
  scope: 'Cluster',
  hasStatus: true,
  columns: [
    nameColumn,
    textColumn('Service', 'Who serves it.', ({ spec }) =>
      spec?.service === undefined ? 'Local' : `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}`,
    ),
    textColumn('Available', 'Whether requests are served.', availableText),
    ageColumn,
  ],
  validateName: pathSegment,
  prepareForCreate(service) {
    service.status = {};
  },
  prepareForUpdate(service, old) {
    carryOver(service, old, 'status');
  },
  validate: validateAPIService,
  validateStatusUpdate: ({ status }) =>
    (status?.conditions ?? []).flatMap((condition, index) =>
      STATUSES.includes(condition.status)
        ? []
        : [notSupported(`status.conditions[${index}].status`, condition.status, STATUSES)],
    ),
});
