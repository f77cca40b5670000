import type { StoredSubresource } from '#server/store/registry.ts';
import type { ResourceRequest } from '../api-context.ts';
import { unsupportedMediaType } from '../decode-body.ts';
import type { WriteOptions } from '../options.ts';

/** PATCH with an apply patch (server-side apply). This server keeps no managed fields and says so with 415; clients then apply by themselves. */
export async function apply(
  _request: ResourceRequest,
  _options: WriteOptions,
  _bytes: Uint8Array,
  _subresource: StoredSubresource,
): Promise<Response> {
  throw unsupportedMediaType(
    'application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json',
  );
}
