import type { Volume, VolumeProjection } from '#api/podspec/volume.ts';

/** A path in a volume, and what of a projected volume brings it. */
interface Placed {
  readonly path: string;
  readonly source: string;
}

const shown = ({ path, source }: Placed): string =>
  source === '' ? JSON.stringify(path) : `${JSON.stringify(path)} (${source})`;

const placed = (items: readonly { readonly path: string }[] | undefined, source: string): Placed[] =>
  (items ?? []).map(({ path }) => ({ path: path.replace(/\/+$/, ''), source }));

/** Pairs of which one is the other or lies below it. */
function overlaps(all: readonly Placed[]): string[] {
  return all.flatMap((one, index) =>
    one.path === ''
      ? []
      : all
          .slice(0, index)
          .filter(
            (other) =>
              other.path !== '' &&
              (`${other.path}/`.startsWith(`${one.path}/`) || `${one.path}/`.startsWith(`${other.path}/`)),
          )
          .map((other) => `${shown(one)} with ${shown(other)}`),
  );
}

function projectedPaths({ configMap, secret, downwardAPI, ...rest }: VolumeProjection): Placed[] {
  const { serviceAccountToken: token, clusterTrustBundle: bundle } = rest;
  if (configMap?.items !== undefined)
    return placed(configMap.items, `ConfigMap ${JSON.stringify(configMap.name ?? '')}`);
  if (secret?.items !== undefined) return placed(secret.items, `Secret ${JSON.stringify(secret.name ?? '')}`);
  if (downwardAPI?.items !== undefined) return placed(downwardAPI.items, 'DownwardAPI');
  if (token !== undefined) return placed([token], 'ServiceAccountToken');
  return bundle === undefined
    ? []
    : placed([bundle], `ClusterTrustBundle ${JSON.stringify(bundle.name ?? bundle.signerName ?? '')}`);
}

/** Warnings about files of a volume that hide one another. */
export function volumePathWarnings(volumes: readonly Volume[]): string[] {
  return volumes.flatMap(({ name, configMap, secret, downwardAPI, projected }) => {
    const about = (what: string, all: readonly Placed[]): string[] =>
      overlaps(all).map((pair) => `volume ${JSON.stringify(name)} (${what}): overlapping paths: ${pair}`);
    const sources = projected?.sources ?? [];
    return [
      ...about(`ConfigMap ${JSON.stringify(configMap?.name ?? '')}`, placed(configMap?.items, '')),
      ...about(`Secret ${JSON.stringify(secret?.secretName ?? '')}`, placed(secret?.items, '')),
      ...about('DownwardAPI', placed(downwardAPI?.items, '')),
      ...sources
        .filter((source) => Object.keys(source).length === 0)
        .map(() => `volume ${JSON.stringify(name)} (Projected) has no sources provided`),
      ...about('Projected', sources.flatMap(projectedPaths)),
    ];
  });
}
