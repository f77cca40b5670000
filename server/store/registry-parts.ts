import type { Kind, KubeObject } from '#api/kind.ts';
import type { StatusError } from '#api/meta/status.ts';
import type { Clock } from '#base/clock.ts';
import type { Allocation } from './allocator.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';
import type { Admission } from './registry.ts';

/** What the steps of a write work with. */
export interface RegistryParts {
  /** The kind as the request has it: of another version than the one written, where it is stored as such (server/store/served-version.ts). */
  readonly requestKind: Kind;
  readonly store: ObjectStore;
  readonly admission: Admission;
  readonly clock: Clock;
  /** Another version of a kind, by apiVersion and Kind name; undefined when it is not served. */
  readonly kindOf: (apiVersion: string, kindName: string) => Kind | undefined;
  /** NotFound when it is not there. */
  mustGet<T extends KubeObject>(kind: Kind<T>, namespace: string, name: string): StoredObject<T>;
  alreadyExists(kind: Kind, name: string): StatusError;
  /** Takes what `object` needs of what there is only once in the cluster; `old` undefined = it is created. */
  allocate(object: KubeObject, old: KubeObject | undefined, dryRun: boolean): Promise<Allocation>;
}
