/**
 * The protocol that this build speaks. History:
 * 1 — hello, welcome, upsert/remove/synced, podStatus, podGone, nodeStatus, event, request/response, streams with credit, ping.
 * 2 — streams of the verb `usage`. An agent of 1 ends them with an error: nothing is known of what its pods use.
 */
export const PROTOCOL_VERSION = 2;
/** The path of the agents' WebSocket on the API port. */
export const AGENT_PATH = '/skep/v1/agent';
/** Answers the cluster's CA certificate (PEM) without authentication; the join token carries its hash. */
export const CA_PATH = '/skep/v1/ca';
