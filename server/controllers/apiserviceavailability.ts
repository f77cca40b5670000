import { type APIService, type APIServiceCondition, apiServiceKind } from '#api/kinds/apiregistration/apiservice.ts';
import { serviceKind } from '#api/kinds/core/service.ts';
import { endpointSliceKind } from '#api/kinds/discovery/endpointslice.ts';
import { formatTime } from '#api/meta/time.ts';
import { exchange } from '#server/proxy/http-exchange.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { endAll, watchEach } from '#server/reconcile/informers.ts';
import { type Controller, DONE, againAfter, keyOf } from '#server/reconcile/reconciler.ts';
import { writeStatus } from '#server/reconcile/status.ts';

/** What is available is asked again after so long, what is not sooner; an answer is waited for at most so long. */
const AGAIN_MS = 30_000;
const RETRY_MS = 5000;
const TIMEOUT_MS = 5000;
const SERVICE_NAME = 'kubernetes.io/service-name';

type Verdict = Pick<APIServiceCondition, 'status' | 'reason' | 'message'>;

/**
 * Says of APIServices that name a Service whether their server can be reached: the Service and a ready endpoint are there, and the group
 * version answers (kube-aggregator: AvailableConditionController).
 */
export function apiServiceAvailabilityController(context: ControllerContext): Controller {
  const { client, clock } = context;
  return {
    workers: 2,
    watch(queue) {
      const noteService = (namespace: string, name: string): void => {
        for (const one of client.list(apiServiceKind)) {
          const { service } = one.spec ?? {};
          if (service?.namespace === namespace && service.name === name) queue.add(keyOf(one));
        }
      };
      return endAll(
        watchEach(client, apiServiceKind, (service) => queue.add(keyOf(service))),
        watchEach(client, serviceKind, ({ metadata }) => noteService(metadata.namespace ?? '', metadata.name ?? '')),
        watchEach(client, endpointSliceKind, ({ metadata }) =>
          noteService(metadata.namespace ?? '', metadata.labels?.[SERVICE_NAME] ?? ''),
        ),
      );
    },
    async reconcile(name) {
      const found = client.get(apiServiceKind, '', name);
      if (found?.spec?.service === undefined) return DONE;
      const verdict = await check(context, found);
      const now = formatTime(new Date(clock.now()));
      await writeStatus(client, apiServiceKind, found, ({ status }) => withCondition(status, verdict, now));
      return againAfter(verdict.status === 'True' ? AGAIN_MS : RETRY_MS);
    },
  };
}

const missing = (reason: string, message: string): Verdict => ({ status: 'False', reason, message });

async function check({ client, dialer }: ControllerContext, { spec }: APIService): Promise<Verdict> {
  const { namespace = '', name = '', port = 443 } = spec?.service ?? {};
  const about = `service/${name} in ${JSON.stringify(namespace)}`;
  const service = client.get(serviceKind, namespace, name);
  if (service === undefined) return missing('ServiceNotFound', `${about} is not present`);
  if (service.spec?.type !== 'ExternalName') {
    const found = service.spec?.ports?.find((one) => one.port === port);
    if (found === undefined) return missing('ServicePortError', `${about} is not listening on port ${port}`);
    const slices = client
      .list(endpointSliceKind, namespace)
      .filter(({ metadata }) => metadata.labels?.[SERVICE_NAME] === name);
    if (slices.length === 0) return missing('EndpointsNotFound', `cannot find endpointslices for ${about}`);
    const isReady = slices.some(
      ({ endpoints = [], ports = [] }) =>
        ports.some((one) => (one.name ?? '') === (found.name ?? '')) &&
        endpoints.some(({ conditions }) => conditions?.ready !== false),
    );
    if (!isReady)
      return missing(
        'MissingEndpoints',
        `endpointslices for ${about} have no addresses with port name ${JSON.stringify(found.name ?? '')}`,
      );
  }
  const { group = '', version = '', caBundle, insecureSkipTLSVerify } = spec ?? {};
  const serverName = `${name}.${namespace}.svc`;
  const url = new URL(`https://${serverName}:${port}/apis/${group}/${version}`);
  const fails = (why: string): Verdict =>
    missing('FailedDiscoveryCheck', `failing or missing response from ${url.href}: ${why}`);
  if (dialer === undefined) return fails('nothing can be reached');
  try {
    const { status, body } = await exchange({
      url,
      dial: () => dialer.service({ namespace, name, port }),
      tls: {
        serverName,
        insecure: insecureSkipTLSVerify === true,
        ...(caBundle ? { ca: Buffer.from(caBundle, 'base64').toString('utf8') } : {}),
      },
      method: 'GET',
      headers: { 'x-remote-user': 'system:kube-aggregator', 'x-remote-group': 'system:masters' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    body.destroy();
    // As upstream: a server that asks who is there is there.
    if ((status >= 200 && status < 300) || status === 401 || status === 403)
      return { status: 'True', reason: 'Passed', message: 'all checks passed' };
    return fails(`bad status from ${url.href}: ${status}`);
  } catch (error) {
    return fails(`Get ${JSON.stringify(url.href)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function withCondition(status: APIService['status'], verdict: Verdict, now: string): NonNullable<APIService['status']> {
  const conditions = status?.conditions ?? [];
  const old = conditions.find(({ type }) => type === 'Available');
  if (old?.status === verdict.status && old.reason === verdict.reason && old.message === verdict.message)
    return status ?? {};
  const lastTransitionTime = old?.status === verdict.status ? (old.lastTransitionTime ?? now) : now;
  return {
    ...status,
    conditions: [...conditions.filter((one) => one !== old), { type: 'Available', lastTransitionTime, ...verdict }],
  };
}
