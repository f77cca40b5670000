import type { Command } from 'commander';
import type { Secret } from '#api/kinds/core/secret.ts';
import { humanDuration } from '#api/meta/time.ts';
import { type OptionTable, seconds } from '#base/options.ts';
import { COMMON_OPTIONS } from '#server/config.ts';
import { certificateHash } from '#server/identity/authority.ts';
import { JOIN_TOKEN_TYPE, newJoinToken } from '#server/identity/join-token.ts';
import { connectByDataDir } from '../api-client.ts';
import { addOptions, type Process, readOptions } from '../command.ts';

const SECRETS = '/api/v1/namespaces/kube-system/secrets';
const CREATE_OPTIONS = {
  dataDir: COMMON_OPTIONS.dataDir,
  ttl: {
    name: 'ttl',
    placeholder: 'SPAN',
    description: 'how long the token holds; 0 = for ever',
    default: '24h',
    parse: seconds,
  },
} satisfies OptionTable;
const DATA_DIR = { dataDir: COMMON_OPTIONS.dataDir } satisfies OptionTable;

/** `skep token create|list|delete`: the tokens that let agents join. */
export function tokenCommand(program: Command, host: Process): void {
  const token = program.command('token').description('make, list and delete the tokens that let agents join');

  const create = addOptions(token.command('create').description('make a join token and print it'), CREATE_OPTIONS);
  create.action(async () => {
    const options = await readOptions(create, CREATE_OPTIONS, host);
    const client = await connectByDataDir(options.dataDir);
    const made = newJoinToken(certificateHash(client.caCertificate), options.ttl, new Date());
    await client.call('POST', SECRETS, made.secret);
    host.print(made.token);
  });

  const list = addOptions(token.command('list').description('list join tokens by id, with the time left'), DATA_DIR);
  list.action(async () => {
    const options = await readOptions(list, DATA_DIR, host);
    const client = await connectByDataDir(options.dataDir);
    const { items } = await client.call<{ items: Secret[] }>(
      'GET',
      `${SECRETS}?fieldSelector=type%3D${encodeURIComponent(JOIN_TOKEN_TYPE)}`,
    );
    host.print('ID       EXPIRES');
    for (const secret of items) {
      const expiration = Buffer.from(secret.data?.['expiration'] ?? '', 'base64').toString();
      const left = expiration === '' ? 'never' : leftUntil(Date.parse(expiration));
      host.print(`${(secret.metadata.name ?? '').replace(/^bootstrap-token-/, '').padEnd(8)} ${left}`);
    }
  });

  const remove = addOptions(
    token.command('delete').argument('<id>', "a token's id, or the whole token").description('delete a join token'),
    DATA_DIR,
  );
  remove.action(async (given: string) => {
    const options = await readOptions(remove, DATA_DIR, host);
    const client = await connectByDataDir(options.dataDir);
    const id = given.split('.')[2] ?? given;
    await client.call('DELETE', `${SECRETS}/bootstrap-token-${encodeURIComponent(id)}`);
    host.say(`deleted join token ${id}`);
  });
}

const leftUntil = (time: number): string => (time <= Date.now() ? 'expired' : `in ${humanDuration(time - Date.now())}`);
