import type { Command } from 'commander';
import type { KubeObject } from '#api/kind.ts';
import { type OptionTable, UsageError } from '#base/options.ts';
import { COMMON_OPTIONS } from '#server/config.ts';
import { type ApiClient, ApiError, connectByDataDir } from '../api-client.ts';
import { addOptions, type Process, readOptions } from '../command.ts';
import { findResource, objectPath } from '../resource-lookup.ts';
import { readHistory } from './history.ts';

const OPTIONS = { dataDir: COMMON_OPTIONS.dataDir } satisfies OptionTable;

/** `skep undo`: puts an object back to a revision that `skep history` shows, by an ordinary update or create. */
export function undoCommand(program: Command, host: Process): void {
  const command = addOptions(
    program
      .command('undo')
      .description('put an object back to what it was at a revision of its history; one that was deleted is made again')
      .argument('<kind>', 'e.g. deployment, deploy or deployments.apps')
      .argument('<name>', "the object's name")
      .requiredOption('--to <REVISION>', "the revision, as 'skep history' lists it")
      .option('-n, --namespace <NS>', 'namespace of the object', 'default'),
    OPTIONS,
  );
  command.action(async (kind: string, name: string) => {
    const { dataDir } = await readOptions(command, OPTIONS, host);
    const { namespace, to } = command.opts<{ namespace: string; to: string }>();
    if (!/^[1-9]\d*$/.test(to)) throw new UsageError(`--to ${to}: want a revision, a whole number`);
    const client = await connectByDataDir(dataDir);
    const served = await findResource(client, kind);
    const about = `${served.resource} "${name}"`;
    const [revision] = (await readHistory(client, served, { namespace, name }, `limit=1&upTo=${to}`)).revisions;
    if (revision?.revision !== Number(to))
      throw new Error(`Revision ${to} of ${about} is not kept: 'skep history' lists those that are`);
    if (revision.object === null)
      throw new Error(`Revision ${to} is the deletion of ${about}: give the revision before it, or delete the object`);
    const path = objectPath(served, namespace, name);
    const current = await find(client, path);
    const stored =
      current === undefined
        ? await client.call<KubeObject>('POST', path.slice(0, path.lastIndexOf('/')), asNew(revision.object))
        : await client.call<KubeObject>('PUT', path, asUpdate(revision.object, current));
    const version = stored.metadata.resourceVersion ?? '';
    if (current !== undefined && version === current.metadata.resourceVersion)
      host.say(`${about} is as it was at revision ${to} already`);
    else
      host.say(`${about} ${current === undefined ? 'is made again' : 'is back'} as at revision ${to}; now ${version}`);
  });
}

async function find(client: ApiClient, path: string): Promise<KubeObject | undefined> {
  try {
    return await client.call<KubeObject>('GET', path);
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return undefined;
    throw error;
  }
}

/** The old object as an update of the one that is there: it bears the revision that was read, so a change in between is a conflict. */
function asUpdate(old: KubeObject, current: KubeObject): KubeObject {
  const { deletionTimestamp: _, deletionGracePeriodSeconds: __, managedFields: ___, ...metadata } = old.metadata;
  const { uid, resourceVersion } = current.metadata;
  return {
    ...old,
    metadata: {
      ...metadata,
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  };
}

/** The old object as a new one: without what the server gave it. A pod goes through the scheduler again. */
function asNew(old: KubeObject): KubeObject {
  const { name, namespace, labels, annotations, finalizers, ownerReferences } = old.metadata;
  const kept = { name, namespace, labels, annotations, finalizers, ownerReferences };
  const metadata = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
  const { status: _, ...rest } = old as KubeObject & { status?: unknown };
  const made = { ...rest, metadata } as KubeObject & { spec?: Record<string, unknown> };
  if (old.kind !== 'Pod' || made.spec === undefined) return made;
  const { nodeName: __, ...spec } = made.spec;
  return { ...made, spec } as KubeObject;
}
