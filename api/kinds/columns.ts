import type { Column, KubeObject } from '#api/kind.ts';
import { age } from '#api/meta/time.ts';
import type { Container } from '#api/podspec/container.ts';
import type { PodTemplateSpec } from '#api/podspec/pod-spec.ts';

/** The first column of nearly every kind. */
export const nameColumn: Column<KubeObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'The name, unique among objects of the kind in the namespace.',
  cell: (object) => object.metadata.name ?? '',
};

/** How long ago the object was created. */
export const ageColumn: Column<KubeObject> = {
  name: 'Age',
  type: 'string',
  description: 'The time since the server created the object.',
  cell: (object, now) => age(object.metadata.creationTimestamp, now),
};

/** A column of text. */
export const textColumn = <T extends KubeObject>(
  name: string,
  description: string,
  cell: (object: T, now: Date) => string | number,
): Column<T> => ({ name, type: 'string', description, cell });

/** A column of whole numbers. */
export const integerColumn = <T extends KubeObject>(
  name: string,
  description: string,
  cell: (object: T) => number,
): Column<T> => ({ name, type: 'integer', description, cell });

/** The same column, shown only with `-o wide`. */
export const wide = <T extends KubeObject>(column: Column<T>): Column<T> => ({ ...column, priority: 1 });

/** Containers and Images, the wide columns of everything that has a pod template. */
export const templateColumns = <T extends KubeObject>(
  template: (object: T) => PodTemplateSpec | undefined,
): Column<T>[] => {
  const joined = (object: T, part: (container: Container) => string): string =>
    (template(object)?.spec?.containers ?? []).map(part).join(',');
  return [
    wide(textColumn<T>('Containers', 'The names of the containers.', (object) => joined(object, (one) => one.name))),
    wide(
      textColumn<T>('Images', 'The images of the containers.', (object) => joined(object, (one) => one.image ?? '')),
    ),
  ];
};

/** `a=b,c=d`, sorted; `<none>` when empty. */
export const formatLabels = (labels: Readonly<Record<string, string>> | undefined): string => {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '<none>' : pairs.sort().join(',');
};

/** `text`, or `<none>` when there is none. */
export const orNone = (text: string | undefined): string => (text === undefined || text === '' ? '<none>' : text);
/** `text`, or `<unknown>` when there is none. */
export const orUnknown = (text: string | undefined): string => (text === undefined || text === '' ? '<unknown>' : text);

/** The first three items, and how many more there are; `empty` when there are none. */
export const firstThree = (items: readonly string[], empty: string): string => {
  if (items.length === 0) return empty;
  const shown = items.slice(0, 3).join(',');
  return items.length > 3 ? `${shown} + ${items.length - 3} more...` : shown;
};
