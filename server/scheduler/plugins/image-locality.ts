import { MAX_SCORE, type ScorePlugin } from '../framework.ts';
import type { NodeInfo } from '../snapshot.ts';

/** Images smaller than the first in sum count nothing, larger than the second (for each container) no more (upstream: ImageLocality). */
const LEAST_BYTES = 23 * 1024 * 1024;
const MOST_BYTES = 1000 * 1024 * 1024;

/** The more bytes of its images a node has, the better. */
export const imageLocality: ScorePlugin = {
  name: 'ImageLocality',
  weight: 1,
  prepare({ pod }, nodes) {
    const wanted = (pod.spec?.containers ?? []).map(({ image = '' }) => normal(image));
    const sizes = new Map(nodes.map((node) => [node, imageSizes(node)]));
    const total = Math.max(1, nodes.length);
    // An image that most nodes have says little about any of them.
    const spread = (image: string): number =>
      nodes.filter((node) => sizes.get(node)?.has(image) === true).length / total;
    const worth = new Map(wanted.map((image) => [image, spread(image)]));
    if ([...worth.values()].every((value) => value === 0)) return undefined;
    return (node) => {
      const bytes = wanted.reduce(
        (sum, image) => sum + (sizes.get(node)?.get(image) ?? 0) * (worth.get(image) ?? 0),
        0,
      );
      const most = MOST_BYTES * wanted.length;
      return (MAX_SCORE * (Math.min(Math.max(bytes, LEAST_BYTES), most) - LEAST_BYTES)) / (most - LEAST_BYTES);
    };
  },
};

const imageSizes = ({ node }: NodeInfo): Map<string, number> =>
  new Map(
    (node.status?.images ?? []).flatMap(({ names = [], sizeBytes = 0 }) =>
      names.map((name) => [name, sizeBytes] as const),
    ),
  );
const normal = (image: string): string =>
  image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
