import { type Secret, secretKind } from '#api/kinds/core/secret.ts';
import { SERVICE_ACCOUNT_NAME, SERVICE_ACCOUNT_TOKEN, SERVICE_ACCOUNT_UID } from '#api/kinds/core/secret-validation.ts';
import { type ServiceAccount, serviceAccountKind } from '#api/kinds/core/serviceaccount.ts';
import type { Client } from '#server/store/client.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { endAll, watchEachStored } from '#server/reconcile/informers.ts';
import { type Controller, DONE, keyOf, splitKey } from '#server/reconcile/reconciler.ts';

const inBase64 = (text: string): string => Buffer.from(text).toString('base64');

/**
 * Fills Secrets of the type `kubernetes.io/service-account-token` and removes those whose ServiceAccount is gone or is another one of that
 * name (upstream: the tokens controller). A token that is there is left alone.
 */
export function serviceAccountTokenController({ client, config, tokens }: ControllerContext): Controller {
  const authority = inBase64(config.rootCA);
  return {
    workers: 2,
    watch: (queue) =>
      endAll(
        watchEachStored(client, secretKind, ({ namespace, name, text }) => {
          if (text.includes(SERVICE_ACCOUNT_TOKEN)) queue.add(`${namespace}/${name}`);
        }),
        client.watch(serviceAccountKind, {
          added() {},
          modified() {},
          deleted({ metadata }) {
            for (const secret of client.list(secretKind, metadata.namespace ?? ''))
              if (isFor(secret, metadata.name ?? '')) queue.add(keyOf(secret));
          },
        }),
      ),
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const secret = client.get(secretKind, namespace, name);
      if (tokens === undefined || secret?.type !== SERVICE_ACCOUNT_TOKEN) return DONE;
      const { uid = '', deletionTimestamp } = secret.metadata;
      if (deletionTimestamp !== undefined) return DONE;
      const account = accountOf(client, secret);
      if (account === undefined) {
        await client.delete(secretKind, namespace, name, { preconditions: { uid } });
        return DONE;
      }
      const { name: accountName = '', uid: accountUid = '' } = account.metadata;
      const wanted = { 'ca.crt': authority, namespace: inBase64(namespace) };
      if (isFilled(secret, wanted) && secret.metadata.annotations?.[SERVICE_ACCOUNT_UID] === accountUid) return DONE;
      const token = await tokens.secretToken({ namespace, name: accountName, uid: accountUid, secretName: name });
      await client.update(secretKind, namespace, name, (copy) => {
        if (copy.metadata.uid !== uid) return false;
        const kept = copy.data?.['token'] ?? '';
        copy.data = { ...copy.data, ...wanted, token: kept === '' ? inBase64(token) : kept };
        copy.metadata.annotations = { ...copy.metadata.annotations, [SERVICE_ACCOUNT_UID]: accountUid };
        return undefined;
      });
      return DONE;
    },
  };
}

const isFor = ({ type, metadata }: Secret, account: string): boolean =>
  type === SERVICE_ACCOUNT_TOKEN && metadata.annotations?.[SERVICE_ACCOUNT_NAME] === account;

/** The account that the Secret names, if it is the one that the Secret was made for. */
function accountOf(client: Client, { metadata }: Secret): ServiceAccount | undefined {
  const { annotations = {}, namespace = '' } = metadata;
  const found = client.get(serviceAccountKind, namespace, annotations[SERVICE_ACCOUNT_NAME] ?? '');
  const uid = annotations[SERVICE_ACCOUNT_UID] ?? '';
  return uid === '' || uid === found?.metadata.uid ? found : undefined;
}

const isFilled = ({ data = {} }: Secret, wanted: Readonly<Record<string, string>>): boolean =>
  (data['token'] ?? '') !== '' && Object.entries(wanted).every(([key, value]) => data[key] === value);
