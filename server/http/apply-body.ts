import { badRequest } from '#api/meta/status.ts';
import { JsonSyntaxError, parseJson } from '#api/schema/strict-json.ts';
import { isObject } from '#api/schema/structural.ts';
import { goValueKind } from '#api/schema/go-types.ts';
import type { FieldValidation } from './options.ts';
import { YamlSyntaxError, parseYaml } from './yaml-body.ts';

/** The body of a server-side apply: YAML, of which JSON is a part. Read when it is first asked for. */
export interface ConfigurationBody {
  /** The configuration. Throws 400 when there is none. */
  value(): Record<string, unknown>;
  /** Refuses keys that are there twice (Strict), or warns of them (Warn). */
  heed(validation: FieldValidation, warnings: string[]): void;
}

interface Read {
  readonly value: Record<string, unknown>;
  readonly complaints: readonly string[];
}

/** The configuration in a body. */
export function readConfiguration(bytes: Uint8Array): ConfigurationBody {
  let read: Read | undefined;
  const body = (): Read => (read ??= parse(bytes));
  return {
    value: () => body().value,
    heed(validation, warnings) {
      const { complaints } = body();
      if (complaints.length === 0 || validation === 'Ignore') return;
      const text = `error converting YAML to JSON: yaml: unmarshal errors:\n${complaints.map((line) => `  ${line}`).join('\n')}`;
      if (validation === 'Strict') throw badRequest(`error strict decoding YAML: ${text}`);
      const warning = text.replaceAll('\n', ' ');
      if (!warnings.includes(warning)) warnings.push(warning);
    },
  };
}

const BRACE = 0x7b;

function parse(bytes: Uint8Array): Read {
  const json = bytes[0] === BRACE ? parseAsJson(bytes) : undefined;
  if (json !== undefined) return json;
  try {
    const { value, unmarshalErrors } = parseYaml(bytes);
    return { value: asConfiguration(value), complaints: unmarshalErrors };
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`);
  }
}

/** Clients send JSON as a rule, and reading that is many times quicker. Undefined when it is none, or has keys twice, whose lines only YAML tells. */
function parseAsJson(bytes: Uint8Array): Read | undefined {
  try {
    const { value, duplicateFields } = parseJson(bytes);
    return duplicateFields.length > 0 ? undefined : { value: asConfiguration(value), complaints: [] };
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}

function asConfiguration(value: unknown): Record<string, unknown> {
  if (value === null || value === undefined) return {};
  if (isObject(value)) return value;
  throw badRequest(
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${goValueKind(value)} into Go value of type map[string]interface {}`,
  );
}
