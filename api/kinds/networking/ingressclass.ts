import { type Static, described, field, object, pointer, required, string, value } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import {
  type FieldError,
  eachInvalid,
  forbidden,
  invalid,
  notSupported,
  requiredValue,
  tooLong,
} from '#api/meta/field-error.ts';
import { domainPrefixedPath } from '#api/meta/domain-names.ts';
import { byteLength, dns1123Label } from '#api/meta/names.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { validateObjectReference } from '#api/kinds/networking/ingress-validation.ts';

/** `networking.v1.IngressClassParametersReference`. */
export const IngressClassParametersReference = object(
  'networking.v1.IngressClassParametersReference',
  {
    kind: required(2, described('The kind of the object.', string())),
    name: required(3, described('The name of the object.', string())),
    scope: field(4, described('Cluster (default): it has no namespace. Namespace: it has one.', pointer(string()))),
    namespace: field(5, described('Its namespace, for the scope Namespace.', pointer(string()))),
    apiGroup: field(1, described('The API group of the kind; none for the core group.', pointer(string()))),
  },
  { description: 'An object with the settings of a class.' },
);
/** The JSON form of `networking.v1.IngressClassParametersReference`. */
export type IngressClassParametersReference = Static<typeof IngressClassParametersReference>;

/** `networking.v1.IngressClassSpec`. */
export const IngressClassSpec = object(
  'networking.v1.IngressClassSpec',
  {
    controller: field(
      1,
      described('The controller of the class, as a path under a domain: acme.io/ingress. Never changes.', string()),
    ),
    parameters: field(2, described('An object with settings for the controller.', IngressClassParametersReference)),
  },
  { description: 'Which controller serves a class, and its settings.' },
);
/** The JSON form of `networking.v1.IngressClassSpec`. */
export type IngressClassSpec = Static<typeof IngressClassSpec>;

/** `networking.v1.IngressClass`. */
export const IngressClass = object(
  'networking.v1.IngressClass',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('Which controller serves it.', value(IngressClassSpec))),
  },
  { description: 'A class of Ingresses, served by one controller.' },
);
/** The JSON form of `networking.v1.IngressClass`. */
export type IngressClass = Static<typeof IngressClass>;

const MAX_CONTROLLER_BYTES = 250;
const SCOPES = ['Cluster', 'Namespace'];

function parametersText({ spec }: IngressClass): string {
  const parameters = spec?.parameters;
  if (parameters === undefined) return '<none>';
  const { kind, apiGroup, name } = parameters;
  return `${apiGroup === undefined ? kind : `${kind}.${apiGroup}`}/${name}`;
}

function validateClass({ spec }: IngressClass): FieldError[] {
  const { controller = '', parameters } = spec ?? {};
  const errors: FieldError[] = [];
  if (byteLength(controller) > MAX_CONTROLLER_BYTES) errors.push(tooLong('spec.controller', MAX_CONTROLLER_BYTES));
  errors.push(...domainPrefixedPath(controller, 'spec.controller'));
  return parameters === undefined ? errors : [...errors, ...validateParameters(parameters)];
}

function validateParameters(parameters: IngressClassParametersReference): FieldError[] {
  const path = 'spec.parameters';
  const { scope, namespace } = parameters;
  const errors = validateObjectReference(parameters, path);
  if (scope === undefined) return [...errors, requiredValue(`${path}.scope`)];
  if (!SCOPES.includes(scope)) errors.push(notSupported(`${path}.scope`, scope, SCOPES));
  else if (scope === 'Namespace') {
    if (namespace === undefined)
      errors.push(requiredValue(`${path}.namespace`, "`parameters.scope` is set to 'Namespace'"));
    else errors.push(...eachInvalid(`${path}.namespace`, namespace, dns1123Label(namespace)));
  } else if (namespace !== undefined)
    errors.push(forbidden(`${path}.namespace`, "`parameters.scope` is set to 'Cluster'"));
  return errors;
}

/** IngressClasses. */
export const ingressClassKind = defineKind<IngressClass>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  schema: IngressClass,
  scope: 'Cluster',
  hasGeneration: true,
  columns: [
    nameColumn,
    textColumn('Controller', 'The controller that serves it.', ({ spec }) => spec?.controller ?? ''),
    textColumn('Parameters', 'An object with settings for the controller.', parametersText),
    ageColumn,
  ],
  applyDefaults({ spec }) {
    if (spec?.parameters !== undefined) spec.parameters.scope ??= 'Cluster';
  },
  validate: validateClass,
  validateUpdate: ({ spec }, { spec: before }) =>
    spec?.controller === before?.controller ? [] : [invalid('spec.controller', spec?.controller ?? '', IMMUTABLE)],
});
