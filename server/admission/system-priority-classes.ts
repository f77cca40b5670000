import { SYSTEM_PRIORITY_CLASSES, priorityClassKind } from '#api/kinds/scheduling/priorityclass.ts';
import { StatusError } from '#api/meta/status.ts';
import type { Client } from '#server/store/client.ts';

/** Makes the priority classes that every cluster has, where they are missing. Another server may do the same meanwhile. */
export async function ensureSystemPriorityClasses(client: Client): Promise<void> {
  for (const { name, value, description } of SYSTEM_PRIORITY_CLASSES) {
    if (client.get(priorityClassKind, '', name) !== undefined) continue;
    try {
      await client.create(priorityClassKind, {
        kind: 'PriorityClass',
        apiVersion: 'scheduling.k8s.io/v1',
        metadata: { name },
        value,
        description,
      });
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
    }
  }
}
