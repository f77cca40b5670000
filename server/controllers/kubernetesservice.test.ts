import { afterEach, expect, test } from 'bun:test';
import { endpointsKind } from '#api/kinds/core/endpoints.ts';
import { endpointSliceKind } from '#api/kinds/discovery/endpointslice.ts';
import { DONE } from '#server/reconcile/reconciler.ts';
import { type Bench, startBench } from '#test/support/controllers.ts';
import { kubernetesServiceController } from './kubernetesservice.ts';

let bench: Bench | undefined;
afterEach(() => bench?.stop());

/** What is published, run by run: the server itself is 192.0.2.1:6443. */
async function published(...runs: readonly (readonly string[] | Error)[]): Promise<string[]> {
  bench = startBench([]);
  const { client, context } = bench;
  const said: string[] = [];
  let others: readonly string[] | Error = [];
  const otherServers = async () => {
    if (others instanceof Error) throw others;
    return others;
  };
  const controller = kubernetesServiceController({ ...context, otherServers });
  for (others of runs) {
    expect(await controller.reconcile('kubernetes')).toEqual({ againAfterMs: 3000 });
    const subsets = client.get(endpointsKind, 'default', 'kubernetes')?.subsets ?? [];
    const endpoints = subsets.map(
      ({ addresses = [], ports = [] }) => `${addresses.map(({ ip }) => ip).join(',')}:${ports[0]?.port}`,
    );
    const slices = client
      .list(endpointSliceKind, 'default')
      .map((slice) => {
        const ips = (slice.endpoints ?? []).flatMap(({ addresses }) => addresses);
        return `${slice.metadata.name}=${ips.join(',')}:${slice.ports?.[0]?.port}`;
      })
      .sort();
    said.push(`${endpoints.join(' ')} | ${slices.join(' ')}`);
  }
  return said;
}

test('all servers that live are published, and one that is gone no longer', async () => {
  expect(await published([], ['192.0.2.3:6443', '192.0.2.2:6443'], ['192.0.2.3:6443'])).toEqual([
    '192.0.2.1:6443 | kubernetes=192.0.2.1:6443',
    '192.0.2.1,192.0.2.2,192.0.2.3:6443 | kubernetes=192.0.2.1,192.0.2.2,192.0.2.3:6443',
    '192.0.2.1,192.0.2.3:6443 | kubernetes=192.0.2.1,192.0.2.3:6443',
  ]);
});

test('servers on several ports have a slice for each port, which goes with the last of them', async () => {
  expect(await published(['192.0.2.1:7443', '192.0.2.2:6443'], [])).toEqual([
    '192.0.2.1,192.0.2.2:6443 192.0.2.1:7443 | kubernetes-7443=192.0.2.1:7443 kubernetes=192.0.2.1,192.0.2.2:6443',
    '192.0.2.1:6443 | kubernetes=192.0.2.1:6443',
  ]);
});

test('what no pod can reach is not published', async () => {
  expect(await published(['127.0.0.1:6443', 'host.example:6443', 'fd00::1:6443'])).toEqual([
    '192.0.2.1:6443 | kubernetes=192.0.2.1:6443',
  ]);
});

test('what is published stays while it cannot be told who lives', async () => {
  const both = '192.0.2.1,192.0.2.2:6443 | kubernetes=192.0.2.1,192.0.2.2:6443';
  expect(await published(['192.0.2.2:6443'], new Error('away'))).toEqual([both, both]);
});

test('a server that is always alone asks nothing', async () => {
  bench = startBench([]);
  expect(await kubernetesServiceController(bench.context).reconcile('kubernetes')).toEqual(DONE);
});
