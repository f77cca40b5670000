import { storedKindOf } from '#api/kind.ts';
import {
  CLEANUP_FINALIZER,
  type CustomResourceDefinition,
  customResourceDefinitionKind,
} from '#api/kinds/apiextensions/customresourcedefinition.ts';
import { type TakenNames, acceptNames, isEstablished } from '#api/kinds/apiextensions/definition-status.ts';
import { formatTime } from '#api/meta/time.ts';
import { orUndefined } from '#server/reconcile/claim.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { type Controller, DONE, againAfter, keyOf } from '#server/reconcile/reconciler.ts';
import { writeStatus } from '#server/reconcile/status.ts';
import { kindsOf } from './customresourcedefinition/serve-definitions.ts';

/** What is left of a definition's objects is looked at again after so long. */
const AGAIN_MS = 250;

/**
 * Says whether the names of CustomResourceDefinitions are accepted, from when on every server serves their kinds, and keeps a definition
 * that is being deleted until its last object is gone (upstream: apiextensions-apiserver's naming, establishing and finalizing controllers).
 */
export function customResourceDefinitionController(context: ControllerContext): Controller {
  const { client, clock } = context;
  return {
    workers: 2,
    watch: (queue) =>
      client.watch(customResourceDefinitionKind, {
        added: (definition) => queue.add(keyOf(definition)),
        modified: (definition) => queue.add(keyOf(definition)),
        deleted() {
          // Names that it held are free for others now.
          for (const other of client.list(customResourceDefinitionKind)) queue.add(keyOf(other));
        },
      }),
    async reconcile(name) {
      const definition = client.get(customResourceDefinitionKind, '', name);
      if (definition === undefined) return DONE;
      if (definition.metadata.deletionTimestamp !== undefined) {
        return (await emptied(context, definition)) ? release(context, definition) : againAfter(AGAIN_MS);
      }
      const now = formatTime(new Date(clock.now()));
      const taken = takenBeside(context, definition);
      await writeStatus(client, customResourceDefinitionKind, definition, (current) =>
        acceptNames(current, taken, now),
      );
      return DONE;
    },
  };
}

/** The names in the group that other definitions were given. */
function takenBeside({ client }: ControllerContext, definition: CustomResourceDefinition): TakenNames {
  const others = client
    .list(customResourceDefinitionKind)
    .filter((other) => other.metadata.uid !== definition.metadata.uid && other.spec.group === definition.spec.group)
    .flatMap((other) => other.status?.acceptedNames ?? []);
  const present = (names: readonly (string | undefined)[]): string[] =>
    names.filter((one) => one !== undefined && one !== '') as string[];
  return {
    resources: new Set(others.flatMap((names) => present([names.plural, names.singular, ...(names.shortNames ?? [])]))),
    kinds: new Set(others.flatMap((names) => present([names.kind, names.listKind]))),
  };
}

/** Deletes the objects of a definition; true when none is left. */
async function emptied({ client, kinds }: ControllerContext, definition: CustomResourceDefinition): Promise<boolean> {
  const [served] = kindsOf(kinds, definition);
  if (served === undefined || !isEstablished(definition)) return true;
  const kind = storedKindOf(served);
  const objects = client.list(kind);
  await Promise.all(
    objects
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => client.delete(kind, metadata.namespace ?? '', metadata.name ?? '')),
  );
  return client.list(kind).length === 0;
}

async function release({ client }: ControllerContext, { metadata }: CustomResourceDefinition): Promise<typeof DONE> {
  await orUndefined(
    client.update(customResourceDefinitionKind, '', metadata.name ?? '', (copy) => {
      if (copy.metadata.uid !== metadata.uid) return false;
      const left = copy.metadata.finalizers?.filter((one) => one !== CLEANUP_FINALIZER) ?? [];
      if (left.length === 0) delete copy.metadata.finalizers;
      else copy.metadata.finalizers = left;
      return undefined;
    }),
  );
  return DONE;
}
