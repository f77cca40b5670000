import { replaceSource } from './replace-source.ts';

/** Planted bug: memory takes a batch, and its writers are answered, before Postgres has committed it. With one server memory mostly guesses right. */
replaceSource([
  {
    file: 'server/store/writer.ts',
    find: /result = await this\.#sendUntilClear\(batch\);/,
    by: `const { cache } = this.#options;
      const applied = batch.map(({ write: { operation, resource, namespace, name } }) =>
        (operation === 'create') === (cache.get(resource, namespace, name) === undefined));
      await this.#settle(batch, { base: before, head: before + batch.length, applied, backendPid: 0 });
      result = await this.#sendUntilClear(batch);`,
  },
]);
