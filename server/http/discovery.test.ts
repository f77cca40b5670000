import { expect, test } from 'bun:test';
import { compareVersions } from './discovery.ts';

test('compareVersions() puts stable before beta before alpha, newest first, the rest by name', () => {
  const versions = ['foo', 'v1alpha1', 'v1', 'v2beta1', 'v10', 'v1beta2', 'v2', 'bar'];
  expect(versions.sort(compareVersions)).toEqual(['v10', 'v2', 'v1', 'v2beta1', 'v1beta2', 'v1alpha1', 'bar', 'foo']);
});
