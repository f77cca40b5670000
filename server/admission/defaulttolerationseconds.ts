import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';
import { createdPod } from './pod-request.ts';

/** How long a pod stays on a node that is not ready or not reachable, seconds (apiserver: --default-not-ready-toleration-seconds). */
const SECONDS = 300;
const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const;

/** Gives pods that say nothing about it five minutes on a node that has failed. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  mutate(request: AdmissionRequest): void {
    const spec = createdPod(request)?.spec;
    if (spec === undefined) return;
    for (const key of TAINTS) {
      const isSaid = (spec.tolerations ?? []).some(
        (one) => ['', key].includes(one.key ?? '') && ['', 'NoExecute'].includes(one.effect ?? ''),
      );
      if (isSaid) continue;
      const toleration = { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: SECONDS };
      spec.tolerations = [...(spec.tolerations ?? []), toleration];
    }
  },
};
