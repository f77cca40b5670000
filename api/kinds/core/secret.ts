import {
  type Static,
  boolean,
  bytes,
  described,
  field,
  map,
  object,
  pointer,
  required,
  string,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { validateImmutability } from '#api/kinds/core/data-validation.ts';
import { validateSecret } from '#api/kinds/core/secret-validation.ts';
import { invalid } from '#api/meta/field-error.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';

/** `core.v1.Secret`. */
export const Secret = object(
  'core.v1.Secret',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    data: field(2, described('Keys with bytes, in base64.', map(bytes()))),
    type: field(3, described('What the Secret is for, e.g. Opaque (default) or kubernetes.io/tls.', string())),
    stringData: field(4, described('Keys with text, for writing only: it goes into data.', map(string()))),
    immutable: field(5, pointer(boolean())),
  },
  { description: 'Passwords, tokens and keys, as keys with bytes.' },
);
/** The JSON form of `core.v1.Secret`. */
export type Secret = Static<typeof Secret>;

/** Byte by byte: spreading a megabyte into one call would exceed the number of arguments that an engine takes. */
function toBase64(text: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Secrets. */
export const secretKind = defineKind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  schema: Secret,
  fieldLabels: { type: (secret) => secret.type ?? '' },
  columns: [
    nameColumn,
    textColumn('Type', 'What its keys mean.', (secret) => secret.type ?? ''),
    textColumn('Data', 'How many keys it holds.', (secret) => Object.keys(secret.data ?? {}).length),
    ageColumn,
  ],
  applyDefaults(secret) {
    secret.type ||= 'Opaque';
    const given = Object.entries(secret.stringData ?? {});
    if (given.length > 0)
      secret.data = { ...secret.data, ...Object.fromEntries(given.map(([key, text]) => [key, toBase64(text)])) };
    delete secret.stringData;
  },
  validate: validateSecret,
  validateUpdate: (secret, old) => [
    ...(secret.type === old.type ? [] : [invalid('type', secret.type, IMMUTABLE)]),
    ...validateImmutability(secret, old),
  ],
});
