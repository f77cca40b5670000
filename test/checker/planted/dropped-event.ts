import { replaceSource } from './replace-source.ts';

/** Planted bug: the fan-out forgets one event in fifty. */
replaceSource([
  {
    file: 'server/store/fanout.ts',
    find: /if \(event\.revision <= afterRevision\) continue;/,
    by: 'if (event.revision <= afterRevision || event.revision % 50 === 0) continue;',
  },
]);
