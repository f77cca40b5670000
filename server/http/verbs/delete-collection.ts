import { StatusError } from '#api/meta/status.ts';
import type { ResourceRequest } from '../api-context.ts';
import { readDeleteOptions } from '../delete-options.ts';
import { readListOptions } from '../list-options.ts';
import { listResponse } from '../render.ts';
import { readSelection } from '../selection.ts';
import { deleteContext } from './delete.ts';
import { selected } from './list.ts';

/** As many deletes at once as one batch of the writer takes well. */
const AT_ONCE = 64;

/** DELETE of a collection: deletes what the selectors want and answers with the list of it, as it was. */
export async function deleteCollection(request: ResourceRequest): Promise<Response> {
  const { api, kind, url } = request;
  readListOptions(url, 'list');
  const selection = readSelection(kind, url.search === '' ? undefined : url.searchParams);
  const options = await readDeleteOptions(request.request, url);
  const context = deleteContext(request, options);
  const objects = await selected(request, selection);
  const resourceVersion = String(api.store.revision());
  for (let at = 0; at < objects.length; at += AT_ONCE) {
    const batch = objects.slice(at, at + AT_ONCE);
    await Promise.all(
      batch.map(({ namespace, name }) =>
        api.registry.delete(kind, namespace, name, options, context).catch(ignoreGone),
      ),
    );
  }
  return listResponse(request, objects, { resourceVersion });
}

/** What somebody else deleted meanwhile is as good as deleted by us. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof StatusError && error.reason === 'NotFound')) throw error;
}
