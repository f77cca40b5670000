import { type Kind, apiVersionOf } from '#api/kind.ts';
import { type StatusError, badRequest } from '#api/meta/status.ts';
import { isObject } from '#api/schema/structural.ts';
import type { JsonObject } from './field-context.ts';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Throws BadRequest when a configuration is of another version or kind than the path that it was sent to. */
export function demandKindOf(kind: Kind, configuration: JsonObject): void {
  const apiVersion = textOf(configuration['apiVersion']);
  const name = textOf(configuration['kind']);
  if (apiVersion !== apiVersionOf(kind))
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${apiVersion}, expected: ${apiVersionOf(kind)}`,
    );
  if (name !== kind.kind) throw badRequest(`invalid object type: ${typeText(configuration)}`);
}

/** 400 for a configuration that is not of its type; upstream has the same words in a 500. */
export function notOfType(configuration: JsonObject, why: string): StatusError {
  const metadata = isObject(configuration['metadata']) ? configuration['metadata'] : {};
  const about = `${textOf(metadata['namespace'])}/${textOf(metadata['name'])}; ${typeText(configuration)}`;
  return badRequest(`failed to create typed patch object (${about}): ${why}`);
}

/** `/v1, Kind=ConfigMap`, `apps/v1, Kind=Deployment`. */
function typeText(configuration: JsonObject): string {
  const apiVersion = textOf(configuration['apiVersion']);
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${textOf(configuration['kind'])}`;
}
