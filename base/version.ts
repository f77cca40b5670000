/** Skep's own version. */
export const VERSION = '0.1.0';
/** The Kubernetes version whose API Skep speaks: what `kubectl version` shows is `v1.33.0+skep0.1.0`. */
export const KUBERNETES = { major: '1', minor: '33', patch: '0' } as const;
/** The version string of server and kubelet, in Kubernetes' form. */
export const GIT_VERSION = `v${KUBERNETES.major}.${KUBERNETES.minor}.${KUBERNETES.patch}+skep${VERSION}`;
