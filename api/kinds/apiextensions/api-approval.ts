import type { CustomResourceDefinition } from './customresourcedefinition.ts';

/** The annotation by which the API reviewers let a group of theirs be used. */
export const APPROVAL = 'api-approved.kubernetes.io';

/** Whether a group of Kubernetes' own was approved, and why not (upstream: apihelpers.GetAPIApprovalState). */
export function approvalOf({ metadata, spec }: CustomResourceDefinition): {
  readonly state: 'unprotected' | 'missing' | 'bypassed' | 'approved' | 'invalid';
  readonly reason: string;
} {
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(spec.group)) return { state: 'unprotected', reason: '' };
  const given = metadata.annotations?.[APPROVAL] ?? '';
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  const must = `protected groups must have approval annotation ${JSON.stringify(APPROVAL)}`;
  if (given === '') return { state: 'missing', reason: `${must}, ${see}` };
  if (given.startsWith('unapproved')) return { state: 'bypassed', reason: `not approved: ${JSON.stringify(given)}` };
  if (/^[A-Za-z][-+.A-Za-z0-9]*:\/\/[^/?#\s]+/.test(given))
    return { state: 'approved', reason: `approved in ${given}` };
  return {
    state: 'invalid',
    reason: `${must} with either a URL or a reason starting with "unapproved", ${see}`,
  };
}
