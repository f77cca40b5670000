import type { KubeObject, ScalePaths } from '#api/kind.ts';
import { type Scale, scaleKind } from '#api/kinds/autoscaling/scale.ts';
import { invalid } from '#api/meta/field-error.ts';
import type { LabelSelector } from '#api/meta/label-selector.ts';
import type { ManagedFieldsEntry } from '#api/meta/object-meta.ts';
import { formatRequirements, requirementsOf, requirementsOfMap } from '#api/meta/selectors.ts';
import { StatusError, invalidError, notFoundError } from '#api/meta/status.ts';
import type { StoredObject } from '#server/store/object-store.ts';
import type { Asks } from '#server/store/registry.ts';
import { inVersion } from '#server/store/served-version.ts';
import { type ResourceRequest, writeContext } from '../api-context.ts';
import { readConfiguration } from '../apply-body.ts';
import { readBody } from '../body.ts';
import { decodeBody, parseBody } from '../decode-body.ts';
import { demandSameObject } from '../object-identity.ts';
import { type WriteOptions, readWriteOptions } from '../options.ts';
import { type Patch, heed, patchType, readPatch } from '../patch-body.ts';
import { objectResponse } from '../render.ts';
import { applyToScale } from './scale-apply.ts';

/** GET, PUT and PATCH of `<resource>/<name>/scale`, for every kind that says where its numbers are. */
export function scale(request: ResourceRequest, paths: ScalePaths): Promise<Response> | Response {
  switch (request.info.verb) {
    case 'update':
      return put(request, paths);
    case 'patch':
      return patch(request, paths);
    default:
      return get(request, paths);
  }
}

async function get(request: ResourceRequest, paths: ScalePaths): Promise<Response> {
  const { api, info, kind } = request;
  try {
    const stored = api.registry.get(kind, info.namespace, info.name);
    return answer(request, await inVersion(kind, stored), paths);
  } catch (error) {
    // Upstream names the subresource here, and only here.
    if (error instanceof StatusError && error.reason === 'NotFound')
      throw notFoundError({ group: kind.group, plural: `${kind.plural}/scale` }, info.name);
    throw error;
  }
}

async function put(request: ResourceRequest, paths: ScalePaths): Promise<Response> {
  const { api, info } = request;
  const options = readWriteOptions(request.request, request.url, 'UpdateOptions');
  const body = parseBody(request.request, await readBody(request.request), scaleKind, api.kinds);
  const given = decodeBody(api.kinds, scaleKind, body, { ...options, warnings: request.warnings });
  demandSameObject(given, info);
  return write(request, paths, options, () => given);
}

async function patch(request: ResourceRequest, paths: ScalePaths): Promise<Response> {
  const type = patchType(request.request, request.kind);
  const options = readWriteOptions(request.request, request.url, type === 'apply' ? 'ApplyOptions' : 'PatchOptions');
  const bytes = await readBody(request.request);
  if (type === 'apply') return apply(request, paths, options, bytes);
  let read: Patch | undefined;
  return write(request, paths, options, (current) => {
    read ??= readPatch(type, bytes);
    const { object, complaints, shown } = read.apply(scaleKind, current);
    heed(complaints, options.fieldValidation, request.warnings, shown);
    demandSameObject(object, request.info);
    return object;
  });
}

/** Server-side apply of a Scale: its one field is a field of the object, which has the owners. */
async function apply(
  request: ResourceRequest,
  paths: ScalePaths,
  options: WriteOptions,
  bytes: Uint8Array,
): Promise<Response> {
  const { api, info, kind } = request;
  const body = readConfiguration(bytes);
  const stored = await api.registry.update(
    kind,
    info.namespace,
    info.name,
    (current) => {
      const applied = applyToScale(kind, {
        live: scaleOf(current, paths, 0),
        owners: current.metadata.managedFields,
        configuration: body.value(),
        manager: options.fieldManager,
        force: options.force,
        replicasPath: paths.specReplicas,
      });
      body.heed(options.fieldValidation, request.warnings);
      demandSameObject(applied.scale, info);
      demandValid(applied.scale);
      return withOwners(withReplicas(current, paths, applied.scale), applied.owners);
    },
    writeContext(request, options),
    { subresource: 'scale', fields: 'applied', asks: asksWith(paths) },
  );
  return answer(request, stored, paths);
}

