import { type Kind, type KubeObject, resourceOf } from '#api/kind.ts';
import type { ParamKind, ParamRef } from '#api/kinds/admissionregistration/policy.ts';
import { labelSelectorMatcher } from '#api/meta/selectors.ts';
import type { Kinds } from '#server/store/kinds.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import { objectIn } from '../matching/request-matcher.ts';

/** A policy or a binding cannot be followed as it is written; what comes of that is a matter of the policy's failurePolicy. */
export class ConfigurationError extends Error {
  /** Of the policy itself, not of a binding. */
  readonly ofPolicy: boolean;

  constructor(message: string, ofPolicy = false) {
    super(message);
    this.ofPolicy = ofPolicy;
  }
}

/** The kind of a policy's parameters; undefined when it takes none. Throws ConfigurationError when nobody serves it. */
export function paramKindOf(kinds: Kinds, paramKind: ParamKind | undefined): Kind | undefined {
  if (paramKind === undefined) return undefined;
  const { apiVersion = '', kind = '' } = paramKind;
  const found = kinds.ofObject(apiVersion, kind);
  if (found === undefined)
    throw new ConfigurationError(
      `failed to find resource referenced by paramKind: '${apiVersion}, Kind=${kind}'`,
      true,
    );
  return found;
}

/** What parameters are looked up in. */
export interface ParamSource {
  readonly store: Pick<ObjectStore, 'get' | 'list'>;
  /** Undefined: the policy takes none. */
  readonly kind: Kind | undefined;
  /** Of the request. */
  readonly namespace: string;
}

/**
 * The objects that a binding takes its parameters from, each for a run of its own; undefined among them is a run without (upstream:
 * generic.CollectParams). Throws ConfigurationError.
 */
export async function paramsOf(
  { store, kind, namespace }: ParamSource,
  paramRef: ParamRef | undefined,
): Promise<(KubeObject | undefined)[]> {
  if (kind === undefined || paramRef === undefined) return [undefined];
  const { name = '', selector, parameterNotFoundAction } = paramRef;
  const from = namespaceFor(kind, paramRef, namespace);
  const resource = resourceOf(kind);
  const matches = labelSelectorMatcher(selector);
  const found =
    name === ''
      ? store.list(resource, from).filter(({ object }) => matches(object.metadata.labels))
      : [store.get(resource, from, name)].filter((one) => one !== undefined);
  if (found.length === 0 && parameterNotFoundAction === 'Deny')
    throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction');
  return Promise.all(found.map(({ object }) => objectIn(kind, object)));
}

function namespaceFor({ scope }: Kind, { namespace = '' }: ParamRef, ofRequest: string): string {
  if (scope === 'Cluster') {
    if (namespace !== '')
      throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
    return '';
  }
  const wanted = namespace === '' ? ofRequest : namespace;
  if (wanted === '')
    throw new ConfigurationError(
      'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
    );
  return wanted;
}
