import type { Kind, KubeObject } from '#api/kind.ts';
import {
  DEFAULT_FLOW_SCHEMAS,
  DEFAULT_PRIORITY_LEVELS,
  type DefaultObject,
} from '#api/kinds/flowcontrol/default-objects.ts';
import { type FlowSchema, flowSchemaKind } from '#api/kinds/flowcontrol/flowschema.ts';
import { priorityLevelConfigurationKind } from '#api/kinds/flowcontrol/prioritylevelconfiguration.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { formatTime } from '#api/meta/time.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { createUnlessThere } from '#server/reconcile/create.ts';
import { endAll, watchEach } from '#server/reconcile/informers.ts';
import { type Controller, DONE, keyOf } from '#server/reconcile/reconciler.ts';
import { writeStatus } from '#server/reconcile/status.ts';
import type { Client } from '#server/store/client.ts';

/** `true`: the spec follows the server's; anything else: it is the operator's. */
const AUTO_UPDATE = 'apf.kubernetes.io/autoupdate-spec';

/**
 * Keeps the FlowSchemas and PriorityLevelConfigurations that a cluster begins with, and says of every schema whether its level is there
 * (apiserver: flowcontrol ensurer, configController). A key is `level` or `schema`, a slash, and a name.
 */
export function flowControlController({ client, clock }: ControllerContext): Controller {
  return {
    workers: 1,
    watch(queue) {
      for (const { name } of DEFAULT_PRIORITY_LEVELS) queue.add(`level/${name}`);
      for (const { name } of DEFAULT_FLOW_SCHEMAS) queue.add(`schema/${name}`);
      return endAll(
        watchEach(client, priorityLevelConfigurationKind, (level) => {
          const name = keyOf(level);
          queue.add(`level/${name}`);
          for (const schema of client.list(flowSchemaKind))
            if (schema.spec?.priorityLevelConfiguration.name === name) queue.add(`schema/${keyOf(schema)}`);
        }),
        watchEach(client, flowSchemaKind, (schema) => queue.add(`schema/${keyOf(schema)}`)),
      );
    },
    async reconcile(key) {
      const [sort, name = ''] = key.split('/');
      if (sort === 'level') {
        await keep(client, priorityLevelConfigurationKind, DEFAULT_PRIORITY_LEVELS, name);
        return DONE;
      }
      await keep(client, flowSchemaKind, DEFAULT_FLOW_SCHEMAS, name);
      const schema = client.get(flowSchemaKind, '', name);
      if (schema === undefined) return DONE;
      const now = formatTime(new Date(clock.now()));
      await writeStatus(client, flowSchemaKind, schema, (current) => statusOf(client, current, now));
      return DONE;
    },
  };
}

/** Makes the object as it is to be, if it is one of those and not the operator's. */
async function keep<Spec, T extends KubeObject & { spec?: Spec }>(
  client: Client,
  kind: Kind<T>,
  defaults: readonly DefaultObject<Spec>[],
  name: string,
): Promise<void> {
  const wanted = defaults.find((one) => one.name === name);
  if (wanted === undefined) return;
  const found = client.get(kind, '', name);
  if (found === undefined) {
    const metadata = { name, annotations: { [AUTO_UPDATE]: 'true' } };
    const object = {
      kind: kind.kind,
      apiVersion: `${kind.group}/${kind.version}`,
      metadata,
      spec: structuredClone(wanted.spec),
    };
    await createUnlessThere(client, kind, object as unknown as T);
  } else if (found.metadata.annotations?.[AUTO_UPDATE] === 'true' && !deepEqual(found.spec, wanted.spec))
    await client.update(kind, '', name, (copy) => void (copy.spec = structuredClone(wanted.spec)));
}

/** The status with its word on the level, as upstream has it. */
function statusOf(client: Client, { spec, status }: FlowSchema, now: string): NonNullable<FlowSchema['status']> {
  const level = spec?.priorityLevelConfiguration.name ?? '';
  const isThere = client.get(priorityLevelConfigurationKind, '', level) !== undefined;
  const dangling = isThere ? 'False' : 'True';
  const message = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)} ${isThere ? 'and it exists' : 'but there is no such object'}`;
  const conditions = status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === 'Dangling');
  const condition = {
    type: 'Dangling',
    status: dangling,
    lastTransitionTime: before?.status === dangling ? (before.lastTransitionTime ?? now) : now,
    reason: isThere ? 'Found' : 'NotFound',
    message,
  };
  return { ...status, conditions: [...conditions.filter(({ type }) => type !== 'Dangling'), condition] };
}
