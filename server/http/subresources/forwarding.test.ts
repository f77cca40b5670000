import { expect, test } from 'bun:test';
import { podKind } from '#api/kinds/core/pod.ts';
import { StatusError } from '#api/meta/status.ts';
import { systemClock } from '#base/clock.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { forwarding } from './forwarding.ts';
import type { Subresource, SubresourceRequest } from './subresource.ts';

const own: Subresource = {
  resource: 'pods',
  name: 'exec',
  methods: ['GET'],
  verbs: ['get'],
  handle: () => Promise.resolve(new Response('here')),
};

/** What a request on pod `a` of node n1 is answered, by a server to which n1 is not linked. */
async function answer(
  linkedTo: string | undefined,
  { isUpgrade = true, headers = {} as Record<string, string> } = {},
): Promise<string> {
  const client = new MemoryClient(systemClock);
  const pod = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'a', namespace: 'ns' } };
  await client.create(podKind, { ...pod, spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'x' }] } });
  const sessions = { find: () => undefined, open: () => Promise.reject(new Error('not opened')) as never };
  const elsewhere = () => Promise.resolve(new Map(linkedTo === undefined ? [] : [['n1', linkedTo]]));
  const subresource = forwarding(own, { client, sessions }, { elsewhere, caCertificate: '' });
  const url = new URL('https://localhost/api/v1/namespaces/ns/pods/a/exec?command=x');
  const request = { request: new Request(url.href, { headers }), url, namespace: 'ns', name: 'a', isUpgrade };
  try {
    return (await (await subresource.handle(request as unknown as SubresourceRequest))?.text()) ?? 'upgraded';
  } catch (error) {
    return error instanceof StatusError ? `${error.code} ${error.message}` : String(error);
  }
}

test('a WebSocket to a node that is linked to another server is 503 and names the server', async () => {
  expect(await answer('192.0.2.7:6443')).toBe(
    '503 node "n1" is connected to the server at https://192.0.2.7:6443, not to this one: ask there',
  );
});

test('what is linked nowhere, or was sent here by another server, is answered here', async () => {
  expect(await answer(undefined)).toBe('here');
  expect(await answer('192.0.2.7:6443', { headers: { 'x-skep-forwarded': '1' } })).toBe('here');
});

test('a plain request is 503 when the other server does not answer', async () => {
  expect(await answer('127.0.0.1:1', { isUpgrade: false })).toBe(
    "503 the server at https://127.0.0.1:1, which the pod's node is connected to, does not answer",
  );
});
