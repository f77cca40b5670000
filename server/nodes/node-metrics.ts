import type { Metrics } from '#base/metrics.ts';
import { MAX_WAITING_BYTES } from './agent-socket.ts';
import { MAX_REMEMBERED, type NodeEvents } from './node-events.ts';
import { MAX_STREAMS } from './session.ts';
import type { NodeSessions } from './sessions.ts';

const SESSIONS = { name: 'skep_node_sessions', help: 'Nodes that are linked to this server' };
const BYTES = {
  name: 'skep_node_session_waiting_bytes_max',
  help: `Bytes that wait for the slowest node; a link with more than ${MAX_WAITING_BYTES} is cut`,
};
const OBJECTS = {
  name: 'skep_node_session_waiting_objects_max',
  help: 'Objects that the node furthest behind is yet to be told of; at most one entry an object that concerns it',
};
const STREAMS = { name: 'skep_node_streams', help: 'Streams open to nodes: logs, exec, attach, port-forward' };
const STREAMS_MAX = {
  name: 'skep_node_session_streams_max',
  help: `Streams open to the node that has most; above ${MAX_STREAMS} they are refused with TooManyRequests`,
};
const REMEMBERED = {
  name: 'skep_node_events_remembered',
  help: `Distinct events of nodes that are remembered to count repeats; the oldest of more than ${MAX_REMEMBERED} is forgotten`,
};
const DROPPED = {
  name: 'skep_node_events_dropped_total',
  help: 'Events of nodes not recorded: one object had too many at once',
};

/** Shows what waits for the nodes. Nodes are no label: there may be many, and the slowest is what matters. */
export function observeNodes(metrics: Metrics, sessions: NodeSessions, events: NodeEvents): void {
  const figures = () => sessions.names().flatMap((name) => sessions.find(name)?.figures() ?? []);
  const most = (key: 'waitingBytes' | 'waitingObjects' | 'streams'): number =>
    Math.max(0, ...figures().map((one) => one[key]));
  metrics.gauge(SESSIONS, [], () => sessions.names().length);
  metrics.gauge(BYTES, [], () => most('waitingBytes'));
  metrics.gauge(OBJECTS, [], () => most('waitingObjects'));
  metrics.gauge(STREAMS, [], () => figures().reduce((sum, { streams }) => sum + streams, 0));
  metrics.gauge(STREAMS_MAX, [], () => most('streams'));
  metrics.gauge(REMEMBERED, [], () => events.figures().remembered);
  metrics.total(DROPPED, () => events.figures().dropped);
}
