import { attachSubresource, execSubresource } from './exec.ts';
import { forwarding, type OtherServers } from './forwarding.ts';
import { logSubresource } from './log.ts';
import { portForwardSubresource } from './port-forward.ts';
import type { NodeStreamParts } from './pod-container.ts';
import type { Subresource } from './subresource.ts';

/** The subresources that are streams to a pod's node. With `others`, those of nodes that are linked to another server are had from there. */
export const nodeSubresources = (parts: NodeStreamParts, others?: OtherServers): Subresource[] => {
  const own = [attachSubresource(parts), execSubresource(parts), logSubresource(parts), portForwardSubresource(parts)];
  return others === undefined ? own : own.map((one) => forwarding(one, parts, others));
};
