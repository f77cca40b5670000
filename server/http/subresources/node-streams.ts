import { attachSubresource, execSubresource } from './exec.ts';
import { logSubresource } from './log.ts';
import { portForwardSubresource } from './port-forward.ts';
import { type NodeProxyParts, nodeProxySubresource } from './node-proxy.ts';
import type { Subresource } from './subresource.ts';

/** The subresources that are streams to a pod's node, whichever server it is linked to. */
export const nodeSubresources = (parts: NodeProxyParts): Subresource[] => [
  attachSubresource(parts),
  execSubresource(parts),
  logSubresource(parts),
  nodeProxySubresource(parts),
  portForwardSubresource(parts),
];
