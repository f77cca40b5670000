import { MAX_ANNOTATIONS_BYTES } from '#api/meta/object-meta-validation.ts';
import { byteLength } from '#api/meta/names.ts';
import { JsonSyntaxError, parseJson } from '#api/schema/strict-json.ts';
import { isObject } from '#api/schema/structural.ts';
import { checkConfiguration } from './check-configuration.ts';
import { compareObjects } from './compare-fields.ts';
import type { FieldContext, JsonObject } from './field-context.ts';
import { type FieldSet, difference } from './field-set.ts';
import { givenFields } from './given-fields.ts';
import { goJson } from './path-element.ts';
import { TypeFaults } from './typed-value.ts';

/** Where client-side apply keeps the configuration that it applied last. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Only an apply of this manager takes over from client-side apply; whoever does not want that names another. */
export const KUBECTL = 'kubectl';

/**
 * The fields that client-side apply set last and that are still as it set them: kubectl may take them without a conflict. Undefined when there
 * is no such configuration, or it cannot be read (apimachinery: lastAppliedManager).
 */
export function fieldsLastApplied({ type, apiVersion }: FieldContext, live: JsonObject): FieldSet | undefined {
  const text = annotationOf(live);
  if (text === '') return undefined;
  try {
    const { value } = parseJson(text);
    if (!isObject(value) || value['apiVersion'] !== apiVersion) return undefined;
    checkConfiguration(type, value);
    const { changed, removed } = compareObjects(type, value, live);
    return difference(difference(givenFields(type, value), changed), removed);
  } catch (error) {
    if (error instanceof TypeFaults || error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}

/** The object with the configuration that kubectl applied now in place of the last one, if it has one: so client-side apply can go on from here. */
export function withLastApplied(object: JsonObject, configuration: JsonObject): JsonObject {
  if (annotationOf(object) === '') return object;
  const { [LAST_APPLIED]: _old, ...others } = annotationsOf(object);
  const next = { ...others, [LAST_APPLIED]: `${goJson(withoutAnnotation(configuration))}\n` };
  const size = Object.entries(next).reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(String(value)), 0);
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  return { ...object, metadata: { ...metadata, annotations: size > MAX_ANNOTATIONS_BYTES ? others : next } };
}

function annotationsOf(object: JsonObject): JsonObject {
  const metadata = object['metadata'];
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  return isObject(annotations) ? annotations : {};
}

function annotationOf(object: JsonObject): string {
  const value = annotationsOf(object)[LAST_APPLIED];
  return typeof value === 'string' ? value : '';
}

/** With the keys sorted at every level, as Go writes maps. */
function withoutAnnotation(configuration: JsonObject): unknown {
  const metadata = configuration['metadata'];
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  if (!isObject(metadata) || !isObject(annotations)) return sortedKeys(configuration);
  const { [LAST_APPLIED]: _last, ...others } = annotations;
  return sortedKeys({ ...configuration, metadata: { ...metadata, annotations: others } });
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortedKeys(value[key])]),
  );
}
