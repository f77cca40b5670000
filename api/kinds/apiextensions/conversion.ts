import { apiVersionOf, type Kind, type KubeObject } from '#api/kind.ts';
import { validateAnnotations, validateLabels } from '#api/meta/object-meta-validation.ts';
import { StatusError } from '#api/meta/status.ts';
import { isObject } from '#api/schema/structural.ts';
import type { CustomResourceDefinition } from './customresourcedefinition.ts';

/** Makes objects of one version of a definition into another's: answers as many, in order. May keep or use up what it gets. */
export type Convert = (
  objects: readonly KubeObject[],
  to: Pick<Kind, 'group' | 'version'>,
) => readonly KubeObject[] | Promise<readonly KubeObject[]>;

/** Asks a definition's webhook. Rejects with an Error that says what went wrong, in the words of Go's client. */
export type AskConversion = (review: object) => Promise<unknown>;

/** The versions of ConversionReview that are spoken, the best first. */
const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const GROUP = 'apiextensions.k8s.io';
/** So many objects go in one review: a list of any length stays below what webhooks take. */
const BATCH = 500;

/** How a definition says that its versions become each other: by name alone, or by its webhook. */
export function conversionOf({ spec }: CustomResourceDefinition, ask: AskConversion | undefined): Convert {
  const { strategy = 'None', webhook } = spec.conversion ?? {};
  if (strategy !== 'Webhook') return renamed;
  const version = webhook?.conversionReviewVersions.find((one) => REVIEW_VERSIONS.includes(one)) ?? 'v1';
  return async (objects, to) => {
    const desired = apiVersionOf(to);
    const others = objects.filter(({ apiVersion }) => apiVersion !== desired);
    const converted: KubeObject[] = [];
    for (let at = 0; at < others.length; at += BATCH)
      converted.push(...(await reviewed(others.slice(at, at + BATCH), desired, version, ask)));
    let next = 0;
    return objects.map((one) => (one.apiVersion === desired ? one : (converted[next++] ?? one)));
  };
}

const renamed = (objects: readonly KubeObject[], to: Pick<Kind, 'group' | 'version'>): KubeObject[] =>
  objects.map((one) => ({ ...one, apiVersion: apiVersionOf(to) }));

async function reviewed(
  objects: readonly KubeObject[],
  desired: string,
  version: string,
  ask: AskConversion | undefined,
): Promise<KubeObject[]> {
  const [first] = objects;
  const about = `conversion webhook for ${first?.apiVersion ?? ''}, Kind=${first?.kind ?? ''}`;
  const uid = crypto.randomUUID();
  const apiVersion = `${GROUP}/${version}`;
  let converted: readonly unknown[];
  try {
    if (ask === undefined) throw new Error('webhooks cannot be reached');
    const answer = await ask({
      kind: 'ConversionReview',
      apiVersion,
      request: { uid, desiredAPIVersion: desired, objects },
    });
    converted = convertedObjects(answer, apiVersion, uid);
  } catch (error) {
    throw failure(`${about} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (converted.length !== objects.length)
    throw failure(`${about} returned ${converted.length} objects, expected ${objects.length}`);
  return objects.map((original, index) => {
    const fault = `${about} returned invalid converted object at index ${index}`;
    return checked(original, converted[index], desired, fault);
  });
}

/** What a review says was made. Throws an Error. */
function convertedObjects(answer: unknown, apiVersion: string, uid: string): readonly unknown[] {
  const { kind, apiVersion: answered, response } = isObject(answer) ? answer : {};
  if (kind !== 'ConversionReview' || answered !== apiVersion)
    throw new Error(
      `expected webhook response of ${apiVersion}, Kind=ConversionReview, got ${textOf(answered)}, Kind=${textOf(kind)}`,
    );
  if (!isObject(response)) throw new Error('no response provided');
  // The older form does not repeat it.
  if (apiVersion.endsWith('/v1') && response['uid'] !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response['uid'] ?? '')}`);
  const result = isObject(response['result']) ? response['result'] : {};
  if (result['status'] !== 'Success') {
    const { message } = result;
    throw new Error(
      typeof message === 'string' && message !== ''
        ? message
        : `response.result.status was '${textOf(result['status'])}', not 'Success'`,
    );
  }
  const { convertedObjects: list } = response;
  return Array.isArray(list) ? list : [];
}

/** A converted object with the metadata of the one it was made of; only labels and annotations are the webhook's to change. */
function checked(original: KubeObject, converted: unknown, desired: string, fault: string): KubeObject {
  const { apiVersion, kind, metadata } = isObject(converted) ? converted : {};
  const wrong = (what: string): StatusError => failure(`${fault}: ${what}`);
  if (apiVersion !== desired) throw wrong(`invalid groupVersion (expected ${desired}, received ${textOf(apiVersion)})`);
  if (kind !== original.kind) throw wrong(`invalid kind (expected ${original.kind}, received ${textOf(kind)})`);
  if (!isObject(metadata)) throw wrong('missing metadata in converted object');
  for (const [field, shown] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [had = '', has = ''] = [original.metadata[field], metadata[field]];
    if (had !== has) throw wrong(`must have the same ${shown}: ${had} != ${textOf(has)}`);
  }
  const kept: Record<string, unknown> = { ...original.metadata };
  for (const field of ['labels', 'annotations'] as const) {
    const given = metadata[field] ?? undefined;
    if (given === undefined) {
      delete kept[field];
      continue;
    }
    if (!isObject(given) || !Object.values(given).every((one) => typeof one === 'string'))
      throw wrong(`invalid metadata.${field} in converted object`);
    const texts = given as Record<string, string>;
    const [bad] = (field === 'labels' ? validateLabels : validateAnnotations)(texts, `metadata.${field}`);
    if (bad !== undefined) throw wrong(`${bad.field}: ${bad.detail}`);
    kept[field] = texts;
  }
  const { kind: _kind, apiVersion: _version, metadata: _metadata, ...rest } = converted as Record<string, unknown>;
  return { kind: original.kind, apiVersion: desired, metadata: kept, ...rest } as KubeObject;
}

/** What ought to be text, for a message. */
const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);

const failure = (message: string): StatusError => new StatusError('InternalError', message);
