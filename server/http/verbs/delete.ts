import type { DeleteOptions } from '#api/meta/delete-options.ts';
import type { WriteContext } from '#server/store/registry.ts';
import { type ResourceRequest, userAgentOf } from '../api-context.ts';
import { readDeleteOptions } from '../delete-options.ts';
import { objectResponse } from '../render.ts';
import { statusResponse } from '../status-response.ts';

/** DELETE of one object: the object when it stays for now (or the kind answers with it), else a Status. */
export async function deleteOne(request: ResourceRequest): Promise<Response> {
  const { api, info, kind } = request;
  const options = await readDeleteOptions(request.request, request.url);
  const { stored, status } = await api.registry.delete(
    kind,
    kind.scope === 'Cluster' ? '' : info.namespace,
    info.name,
    options,
    deleteContext(request, options),
  );
  if (stored !== undefined) {
    // Upstream answers 202 only when the request asks by the old field for dependents to go first.
    const staysForDependents = status === undefined && options.orphanDependents === false;
    return objectResponse(request, stored, staysForDependents ? 202 : 200);
  }
  return statusResponse(
    status ?? { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' },
    200,
    request.warnings,
  );
}

/** The write context of a delete: it has neither a field manager nor fields to check, and its dryRun may stand in its body. */
export const deleteContext = (request: ResourceRequest, options: DeleteOptions): WriteContext => ({
  user: request.user,
  userAgent: userAgentOf(request),
  dryRun: (options.dryRun ?? []).length > 0,
  fieldManager: '',
  warnings: request.warnings,
});
