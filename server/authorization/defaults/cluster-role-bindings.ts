import type { BindingText } from './policy-text.ts';

/** The ClusterRoleBindings that are there from the start, beside those of controllers (upstream: bootstrappolicy, 1.33). */
export const CLUSTER_ROLE_BINDINGS: readonly BindingText[] = [
  { name: 'cluster-admin', role: 'ClusterRole cluster-admin', subjects: ['Group system:masters'] },
  { name: 'system:basic-user', role: 'ClusterRole system:basic-user', subjects: ['Group system:authenticated'] },
  { name: 'system:discovery', role: 'ClusterRole system:discovery', subjects: ['Group system:authenticated'] },
  {
    name: 'system:kube-controller-manager',
    role: 'ClusterRole system:kube-controller-manager',
    subjects: ['User system:kube-controller-manager'],
  },
  { name: 'system:kube-dns', role: 'ClusterRole system:kube-dns', subjects: ['ServiceAccount kube-system/kube-dns'] },
  {
    name: 'system:kube-scheduler',
    role: 'ClusterRole system:kube-scheduler',
    subjects: ['User system:kube-scheduler'],
  },
  { name: 'system:monitoring', role: 'ClusterRole system:monitoring', subjects: ['Group system:monitoring'] },
  { name: 'system:node', role: 'ClusterRole system:node', subjects: [] },
  { name: 'system:node-proxier', role: 'ClusterRole system:node-proxier', subjects: ['User system:kube-proxy'] },
  {
    name: 'system:public-info-viewer',
    role: 'ClusterRole system:public-info-viewer',
    subjects: ['Group system:authenticated', 'Group system:unauthenticated'],
  },
  {
    name: 'system:service-account-issuer-discovery',
    role: 'ClusterRole system:service-account-issuer-discovery',
    subjects: ['Group system:serviceaccounts'],
  },
  {
    name: 'system:volume-scheduler',
    role: 'ClusterRole system:volume-scheduler',
    subjects: ['User system:kube-scheduler'],
  },
];
