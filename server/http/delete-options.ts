import { DeleteOptions } from '#api/meta/delete-options.ts';
import { type FieldError, invalid, notSupported } from '#api/meta/field-error.ts';
import { badRequest, invalidError } from '#api/meta/status.ts';
import { DecodeError } from '#api/schema/decode-scalars.ts';
import { decodeSchema } from '#api/schema/decode.ts';
import { decodeProtobuf } from '#api/schema/protobuf.ts';
import { JsonSyntaxError, parseJson } from '#api/schema/strict-json.ts';
import { mediaType, readBody } from './body.ts';
import { unsupportedMediaType } from './decode-body.ts';
import { dryRunErrors } from './options.ts';
import { isTrue } from './request-info.ts';
import { YamlSyntaxError, parseYaml } from './yaml-body.ts';

const POLICIES = ['Foreground', 'Background', 'Orphan', 'nil'];

/** DeleteOptions of the body, or where there is none, of the query. Rejects with 400, 413, 415 and 422. */
export async function readDeleteOptions(request: Request, url: URL): Promise<DeleteOptions> {
  const bytes = await readBody(request);
  const options = bytes.length === 0 ? fromQuery(url) : parse(request, bytes);
  const errors = validateDeleteOptions(options);
  if (errors.length > 0) throw invalidError('meta.k8s.io', 'DeleteOptions', '', errors);
  // Upstream takes dryRun from the query also when there is a body.
  const dryRun = url.search === '' ? [] : url.searchParams.getAll('dryRun');
  if (dryRun.length === 0 || options.dryRun !== undefined) return options;
  if (dryRunErrors(dryRun).length > 0) throw invalidError('meta.k8s.io', 'DeleteOptions', '', dryRunErrors(dryRun));
  return { ...options, dryRun };
}

/** Upstream: ValidateDeleteOptions. */
export function validateDeleteOptions({ propagationPolicy, orphanDependents, dryRun }: DeleteOptions): FieldError[] {
  const errors: FieldError[] = [];
  if (propagationPolicy !== undefined && orphanDependents !== undefined)
    errors.push(
      invalid('propagationPolicy', propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  if (propagationPolicy !== undefined && !POLICIES.slice(0, 3).includes(propagationPolicy))
    errors.push(notSupported('propagationPolicy', propagationPolicy, POLICIES));
  return [...errors, ...dryRunErrors(dryRun ?? [])];
}

function parse(request: Request, bytes: Uint8Array): DeleteOptions {
  const value = parseValue(mediaType(request), bytes);
  const { kind } = (value ?? {}) as { kind?: unknown };
  if (kind !== undefined && kind !== 'DeleteOptions')
    throw badRequest(`the body of a delete must be DeleteOptions, not ${JSON.stringify(kind)}`);
  try {
    return decodeSchema<DeleteOptions>(DeleteOptions, value).value;
  } catch (error) {
    throw error instanceof DecodeError ? badRequest(error.message) : error;
  }
}

function parseValue(type: string, bytes: Uint8Array): unknown {
  try {
    if (type === 'application/yaml') return parseYaml(bytes).value;
    if (type === '' || type === 'application/json') return parseJson(bytes).value;
    if (type === 'application/vnd.kubernetes.protobuf')
      return decodeProtobuf(bytes, { apiVersion: 'v1', kind: 'DeleteOptions' }, (_, kind) =>
        kind === 'DeleteOptions' ? DeleteOptions : undefined,
      ).value;
  } catch (error) {
    if (error instanceof JsonSyntaxError || error instanceof YamlSyntaxError)
      throw badRequest(`couldn't get version/kind; json parse error: ${error.message}`);
    throw error;
  }
  throw unsupportedMediaType();
}

function fromQuery(url: URL): DeleteOptions {
  if (url.search === '') return {};
  const query = url.searchParams;
  const grace = query.get('gracePeriodSeconds');
  const policy = query.get('propagationPolicy');
  const orphan = query.get('orphanDependents');
  if (grace !== null && !/^-?\d+$/.test(grace))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
  return {
    ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(orphan === null ? {} : { orphanDependents: isTrue(orphan) }),
  };
}
