import { type FilterPlugin, unschedulable } from '../framework.ts';
import type { HostPort } from '../snapshot.ts';

/** A host port is taken once a node, protocol and address; 0.0.0.0 is every address. */
export const nodePorts: FilterPlugin = {
  name: 'NodePorts',
  prepare({ hostPorts }) {
    if (hostPorts.length === 0) return undefined;
    return ({ pods }) => {
      for (const other of pods.values()) {
        if (other.hostPorts.some((taken) => hostPorts.some((wanted) => conflicts(wanted, taken))))
          return unschedulable("node(s) didn't have free ports for the requested pod ports");
      }
      return undefined;
    };
  },
};

const conflicts = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0');
