import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createTestDatabase } from '#test/support/database.ts';
import { databaseUrl } from '#test/support/server-process.ts';
import { type Database, connect } from './connect.ts';

let database: Database;
beforeAll(async () => {
  database = await connect(await createTestDatabase());
});
afterAll(() => database.close());

/** What `connect` says of the test database by a URL that is changed by `change`. */
async function refusal(change: (url: URL) => void): Promise<string> {
  const url = new URL(databaseUrl(database.address));
  change(url);
  try {
    await (await connect({ url: url.href }, 100)).close();
    return 'connected';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test('connect() takes a URL with ?host= for a Unix socket', async () => {
  expect(await refusal(() => undefined)).toBe('connected');
});

test('connect() says what is wrong with an address, a user and a database', async () => {
  expect(await refusal((url) => url.searchParams.set('host', '/nonexistent'))).toBe(
    'Cannot reach Postgres: nothing listens there; is it running, and are host and port right?',
  );
  await database.pool.unsafe('CREATE ROLE locked_out NOLOGIN');
  expect(await refusal((url) => void (url.username = 'locked_out'))).toBe(
    'Cannot reach Postgres: it does not accept the user or the password',
  );
  expect(await refusal((url) => void (url.pathname = '/missing'))).toBe(
    'Cannot reach Postgres: the database does not exist; create it first',
  );
});

test('connect() says so when Postgres has no connection left', async () => {
  await database.pool.unsafe('CREATE ROLE crowded LOGIN CONNECTION LIMIT 0');
  expect(await refusal((url) => void (url.username = 'crowded'))).toContain(
    'Cannot reach Postgres: it has no connection left',
  );
});

/** Puts functions of the test before Postgres' own. */
const masked = (url: URL): void => url.searchParams.set('search_path', 'masks,pg_catalog');

test('connect() refuses a standby, and a Postgres that is too old', async () => {
  const { pool } = database;
  await pool.unsafe('CREATE SCHEMA masks');
  await pool.unsafe('CREATE FUNCTION masks.pg_is_in_recovery() RETURNS bool RETURN true');
  expect(await refusal(masked)).toBe(
    'Cannot use this Postgres: it is a standby, which takes no writes; give the address of the primary',
  );
  await pool.unsafe('DROP FUNCTION masks.pg_is_in_recovery()');
  await pool.unsafe(`CREATE FUNCTION masks.current_setting(text) RETURNS text RETURN '140012'`);
  expect(await refusal(masked)).toBe('Cannot use this Postgres: it is version 14, needed is 15 or newer');
});
