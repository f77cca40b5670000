import { badRequest } from '#api/meta/status.ts';
import type { StreamRequest } from '#api/wire/frames.ts';
import { CHANNEL_PROTOCOLS, channelSocket } from './channel-socket.ts';
import { type NodeStreamParts, containerOf, flagOf, nodeOf, podOf } from './pod-container.ts';
import type { Subresource, SubresourceRequest } from './subresource.ts';

/** pods/exec: a command in a running container, over a WebSocket. */
export const execSubresource = (parts: NodeStreamParts): Subresource => ({
  resource: 'pods',
  name: 'exec',
  methods: ['GET', 'POST'],
  verbs: ['create', 'get'],
  handle: async (request) =>
    begin(parts, request, (target) => {
      const command = request.url.searchParams.getAll('command');
      if (command.length === 0) throw badRequest('you must specify a command to execute');
      return { verb: 'exec', ...target, command };
    }),
});

/** pods/attach: the streams of a container's own process. */
export const attachSubresource = (parts: NodeStreamParts): Subresource => ({
  resource: 'pods',
  name: 'attach',
  methods: ['GET', 'POST'],
  verbs: ['create', 'get'],
  handle: async (request) => begin(parts, request, (target) => ({ verb: 'attach', ...target })),
});

type Target = Omit<Extract<StreamRequest, { verb: 'attach' }>, 'verb'>;

async function begin(
  parts: NodeStreamParts,
  request: SubresourceRequest,
  streamRequest: (target: Target) => StreamRequest,
): Promise<undefined> {
  const { url, namespace, name } = request;
  const pod = podOf(parts, namespace, name);
  const container = containerOf(pod, url.searchParams.get('container'));
  const nodeName = nodeOf(pod);
  const tty = flagOf(url, 'tty');
  const target: Target = {
    namespace,
    pod: name,
    container,
    stdin: flagOf(url, 'stdin'),
    stdout: flagOf(url, 'stdout'),
    // A terminal has one output.
    stderr: flagOf(url, 'stderr') && !tty,
    tty,
  };
  if (!target.stdin && !target.stdout && !target.stderr)
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  const wanted = streamRequest(target);
  // Before the upgrade is looked at: kubectl asks again with SPDY when it is refused, and shows only what that is answered.
  const path = await parts.nodes.find(nodeName);
  try {
    // SPDY, the older way (kubectl before 1.30), needs the raw connection, which Bun does not hand out.
    if (!request.isUpgrade) throw badRequest('Upgrade request required');
    const protocol = CHANNEL_PROTOCOLS.find((known) => request.offeredProtocols.includes(known));
    if (protocol === undefined)
      throw badRequest(`unable to upgrade: unsupported protocols ${JSON.stringify(request.offeredProtocols)}`);
    request.upgrade(channelSocket(path, wanted), protocol);
  } catch (error) {
    path.close();
    throw error;
  }
  return undefined;
}
