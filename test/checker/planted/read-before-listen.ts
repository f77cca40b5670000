import { replaceSource } from './replace-source.ts';

/** Planted bug: the log is read before LISTEN and not after it. What is committed in between comes with the next slow tick only. */
replaceSource([
  {
    file: 'db/listen.ts',
    find: /if \(!polls\) await this\.#listen\(\);/,
    by: 'if (!polls) { onNudge(undefined); await this.#listen(); }',
  },
  {
    file: 'db/listen.ts',
    find: /(waitMs = RETRY_FIRST_MS;\s+)onNudge\(undefined\);/,
    by: (_, before = '') => `${before}if (polls) onNudge(undefined);`,
  },
]);
