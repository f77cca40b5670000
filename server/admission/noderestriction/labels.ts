/** Labels in Kubernetes' own name space that a node may give itself (upstream: kubelet/pkg/apis well_known_labels). */
const OWN = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
]);
const OWN_SPACES = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
const RESTRICTED_SPACE = 'node-restriction.kubernetes.io';

const isIn = (space: string, of: string): boolean => space === of || space.endsWith(`.${of}`);

/** Is it a label by which administrators set nodes apart, so that no node may change its own. */
export function isRestrictedLabel(key: string): boolean {
  const slash = key.indexOf('/');
  const space = slash < 0 ? '' : key.slice(0, slash);
  if (isIn(space, RESTRICTED_SPACE)) return true;
  if (!isIn(space, 'kubernetes.io') && !isIn(space, 'k8s.io')) return false;
  return !OWN.has(key) && !OWN_SPACES.some((one) => isIn(space, one));
}
