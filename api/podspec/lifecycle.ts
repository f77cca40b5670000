import {
  type Static,
  described,
  embedded,
  field,
  int32,
  int64,
  intOrString,
  list,
  object,
  pointer,
  required,
  string,
} from '#api/schema/builders.ts';

/** `core.v1.ExecAction`. */
export const ExecAction = object('core.v1.ExecAction', {
  command: field(1, list(string())),
});
/** The JSON form of `core.v1.ExecAction`. */
export type ExecAction = Static<typeof ExecAction>;

/** `core.v1.HTTPHeader`. */
export const HTTPHeader = object('core.v1.HTTPHeader', {
  name: required(1, string()),
  value: required(2, string()),
});
/** The JSON form of `core.v1.HTTPHeader`. */
export type HTTPHeader = Static<typeof HTTPHeader>;

/** `core.v1.HTTPGetAction`. */
export const HTTPGetAction = object('core.v1.HTTPGetAction', {
  path: field(1, string()),
  port: required(2, intOrString()),
  host: field(3, string()),
  scheme: field(4, string()),
  httpHeaders: field(5, list(HTTPHeader)),
});
/** The JSON form of `core.v1.HTTPGetAction`. */
export type HTTPGetAction = Static<typeof HTTPGetAction>;

/** `core.v1.SleepAction`. */
export const SleepAction = object('core.v1.SleepAction', {
  seconds: required(1, int64()),
});
/** The JSON form of `core.v1.SleepAction`. */
export type SleepAction = Static<typeof SleepAction>;

/** `core.v1.TCPSocketAction`. */
export const TCPSocketAction = object('core.v1.TCPSocketAction', {
  port: required(1, intOrString()),
  host: field(2, string()),
});
/** The JSON form of `core.v1.TCPSocketAction`. */
export type TCPSocketAction = Static<typeof TCPSocketAction>;

/** `core.v1.GRPCAction`. */
export const GRPCAction = object('core.v1.GRPCAction', {
  port: required(1, int32()),
  service: field(2, pointer(string())),
});
/** The JSON form of `core.v1.GRPCAction`. */
export type GRPCAction = Static<typeof GRPCAction>;

/** `core.v1.LifecycleHandler`. */
export const LifecycleHandler = object('core.v1.LifecycleHandler', {
  exec: field(1, ExecAction),
  httpGet: field(2, HTTPGetAction),
  tcpSocket: field(3, TCPSocketAction),
  sleep: field(4, SleepAction),
});
/** The JSON form of `core.v1.LifecycleHandler`. */
export type LifecycleHandler = Static<typeof LifecycleHandler>;

/** `core.v1.Lifecycle`. */
export const Lifecycle = object('core.v1.Lifecycle', {
  postStart: field(1, LifecycleHandler),
  preStop: field(2, LifecycleHandler),
  stopSignal: field(3, pointer(string())),
});
/** The JSON form of `core.v1.Lifecycle`. */
export type Lifecycle = Static<typeof Lifecycle>;

/** `core.v1.Probe`. */
export const Probe = object(
  'core.v1.Probe',
  {
    initialDelaySeconds: field(2, described('Seconds after the start before the first check.', int32())),
    timeoutSeconds: field(3, described('Seconds that a check may take. Default 1.', int32())),
    periodSeconds: field(4, described('Seconds between checks. Default 10.', int32())),
    successThreshold: field(5, described('Successes in a row that count after a failure. Default 1.', int32())),
    failureThreshold: field(6, described('Failures in a row that count. Default 3.', int32())),
    terminationGracePeriodSeconds: field(7, pointer(int64())),
    exec: field(1, described('Run a command in the container; exit status 0 is success.', embedded(1, ExecAction))),
    grpc: field(4, embedded(1, GRPCAction)),
    httpGet: field(2, described('Send a GET; a status from 200 to 399 is success.', embedded(1, HTTPGetAction))),
    tcpSocket: field(3, described('Open a connection.', embedded(1, TCPSocketAction))),
  },
  { description: 'A check of a container, by command, HTTP, TCP or gRPC.' },
);
/** The JSON form of `core.v1.Probe`. */
export type Probe = Static<typeof Probe>;
