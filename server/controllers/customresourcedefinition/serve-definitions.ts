import type { Kind } from '#api/kind.ts';
import {
  type CustomResourceDefinition,
  customResourceDefinitionKind,
} from '#api/kinds/apiextensions/customresourcedefinition.ts';
import { isEstablished } from '#api/kinds/apiextensions/definition-status.ts';
import { servedKinds } from '#api/kinds/apiextensions/served-kinds.ts';
import type { WebhookClient } from '#server/proxy/webhook-client.ts';
import type { Client } from '#server/store/client.ts';
import type { Kinds } from '#server/store/kinds.ts';

/** A webhook must have converted within so long (upstream: timeout of conversion webhooks). */
const CONVERSION_TIMEOUT_MS = 30_000;

/** What serving the kinds of definitions needs. */
export interface DefinitionParts {
  readonly client: Client;
  readonly kinds: Kinds;
  /** Default: no webhook can be reached. */
  readonly webhooks?: WebhookClient | undefined;
}

/**
 * Serves the kinds that established definitions describe, from the moment on that the store has them so until the definition is gone. Runs on
 * every server, whoever leads; a kind is served before the write that established it is answered. Answers the end of it.
 */
export function serveDefinitions({ client, kinds, webhooks }: DefinitionParts): () => void {
  const serve = (definition: CustomResourceDefinition): void => {
    if (!isEstablished(definition)) return;
    const target = definition.spec.conversion?.webhook?.clientConfig;
    const ask =
      webhooks === undefined || target === undefined
        ? undefined
        : (review: object): Promise<unknown> => webhooks.call(target, review, CONVERSION_TIMEOUT_MS);
    const served = servedKinds(definition, ask);
    for (const kind of served) kinds.add(kind as unknown as Kind);
    const versions = new Set(served.map(({ version }) => version));
    for (const kind of kindsOf(kinds, definition)) if (!versions.has(kind.version)) kinds.remove(kind);
  };
  return client.watch(customResourceDefinitionKind, {
    added: serve,
    modified(definition, previous) {
      // Compiling a schema is work: a change of status or labels is none.
      const isSame =
        definition.spec === previous.spec || JSON.stringify(definition.spec) === JSON.stringify(previous.spec);
      const names = (one: CustomResourceDefinition): string =>
        JSON.stringify([isEstablished(one), one.status?.acceptedNames, one.status?.storedVersions]);
      if (!isSame || names(definition) !== names(previous)) serve(definition);
    },
    deleted(definition) {
      for (const kind of kindsOf(kinds, definition)) kinds.remove(kind);
    },
  });
}

/** The kinds of a definition that are served now. */
export const kindsOf = (kinds: Kinds, { spec }: CustomResourceDefinition): Kind[] =>
  kinds.all().filter((kind) => kind.custom && kind.group === spec.group && kind.plural === spec.names.plural);
