import { type CelType, celTypeOf, objectType } from './cel-type.ts';
import type { Variable } from './environment.ts';
import { goType } from './compile-error.ts';
import { AUTHORIZER_TYPE } from './libraries/authorizer.ts';
import { CelCompileError, type Program, compile } from './program.ts';
import type { JsonSchema } from '../schema/structural.ts';

/** What a value is of which nothing, or only the library's name of its type, is known. */
const opaque = (name: string): CelType => ({ kind: 'dyn', name, minBytes: 1, maxElements: 3 * 1024 * 1024 });

const TEXT: JsonSchema = { type: 'string' };
const TIME: JsonSchema = { type: 'string', format: 'date-time' };
const ANY: JsonSchema = { 'x-kubernetes-int-or-string': true };
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
const mapOf = (additionalProperties: JsonSchema): JsonSchema => ({ type: 'object', additionalProperties });
const record = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({ type: 'object', properties });

const KIND = record({ group: TEXT, version: TEXT, kind: TEXT });
const RESOURCE = record({ group: TEXT, version: TEXT, resource: TEXT });
/** What expressions see of a request (upstream: cel.BuildRequestType). */
const REQUEST = record({
  kind: KIND,
  resource: RESOURCE,
  subResource: TEXT,
  requestKind: KIND,
  requestResource: RESOURCE,
  requestSubResource: TEXT,
  name: TEXT,
  namespace: TEXT,
  operation: TEXT,
  userInfo: record({ username: TEXT, uid: TEXT, groups: listOf(TEXT), extra: mapOf(listOf(TEXT)) }),
  dryRun: { type: 'boolean' },
  options: ANY,
});
/** What expressions see of the request's namespace (upstream: cel.BuildNamespaceType). */
const NAMESPACE = record({
  metadata: record({
    name: TEXT,
    generateName: TEXT,
    namespace: TEXT,
    labels: mapOf(TEXT),
    annotations: mapOf(TEXT),
    UID: TEXT,
    creationTimestamp: TIME,
    deletionGracePeriodSeconds: { type: 'integer' },
    deletionTimestamp: TIME,
    generation: { type: 'integer' },
    resourceVersion: TEXT,
    finalizers: listOf(TEXT),
  }),
  spec: record({ finalizers: listOf(TEXT) }),
  status: record({
    conditions: listOf(record({ status: TEXT, type: TEXT, lastTransitionTime: TIME, message: TEXT, reason: TEXT })),
    phase: TEXT,
  }),
});

const typeOf = (schema: JsonSchema): CelType => celTypeOf(schema) ?? opaque('dyn');

/** What an expression of an admission object may read, beside the request; the types of objects where they are known. */
export interface AdmissionScope {
  readonly object?: CelType | undefined;
  /** Absent: there are no parameters. */
  readonly params?: CelType | 'dyn' | undefined;
  readonly hasAuthorizer: boolean;
  /** The policy's own variables, by name. Absent: it has none. */
  readonly variables?: ReadonlyMap<string, CelType> | undefined;
}

/** An expression, and the types of which its answer must have one; none: any. */
export interface AdmissionExpression {
  readonly source: string;
  readonly results: readonly string[];
}

/** Compiles as upstream does when an object is stored. Throws CelCompileError with upstream's text. */
export function compileAdmission({ source, results }: AdmissionExpression, scope: AdmissionScope): Program {
  const program = compile(source, { variables: variablesOf(scope) });
  const { resultType } = program;
  if (results.length === 0 || results.includes(resultType === 'null' ? 'null_type' : resultType)) return program;
  const [only = ''] = results;
  const wanted = results.length === 1 ? only : `one of [${results.join(' ')}]`;
  throw new CelCompileError(`must evaluate to ${wanted} but got ${goType(resultType)}`);
}

/** The type that a variable has by the expression that makes it. */
export const variableType = ({ resultType }: Program): CelType =>
  // A capital letter stands for a type that the expression leaves open.
  opaque(/\b[A-Z]\b|\bnull\b/.test(resultType) ? 'dyn' : resultType);

/** A variable whose expression does not compile is still there for those after it. */
export const UNKNOWN_VARIABLE = opaque('dyn');

function variablesOf({ object, params, hasAuthorizer, variables }: AdmissionScope): Record<string, Variable> {
  const ofObject = object ?? 'dyn';
  return {
    object: { type: ofObject },
    oldObject: { type: ofObject },
    request: { type: typeOf(REQUEST) },
    namespaceObject: { type: typeOf(NAMESPACE) },
    ...(params === undefined ? {} : { params: { type: params } }),
    ...(hasAuthorizer ? { authorizer: { type: AUTHORIZER_TYPE } } : {}),
    ...(variables === undefined ? {} : { variables: { type: objectType(variables, 2) } }),
  };
}
