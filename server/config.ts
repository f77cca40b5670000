import {
  bytes,
  cidr,
  count,
  flag,
  listenAddress,
  type OptionTable,
  type OptionValues,
  seconds,
  text,
} from '#base/options.ts';

/** Settings that every command has. */
export const COMMON_OPTIONS = {
  dataDir: {
    name: 'data-dir',
    placeholder: 'DIR',
    description: 'where this host keeps its state',
    default: '/var/lib/skep',
    parse: text,
  },
  logLevel: {
    name: 'log-level',
    placeholder: 'LEVEL',
    description: 'trace, debug, info, warn, error or silent',
    default: 'info',
    parse: text,
  },
} satisfies OptionTable;

/** The settings of a server. */
export const SERVER_OPTIONS = {
  ...COMMON_OPTIONS,
  listen: {
    name: 'listen',
    placeholder: 'ADDR:PORT',
    description: 'address and port of the Kubernetes API',
    default: '0.0.0.0:6443',
    parse: listenAddress,
  },
  databaseUrl: {
    name: 'database-url',
    placeholder: 'URL',
    description: 'a Postgres of yours, version 15 or newer, in place of the embedded one',
    optional: true,
    parse: text,
  },
  logRetentionSeconds: {
    name: 'log-retention',
    placeholder: 'SPAN',
    description: 'how long changes of objects are kept, for watches that come back and for skep history; at least 1s',
    default: '1h',
    parse: (value: string) => atLeast(seconds(value), 1, '1s'),
  },
  logSizeBytes: {
    name: 'log-size',
    placeholder: 'SIZE',
    description: 'size in the database from which the oldest changes go before their time; at least 1MB',
    default: '256MB',
    parse: (value: string) => atLeast(bytes(value), 1024 * 1024, '1MB'),
  },
  encryptionKeyFile: {
    name: 'encryption-key-file',
    placeholder: 'FILE',
    description:
      'key that seals the CA, keys and tokens in the database (default: identity/encryption.key in the data directory)',
    optional: true,
    parse: text,
  },
  clusterCIDR: {
    name: 'cluster-cidr',
    placeholder: 'CIDR',
    description: 'network of the pods; each node gets a /24 of it',
    default: '10.42.0.0/16',
    parse: cidr,
  },
  serviceCIDR: {
    name: 'service-cidr',
    placeholder: 'CIDR',
    description: 'network of the Services; DNS answers at its tenth address',
    default: '10.43.0.0/16',
    parse: cidr,
  },
  advertiseAddress: {
    name: 'advertise-address',
    placeholder: 'IP',
    description:
      'address at which pods, agents and other servers reach this server (default: the address of the default route)',
    optional: true,
    parse: text,
  },
  tlsSan: {
    name: 'tls-san',
    placeholder: 'NAMES',
    description: 'more names or addresses for the server certificate, separated by commas',
    optional: true,
    parse: (value: string) => value.split(','),
  },
  nodeMonitorGraceSeconds: {
    name: 'node-monitor-grace',
    placeholder: 'SPAN',
    description: 'how long a node may be silent before it is NotReady',
    default: '40s',
    parse: seconds,
  },
  maxReads: {
    name: 'max-requests-inflight',
    placeholder: 'NUMBER',
    description: 'reads under way at a time; more wait their turn, and get 429 in the end',
    default: '400',
    parse: count,
  },
  maxWrites: {
    name: 'max-mutating-requests-inflight',
    placeholder: 'NUMBER',
    description: 'writes under way at a time; more wait their turn, and get 429 in the end',
    default: '200',
    parse: count,
  },
  maxLongRunning: {
    name: 'max-long-running-requests',
    placeholder: 'NUMBER',
    description: 'watches, followed logs and open sockets at a time; more get 429',
    default: '10000',
    parse: count,
  },
  fsync: {
    name: 'database-fsync',
    placeholder: 'true|false',
    description: 'whether the embedded database forces writes to disk; false only for tests',
    default: 'true',
    parse: flag,
  },
} satisfies OptionTable;

function atLeast(value: number, least: number, written: string): number {
  if (value < least) throw new Error(`want ${written} or more`);
  return value;
}

/** The values of SERVER_OPTIONS. */
export type ServerConfig = OptionValues<typeof SERVER_OPTIONS>;
