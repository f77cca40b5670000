import type { Kind, KubeObject } from '#api/kind.ts';
import { StatusError } from '#api/meta/status.ts';
import type { Client } from '#server/store/client.ts';
import { namespaceGoes } from './pod-control.ts';

/** Creates an object; that it is there already, or that its namespace is being deleted, is as good. */
export async function createUnlessThere<T extends KubeObject>(client: Client, kind: Kind<T>, object: T): Promise<void> {
  try {
    await client.create(kind, object);
  } catch (error) {
    if (namespaceGoes(error)) return;
    if (error instanceof StatusError && error.reason === 'AlreadyExists') return;
    throw error;
  }
}
