import type { ContainerImage } from '#api/kinds/core/node.ts';
import type { RuntimeImage } from '../runtime/runtime.ts';

/** kubelet: nodeStatusMaxImages and the names of one image. */
const MOST_IMAGES = 50;
const MOST_NAMES = 5;

/** The images of a node as its status lists them: the largest first. */
export const nodeImages = (images: readonly RuntimeImage[]): ContainerImage[] =>
  [...images]
    .sort((a, b) => b.sizeBytes - a.sizeBytes || (a.id < b.id ? -1 : 1))
    .slice(0, MOST_IMAGES)
    .map(({ digests, tags, sizeBytes }) => ({ names: [...digests, ...tags].slice(0, MOST_NAMES), sizeBytes }));
