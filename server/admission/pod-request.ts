import type { Pod } from '#api/kinds/core/pod.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';

/** The pod that is being created, when that is what the request does. */
export function createdPod(request: AdmissionRequest): Pod | undefined {
  const { kind, operation, subresource, object } = request;
  const isPod = kind.group === '' && kind.plural === 'pods' && subresource === '';
  return isPod && operation === 'CREATE' ? (object as Pod | undefined) : undefined;
}
