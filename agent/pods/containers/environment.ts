import type { ConfigMap } from '#api/kinds/core/configmap.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { Secret } from '#api/kinds/core/secret.ts';
import type { Service } from '#api/kinds/core/service.ts';
import type { Container } from '#api/podspec/container.ts';
import type { EnvFromSource, EnvVarSource } from '#api/podspec/env.ts';
import type { DesiredState } from '../../state/desired-state.ts';
import { expand } from './expansion.ts';
import { type PodPlace, podField, resourceField } from '../../volumes/field-ref.ts';
import { ContainerFailure } from './container-failure.ts';
import { serviceEnvironment } from './service-env.ts';

/** A variable of a container. */
export interface Variable {
  readonly name: string;
  readonly value: string;
}

/** A container's environment, and what there is to tell about it. */
export interface Environment {
  readonly variables: readonly Variable[];
  /** Texts for InvalidEnvironmentVariableNames. */
  readonly warnings: readonly string[];
}

/** Upstream: IsEnvVarName. */
const ENV_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

/** Where values come from while one environment is made. */
interface Sources {
  readonly pod: Pod;
  readonly container: string;
  readonly state: Pick<DesiredState, 'get' | 'list'>;
  readonly place: PodPlace;
}

/**
 * The environment of a container: envFrom, then env in its order with `$(NAME)` filled in, then the variables of Services that nobody set
 * (kubelet: makeEnvironmentVariables).
 * @throws ContainerFailure CreateContainerConfigError for a ConfigMap, Secret or key that is missing and not optional.
 */
export function containerEnvironment(
  pod: Pod,
  container: Pick<Container, 'name' | 'env' | 'envFrom'>,
  state: Pick<DesiredState, 'get' | 'list'>,
  place: PodPlace,
): Environment {
  const sources: Sources = { pod, container: container.name, state, place };
  const values = new Map<string, string>();
  const warnings: string[] = [];
  for (const source of container.envFrom ?? []) addAll(values, source, sources, warnings);
  const links = pod.spec?.enableServiceLinks ?? true;
  const services = serviceEnvironment(state.list<Service>('services'), pod.metadata.namespace ?? '', links);
  const lookup = (name: string): string | undefined => values.get(name) ?? services.get(name);
  for (const variable of container.env ?? []) {
    const value =
      variable.valueFrom === undefined ? expand(variable.value ?? '', lookup) : valueFrom(variable.valueFrom, sources);
    if (value === undefined) continue;
    // A name set again moves to its new place, so that what is printed last is what holds.
    values.delete(variable.name);
    values.set(variable.name, value);
  }
  for (const [name, value] of services) if (!values.has(name)) values.set(name, value);
  return { variables: [...values].map(([name, value]) => ({ name, value })), warnings };
}

function addAll(values: Map<string, string>, source: EnvFromSource, sources: Sources, warnings: string[]): void {
  const namespace = sources.pod.metadata.namespace ?? '';
  const reference = source.configMapRef ?? source.secretRef;
  const name = reference?.name ?? '';
  const isSecret = source.configMapRef === undefined;
  const data = isSecret ? secretData(sources, name) : configMapData(sources, name);
  if (data === undefined) {
    if (reference?.optional === true) return;
    throw new ContainerFailure(
      'CreateContainerConfigError',
      `${isSecret ? 'secret' : 'configmap'} "${name}" not found`,
      {
        missing: true,
      },
    );
  }
  const invalid: string[] = [];
  for (const [key, value] of data) {
    const variable = `${source.prefix ?? ''}${key}`;
    if (ENV_NAME.test(variable)) values.set(variable, value);
    else invalid.push(variable);
  }
  if (invalid.length === 0) return;
  warnings.push(
    `Keys [${invalid.sort().join(', ')}] from the EnvFrom ${isSecret ? 'secret' : 'configMap'} ${namespace}/${name} ` +
      'were skipped since they are considered invalid environment variable names.',
  );
}

function valueFrom(from: EnvVarSource, sources: Sources): string | undefined {
  const { pod, place } = sources;
  const namespace = pod.metadata.namespace ?? '';
  if (from.fieldRef !== undefined) {
    const value = podField(pod, from.fieldRef.fieldPath, place);
    if (value !== undefined) return value;
    throw new ContainerFailure('CreateContainerConfigError', `unsupported fieldPath: ${from.fieldRef.fieldPath}`);
  }
  if (from.resourceFieldRef !== undefined) {
    const value = resourceField(pod, from.resourceFieldRef, sources.container, place);
    if (value !== undefined) return value;
    const { resource } = from.resourceFieldRef;
    throw new ContainerFailure('CreateContainerConfigError', `unsupported container resource : ${resource}`);
  }
  const selector = from.configMapKeyRef ?? from.secretKeyRef;
  if (selector === undefined) return '';
  const name = selector.name ?? '';
  const isSecret = from.configMapKeyRef === undefined;
  const data = isSecret ? secretData(sources, name) : configMapData(sources, name);
  const value = data?.get(selector.key);
  if (value !== undefined) return value;
  if (selector.optional === true) return undefined;
  throw new ContainerFailure(
    'CreateContainerConfigError',
    data === undefined
      ? `${isSecret ? 'secret' : 'configmap'} "${name}" not found`
      : `couldn't find key ${selector.key} in ${isSecret ? 'Secret' : 'ConfigMap'} ${namespace}/${name}`,
    { missing: data === undefined },
  );
}

function configMapData({ state, pod }: Sources, name: string): Map<string, string> | undefined {
  const map = state.get<ConfigMap>('configmaps', `${pod.metadata.namespace}/${name}`);
  return map === undefined ? undefined : new Map(Object.entries(map.data ?? {}));
}

function secretData({ state, pod }: Sources, name: string): Map<string, string> | undefined {
  const secret = state.get<Secret>('secrets', `${pod.metadata.namespace}/${name}`);
  if (secret === undefined) return undefined;
  return new Map(
    Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}
