import { podKind } from '#api/kinds/core/pod.ts';
import { evictionKind } from '#api/kinds/policy/eviction.ts';
import { badRequest } from '#api/meta/status.ts';
import { statusResponse } from '../status-response.ts';
import { type SubresourceParts, readPost } from './request.ts';
import type { Subresource } from './subresource.ts';

/** pods/eviction: a delete that disruption budgets may refuse; there are no budgets yet, so that nothing refuses it. */
export const evictionSubresource = ({ kinds, registry }: SubresourceParts): Subresource => ({
  resource: 'pods',
  name: 'eviction',
  methods: ['POST'],
  verbs: ['create'],
  shows: evictionKind,
  async handle(request) {
    const { body, context } = await readPost(request, kinds, evictionKind);
    const { name = '' } = body.metadata;
    if (name !== '' && name !== request.name) throw badRequest('name in URL does not match name in Eviction object');
    const options = body.deleteOptions ?? {};
    const dryRun = context.dryRun || (options.dryRun ?? []).length > 0;
    await registry.delete(podKind, request.namespace, request.name, options, { ...context, dryRun });
    return statusResponse({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
  },
});
