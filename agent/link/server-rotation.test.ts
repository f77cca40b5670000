import { expect, test } from 'bun:test';
import { ServerRotation } from './server-rotation.ts';

const take = (rotation: ServerRotation, count: number): string[] =>
  Array.from({ length: count }, () => rotation.next());

test('next() goes round the servers that were given', () => {
  expect(take(new ServerRotation(['a', 'b']), 5)).toEqual(['a', 'b', 'a', 'b', 'a']);
});

test('next() takes the published servers in when there are several, each once', () => {
  expect(take(new ServerRotation(['a'], () => ['a', 'b', 'c']), 4)).toEqual(['a', 'b', 'c', 'a']);
});

test('next() tries the only published server when the one that was given fails again and again', () => {
  const rotation = new ServerRotation(['a'], () => ['b']);
  expect(take(rotation, 8)).toEqual(['a', 'a', 'a', 'a', 'a', 'b', 'a', 'b']);
  rotation.welcomed();
  expect(take(rotation, 3)).toEqual(['a', 'a', 'a']);
});

test('next() goes on when the last server is no longer published', () => {
  let published = ['b', 'c'];
  const rotation = new ServerRotation(['a'], () => published);
  expect(take(rotation, 2)).toEqual(['a', 'b']);
  published = ['c', 'd'];
  expect(take(rotation, 3)).toEqual(['a', 'c', 'd']);
});
