import { compileAdmission, type AdmissionScope } from '#api/cel/admission-expressions.ts';
import { type CelType, celTypeOf } from '#api/cel/cel-type.ts';
import { CelCompileError } from '#api/cel/program.ts';
import type { Kind } from '#api/kind.ts';
import { policyScope } from '#api/kinds/admissionregistration/expression-validation.ts';
import {
  type ExpressionWarning,
  type ValidatingAdmissionPolicy,
  validatingAdmissionPolicyKind,
} from '#api/kinds/admissionregistration/validatingadmissionpolicy.ts';
import type { TSchema } from '#api/schema/builders.ts';
import { mapItem } from '#api/schema/go-types.ts';
import { type JsonSchema, isObject } from '#api/schema/structural.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { watchEach } from '#server/reconcile/informers.ts';
import { type Controller, DONE, keyOf } from '#server/reconcile/reconciler.ts';
import { writeStatus } from '#server/reconcile/status.ts';
import type { Kinds } from '#server/store/kinds.ts';

/** Kinds that one rule of a policy is checked against, at most (upstream: maxTypesToCheck). */
const MAX_KINDS = 10;

/**
 * Says of every ValidatingAdmissionPolicy which expressions do not fit the kinds that it names, once for each generation
 * (upstream: validatingadmissionpolicystatus).
 */
export function validatingAdmissionPolicyStatusController({ client, kinds }: ControllerContext): Controller {
  return {
    workers: 1,
    watch: (queue) => watchEach(client, validatingAdmissionPolicyKind, (policy) => queue.add(keyOf(policy))),
    async reconcile(name) {
      const policy = client.get(validatingAdmissionPolicyKind, '', name);
      if (policy === undefined || isObserved(policy)) return DONE;
      await writeStatus(client, validatingAdmissionPolicyKind, policy, (current) => {
        if (isObserved(current)) return current.status ?? {};
        const warnings = typeWarnings(current, kinds);
        return {
          ...current.status,
          observedGeneration: current.metadata.generation ?? 0,
          typeChecking: warnings.length === 0 ? {} : { expressionWarnings: warnings },
        };
      });
      return DONE;
    },
  };
}

const isObserved = ({ metadata, status }: ValidatingAdmissionPolicy): boolean =>
  (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0);

/** What does not fit, by the schemas of the kinds that the policy names without wildcards. */
export function typeWarnings({ spec = {} }: ValidatingAdmissionPolicy, kinds: Kinds): ExpressionWarning[] {
  const matched = kindsOf(spec, kinds);
  const { scope } = policyScope(spec.variables ?? [], spec.paramKind !== undefined, 'spec.variables');
  const warnings: ExpressionWarning[] = [];
  const check = (source: string, fieldRef: string): void => {
    const texts = matched.flatMap((kind) => {
      const fault = faultOf(source, { ...scope, object: celTypeOfKind(kind) });
      return fault === undefined ? [] : [`${shownKind(kind)}: ${fault}\n`];
    });
    if (texts.length > 0) warnings.push({ fieldRef, warning: texts.join('\n') });
  };
  for (const [index, { expression, messageExpression = '' }] of (spec.validations ?? []).entries()) {
    check(expression, `spec.validations[${index}].expression`);
    if (messageExpression !== '') check(messageExpression, `spec.validations[${index}].messageExpression`);
  }
  return warnings;
}

function faultOf(source: string, scope: AdmissionScope): string | undefined {
  try {
    compileAdmission({ source, results: [] }, scope);
    return undefined;
  } catch (error) {
    if (error instanceof CelCompileError) return error.message.replace(/^compilation failed: /, '');
    throw error;
  }
}

function kindsOf({ matchConstraints }: NonNullable<ValidatingAdmissionPolicy['spec']>, kinds: Kinds): Kind[] {
  const found = new Set<Kind>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of matchConstraints?.resourceRules ?? []) {
    if ([...apiGroups, ...apiVersions].some((one) => one.includes('*'))) continue;
    const named = apiGroups.flatMap((group) =>
      apiVersions.flatMap((version) => resources.flatMap((resource) => kinds.find(group, version, resource) ?? [])),
    );
    for (const kind of named.slice(0, MAX_KINDS)) found.add(kind);
  }
  return [...found].sort((a, b) => (shownKind(a) < shownKind(b) ? -1 : 1));
}

/** `apps/v1, Kind=Deployment`, as Go prints it. */
const shownKind = ({ group, version, kind }: Kind): string => `${group}/${version}, Kind=${kind}`;

const celTypeOfKind = (kind: Kind): CelType | undefined =>
  celTypeOf(kind.custom ? (kind.schema as JsonSchema) : structural(kind.schema as JsonSchema), true);

/** A built-in kind's schema in the form that definitions have. */
function structural(schema: JsonSchema): JsonSchema {
  const item = mapItem(schema as unknown as TSchema);
  if (item !== undefined) return { type: 'object', additionalProperties: structural(item as JsonSchema) };
  const { type, properties, items } = schema;
  if (type === 'array') return { type, items: isObject(items) ? structural(items) : {} };
  if (type === 'object' && isObject(properties)) {
    const fields = Object.entries(properties).filter((entry): entry is [string, JsonSchema] => isObject(entry[1]));
    return { type, properties: Object.fromEntries(fields.map(([name, one]) => [name, structural(one)])) };
  }
  const isScalar = typeof type === 'string' && type !== 'object' && schema['format'] !== 'quantity';
  return isScalar ? schema : { 'x-kubernetes-int-or-string': true };
}
