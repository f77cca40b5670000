import { type OptionTable, type OptionValues, serverUrls, text } from '#base/options.ts';

/** The settings of an agent. */
export const AGENT_OPTIONS = {
  server: {
    name: 'server',
    placeholder: 'URL',
    description:
      'the server to join, https://HOST:PORT; several of one cluster with commas between; it learns of the others by itself',
    parse: serverUrls,
  },
  token: {
    name: 'token',
    placeholder: 'TOKEN',
    description: "a join token (from 'skep token create' on the server); needed for the first start only",
    optional: true,
    parse: text,
  },
  dataDir: {
    name: 'data-dir',
    placeholder: 'DIR',
    description: 'where this host keeps its state',
    default: '/var/lib/skep',
    parse: text,
  },
  nodeName: {
    name: 'node-name',
    placeholder: 'NAME',
    description: "the node's name (default: the host name in lower case)",
    optional: true,
    parse: text,
  },
  nodeIP: {
    name: 'node-ip',
    placeholder: 'IP',
    description: "the node's address for other nodes (default: the address of the default route)",
    optional: true,
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

/** The values of AGENT_OPTIONS. */
export type AgentConfig = OptionValues<typeof AGENT_OPTIONS>;
