import { expect, test } from 'bun:test';
import { parseImageReference } from './image-reference.ts';

test.each([
  ['nginx', 'docker.io', 'docker.io/library/nginx:latest'],
  ['me/app:1', 'docker.io', 'docker.io/me/app:1'],
  ['localhost/bb:1', 'localhost', 'localhost/bb:1'],
  ['127.0.0.1:5000/a/b', '127.0.0.1:5000', '127.0.0.1:5000/a/b:latest'],
  ['ghcr.io/x/y@sha256:' + 'a'.repeat(64), 'ghcr.io', 'ghcr.io/x/y@sha256:' + 'a'.repeat(64)],
  ['index.docker.io/nginx', 'docker.io', 'docker.io/library/nginx:latest'],
])('%s is of registry %s', (text, registry, full) => {
  expect(parseImageReference(text)).toMatchObject({ registry, full });
});

test.each([
  ['Bad Image!', 'invalid reference format: repository name must be lowercase'],
  ['bad image', 'invalid reference format'],
  ['', 'invalid reference format'],
  ['a:b:c', 'invalid reference format'],
  ['x/' + 'y'.repeat(300), 'repository name must not be more than 255 characters'],
])('%j is refused: %s', (text, message) => {
  expect(() => parseImageReference(text)).toThrow(message);
});
