import { type ComponentStatus, componentStatusKind } from '#api/kinds/core/componentstatus.ts';
import { notFoundError } from '#api/meta/status.ts';
import { CachedObject } from '#server/store/cached-object.ts';
import type { ResourceRequest } from './api-context.ts';
import type { HealthCheck } from './health.ts';
import { listResponse, objectResponse } from './render.ts';
import { readSelection } from './selection.ts';

/** The parts of a control plane by the names that people look for, and the check that speaks for each. */
const COMPONENTS: Readonly<Record<string, string>> = {
  'controller-manager': 'controllers',
  database: 'database',
  scheduler: 'scheduler',
};
const DEPRECATED = 'v1 ComponentStatus is deprecated in v1.19+';

/** GET of ComponentStatuses: what the checks of /readyz say, asked anew each time. */
export async function componentStatus(request: ResourceRequest): Promise<Response> {
  const { api, info, url } = request;
  request.warnings.push(DEPRECATED);
  const found = await Promise.all(
    Object.entries(COMPONENTS).map(async ([name, check]) => statusOf(name, await complaint(api.checks, check))),
  );
  const stored = found.map(
    (object) =>
      new CachedObject(
        { resource: 'componentstatuses', namespace: '', name: object.metadata.name ?? '' },
        0,
        JSON.stringify(object),
        object,
      ),
  );
  if (info.verb === 'list') {
    const selection = readSelection(componentStatusKind, url.searchParams);
    return listResponse(
      request,
      stored.filter(({ object }) => selection.matches(object)),
      { resourceVersion: '' },
    );
  }
  const one = stored.find(({ name }) => name === info.name);
  if (one === undefined) throw notFoundError(componentStatusKind, info.name);
  return objectResponse(request, one);
}

/** What the check has against its part; undefined = nothing. */
async function complaint(checks: readonly HealthCheck[], name: string): Promise<string | undefined> {
  try {
    await checks.find((check) => check.name === name)?.check();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const statusOf = (name: string, error: string | undefined): ComponentStatus => ({
  kind: 'ComponentStatus',
  apiVersion: 'v1',
  metadata: { name },
  conditions: [
    error === undefined
      ? { type: 'Healthy', status: 'True', message: 'ok' }
      : { type: 'Healthy', status: 'False', error },
  ],
});
