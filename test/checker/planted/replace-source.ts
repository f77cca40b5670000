import { plugin } from 'bun';
import { join } from 'node:path';
import { ROOT } from '#test/support/import-law.ts';

/** One place in a source file of the product, and what is to stand there. `find` must be there exactly once. */
export interface Replacement {
  /** From the root of the tree. */
  readonly file: string;
  readonly find: RegExp;
  readonly by: string | ((...found: string[]) => string);
}

/**
 * For a module that is preloaded into `skep server`: changes sources on their way in, so that the product needs no switch for tests.
 * A file whose place is not found makes the start fail, with its name.
 */
export function replaceSource(replacements: readonly Replacement[]): void {
  const files = new Set(replacements.map(({ file }) => join(ROOT, file)));
  const filter = new RegExp(
    `(${[...files].map((file) => file.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('|')})$`,
  );
  plugin({
    name: 'planted bug',
    setup(build) {
      build.onLoad({ filter }, async ({ path }) => {
        let contents = await Bun.file(path).text();
        for (const { file, find, by } of replacements) {
          if (join(ROOT, file) !== path) continue;
          const places = [...contents.matchAll(new RegExp(find, `${find.flags.replace('g', '')}g`))].length;
          if (places !== 1)
            throw new Error(`Cannot plant a bug in ${file}: ${String(find)} is there ${places} times, wanted is once`);
          contents = typeof by === 'string' ? contents.replace(find, () => by) : contents.replace(find, by);
        }
        return { contents, loader: 'ts' };
      });
    },
  });
}
