import type { Config } from 'drizzle-kit';

/** Where drizzle-kit finds the schema and puts migrations. Partitions and storage parameters are added by hand to what it generates. */
const config: Config = { dialect: 'postgresql', schema: './db/schema.ts', out: './db/migrations' };

// drizzle-kit reads the default export and nothing else.
export default config;
