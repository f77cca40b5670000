import { expect, test } from 'bun:test';
import { negotiate, negotiateDiscovery } from './negotiate.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

test('negotiate() takes the first form that there is', () => {
  expect(negotiate(`${TABLE},application/json`)).toEqual({ as: 'Table', metaVersion: 'v1', encoding: 'json' });
  expect(negotiate(`application/json;as=Table;v=v9;g=meta.k8s.io,application/json`).as).toBe('Object');
  expect(negotiate('application/vnd.kubernetes.protobuf,application/json').encoding).toBe('json');
  expect(negotiate('application/yaml').encoding).toBe('yaml');
  expect(negotiate('application/json;q=0.5,application/yaml').encoding).toBe('yaml');
  expect(negotiate(null).as).toBe('Object');
});

test('negotiate() refuses what there is not with 406', () => {
  expect(() => negotiate('text/html')).toThrow('406: Not Acceptable');
  expect(() => negotiate('application/json;as=Table;v=v9;g=meta.k8s.io')).toThrow('only the following media types');
  expect(() => negotiate('application/vnd.kubernetes.protobuf')).toThrow('only the following media types');
});

test('negotiateDiscovery() answers the version of one document, or none for the plain lists', () => {
  const v2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  expect(negotiateDiscovery(`${v2},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList`)).toBe(
    'v2',
  );
  expect(negotiateDiscovery('application/json')).toBeUndefined();
  expect(negotiateDiscovery(`application/json,${v2}`)).toBeUndefined();
});
