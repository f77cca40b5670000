import postgresArchive from '../dist/postgres.tar.zst' with { type: 'file' };
import { main } from './main.ts';

// The entry of the compiled binary: the same command line, with Postgres inside.
await main({ postgresArchive });
