import { type Binding, bindingKind } from '#api/kinds/core/binding.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { notSupported, requiredValue } from '#api/meta/field-error.ts';
import { type Status, badRequest, conflict } from '#api/meta/status.ts';
import type { Registry, WriteContext } from '#server/store/registry.ts';
import { bindTo } from '#server/store/update-object.ts';
import { statusResponse } from '../status-response.ts';
import { type SubresourceParts, readPost } from './request.ts';
import type { Subresource } from './subresource.ts';

/** pods/binding: a scheduler puts a pod on a node. */
export const bindingSubresource = ({ kinds, registry }: SubresourceParts): Subresource => ({
  resource: 'pods',
  name: 'binding',
  methods: ['POST'],
  verbs: ['create'],
  shows: bindingKind,
  async handle(request) {
    const { body, context } = await readPost(request, kinds, bindingKind);
    const { name = '' } = body.metadata;
    if (name !== '' && name !== request.name) throw badRequest('name in URL does not match name in Binding object');
    return statusResponse(await bindPod(registry, body, { namespace: request.namespace, name: request.name, context }));
  },
});

/** Puts the pod on the node that the Binding names. Rejects with StatusError. */
export async function bindPod(
  registry: Registry,
  binding: Binding,
  { namespace, name, context }: { readonly namespace: string; readonly name: string; readonly context: WriteContext },
): Promise<Status> {
  const { target, metadata } = binding;
  const { kind = '', name: node = '' } = target;
  // Upstream answers these two with a 500 that has no reason.
  const fault =
    kind !== '' && kind !== 'Node'
      ? notSupported('target.kind', kind, ['Node', '<empty>'])
      : node === ''
        ? requiredValue('target.name')
        : undefined;
  if (fault !== undefined) throw badRequest(`${fault.field}: ${fault.detail}`);
  metadata.namespace ||= namespace;
  await registry.update(podKind, namespace, name, (pod) => bound(pod, node, metadata.annotations), context, {
    subresource: 'binding',
    asks: (pod) => ({
      operation: 'CREATE',
      kind: bindingKind,
      object: binding,
      take: () => bindTo(pod as Pod, binding),
    }),
  });
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}

/** The pod on its node. Throws 409 when it is on one already or on its way out. */
function bound(pod: Pod, node: string, annotations: Record<string, string> | undefined): Pod {
  const { name = '', deletionTimestamp } = pod.metadata;
  const refuse = (why: string): Error => conflict({ group: '', plural: 'pods/binding' }, name, why);
  if (deletionTimestamp !== undefined) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  const nodeName = pod.spec?.nodeName ?? '';
  if (nodeName !== '') throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(nodeName)}`);
  const conditions = pod.status?.conditions ?? [];
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    lastTransitionTime: `${new Date().toISOString().slice(0, 19)}Z`,
  };
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(annotations === undefined ? {} : { annotations: { ...pod.metadata.annotations, ...annotations } }),
    },
    spec: { containers: [], ...pod.spec, nodeName: node },
    status: { ...pod.status, conditions: [...conditions.filter(({ type }) => type !== scheduled.type), scheduled] },
  };
}