function withOwners<T extends KubeObject>(object: T, owners: readonly ManagedFieldsEntry[] | undefined): T {
  if (owners === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = [...owners];
  return object;
}

async function write(
  request: ResourceRequest,
  paths: ScalePaths,
  options: WriteOptions,
  change: (current: Scale) => Scale,
): Promise<Response> {
  const { api, info, kind } = request;
  const stored = await api.registry.update(
    kind,
    info.namespace,
    info.name,
    (current) => {
      const wanted = change(scaleOf(current, paths, 0));
      demandValid(wanted);
      return withReplicas(current, paths, wanted);
    },
    writeContext(request, options),
    { subresource: 'scale', asks: asksWith(paths) },
  );
  return answer(request, stored, paths);
}

/** Admission sees an UPDATE of the Scale. What is stored may be of another version, which has its numbers elsewhere. */
const asksWith =
  (given: ScalePaths): Asks =>
  (next, old, { scale: paths = given }) => {
    const object = scaleOf(next, paths, 0);
    const before = object.spec?.replicas ?? 0;
    return {
      operation: 'UPDATE',
      kind: scaleKind,
      object,
      old: scaleOf(old, paths, 0),
      take() {
        const replicas = object.spec?.replicas ?? 0;
        if (replicas !== before) setPath(next as unknown as Record<string, unknown>, paths.specReplicas, replicas);
      },
    };
  };

function demandValid(wanted: Scale): void {
  const replicas = wanted.spec?.replicas ?? 0;
  if (replicas < 0)
    throw invalidError('autoscaling', 'Scale', wanted.metadata.name ?? '', [
      invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ]);
}

/** The object with the wanted number, and with the Scale's resourceVersion and uid, which the registry then holds against the current ones. */
function withReplicas<T extends KubeObject>(current: T, { specReplicas }: ScalePaths, wanted: Scale): T {
  const { resourceVersion, uid } = wanted.metadata;
  const metadata = { ...current.metadata };
  if (resourceVersion === undefined || resourceVersion === '') delete metadata.resourceVersion;
  else metadata.resourceVersion = resourceVersion;
  if (uid !== undefined && uid !== '') metadata.uid = uid;
  const changed = structuredClone({ ...current, metadata });
  setPath(changed as unknown as Record<string, unknown>, specReplicas, wanted.spec?.replicas ?? 0);
  return changed;
}

function answer(request: ResourceRequest, stored: StoredObject, paths: ScalePaths): Response | Promise<Response> {
  const made = scaleOf(stored.object, paths);
  const shown: StoredObject = { ...keyOf(stored), revision: stored.revision, object: made, text: JSON.stringify(made) };
  return objectResponse({ ...request, kind: scaleKind }, shown);
}

const keyOf = ({ resource, namespace, name }: StoredObject): Pick<StoredObject, 'resource' | 'namespace' | 'name'> => ({
  resource,
  namespace,
  name,
});

/** The Scale of an object. `whenUnset`: the number taken where spec has none; without it that is a 500, as upstream has it for CRDs. */
function scaleOf(object: KubeObject, paths: ScalePaths, whenUnset?: number): Scale {
  const replicas = getPath(object, paths.specReplicas) ?? whenUnset;
  if (typeof replicas !== 'number')
    throw new StatusError(
      'InternalError',
      `Internal error occurred: the spec replicas field ${JSON.stringify(paths.specReplicas)} does not exist`,
      { causes: [{ message: `the spec replicas field ${JSON.stringify(paths.specReplicas)} does not exist` }] },
    );
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const status = getPath(object, paths.statusReplicas);
  const selector = paths.labelSelector === undefined ? '' : selectorText(getPath(object, paths.labelSelector));
  return {
    kind: scaleKind.kind,
    apiVersion: 'autoscaling/v1',
    metadata: JSON.parse(
      JSON.stringify({ name, namespace, uid, resourceVersion, creationTimestamp }),
    ) as Scale['metadata'],
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: typeof status === 'number' ? status : 0, ...(selector === '' ? {} : { selector }) },
  };
}

/** A selector in text form, from a LabelSelector, a plain map of labels (ReplicationController) or a text (CRDs). */
function selectorText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  if ('matchLabels' in value || 'matchExpressions' in value)
    return formatRequirements(requirementsOf(value as LabelSelector) ?? []);
  return formatRequirements(requirementsOfMap(value as Record<string, string>));
}

const parts = (path: string): string[] => path.split('.').filter((part) => part !== '');

function getPath(root: unknown, path: string): unknown {
  let value = root;
  for (const part of parts(path)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

function setPath(root: Record<string, unknown>, path: string, value: number): void {
  const names = parts(path);
  const last = names.pop();
  let at = root;
  for (const name of names) {
    const inner = at[name];
    const next = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
    at[name] = next;
    at = next;
  }
  if (last !== undefined) at[last] = value;
}
