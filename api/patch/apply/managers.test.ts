import { describe, expect, test } from 'bun:test';
import type { ManagedFieldsEntry } from '#api/meta/object-meta.ts';
import { fieldsNamed } from './field-set.ts';
import {
  type Manager,
  asksForReset,
  capManagers,
  entriesOf,
  faultOfEntries,
  givenManagers,
  storedManagers,
} from './managers.ts';

const entry = (more: Partial<ManagedFieldsEntry>): ManagedFieldsEntry => ({
  manager: 'm',
  operation: 'Update',
  apiVersion: 'v1',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:data': {} },
  ...more,
});

const updater = (manager: string, second: number, field: string): Manager => ({
  manager,
  operation: 'Update',
  apiVersion: 'v1',
  subresource: '',
  set: fieldsNamed([field]),
  time: `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`,
});

describe('managers', () => {
  test('are listed appliers first, then by time, name, version and subresource', () => {
    const entries = [
      entry({ manager: 'b', time: '2026-01-01T00:00:02Z' }),
      entry({ manager: 'b', time: '2026-01-01T00:00:02Z', subresource: 'status' }),
      entry({ manager: 'c', time: '2026-01-01T00:00:01Z' }),
      entry({ manager: 'z', operation: 'Apply', time: '2026-01-01T00:00:09Z' }),
      entry({ manager: 'y', operation: 'Apply' }),
      entry({ manager: 'a', apiVersion: 'v2', time: '2026-01-01T00:00:02Z' }),
      entry({ manager: 'a', time: '2026-01-01T00:00:02Z' }),
    ];
    const listed = entriesOf(storedManagers(entries))?.map(
      ({ manager, apiVersion, subresource = '' }) => `${manager} ${apiVersion} ${subresource}`,
    );
    expect(listed).toEqual(['y v1 ', 'z v1 ', 'c v1 ', 'a v1 ', 'a v2 ', 'b v1 ', 'b v1 status']);
  });

  test('of a stored object are its very entries when nothing changed', () => {
    const stored = [entry({})];
    expect(entriesOf(storedManagers(stored))?.[0]).toBe(stored[0] as ManagedFieldsEntry);
  });

  test('of a client are as if not given when one entry makes no sense', () => {
    const faults: Partial<ManagedFieldsEntry>[] = [
      { operation: 'RandomOperation' },
      { apiVersion: '' },
      { fieldsType: 'FieldsV2' },
      { fieldsV1: { data: {} } },
    ];
    for (const fault of faults) expect(givenManagers([entry({}), entry(fault)])).toBeUndefined();
    expect(givenManagers([])).toBeUndefined();
    expect(givenManagers([entry({ fieldsV1: { 'f:b': {}, 'f:a': { '.': {} } } })])?.[0]?.set).toEqual({
      'f:a': {},
      'f:b': {},
    });
  });

  test('are forgotten on demand: an empty list, or one empty entry', () => {
    expect(asksForReset([])).toBe(true);
    expect(asksForReset([{}])).toBe(true);
    expect(asksForReset([{}, {}])).toBe(false);
    expect(asksForReset([entry({})])).toBe(false);
    expect(asksForReset(undefined)).toBe(false);
  });

  test('with updates are ten at most: the two oldest become ancient-changes, which takes one more each time', () => {
    let managers: readonly Manager[] = Array.from({ length: 11 }, (_, at) => updater(`m${at}`, at, `f${at}`));
    managers = capManagers(managers);
    expect(managers).toHaveLength(10);
    const ancient = managers.find(({ manager }) => manager === 'ancient-changes');
    expect(ancient).toMatchObject({ set: fieldsNamed(['f0'], ['f1']), time: '2026-01-01T00:00:01Z' });
    managers = capManagers([...managers, updater('m11', 11, 'f11')]);
    expect(managers).toHaveLength(10);
    expect(managers.find(({ manager }) => manager === 'ancient-changes')).toMatchObject({
      set: fieldsNamed(['f0'], ['f1'], ['f2']),
      time: '2026-01-01T00:00:02Z',
    });
    expect(managers.some(({ manager }) => manager === 'm2')).toBe(false);
  });

  test('that apply are never capped', () => {
    const appliers = Array.from({ length: 15 }, (_, at) => ({
      ...updater(`m${at}`, at, 'f'),
      operation: 'Apply' as const,
    }));
    expect(capManagers(appliers)).toBe(appliers);
  });
});

describe('entries', () => {
  test('that make no sense are told in upstream words', () => {
    expect(faultOfEntries([entry({})])).toBeUndefined();
    expect(faultOfEntries([entry({ operation: 'x' })])).toBe('operation must be `Apply` or `Update`');
    expect(faultOfEntries([entry({ apiVersion: '' })])).toBe('apiVersion must not be empty');
    expect(faultOfEntries([entry({}), entry({ fieldsType: '' })])).toBe('missing fieldsType in managed fields entry 1');
    expect(faultOfEntries([entry({ fieldsType: 'V2' })])).toBe('invalid fieldsType "V2" in managed fields entry 0');
    expect(faultOfEntries([entry({ fieldsV1: { data: {} } })])).toContain('missing colon: data');
  });
});
