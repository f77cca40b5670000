import { type Kind, type Verb, apiVersionOf, resourceOf, storedKindOf } from '#api/kind.ts';
import { compareGroups } from '#api/kinds/apiregistration/priorities.ts';
import { scaleKind } from '#api/kinds/autoscaling/scale.ts';
import type { Kinds } from '#server/store/kinds.ts';
import type { Aggregation, RemoteGroupVersion } from './aggregation.ts';
import { negotiateDiscovery } from './negotiate.ts';
import { jsonResponse, plainNotFound, resourceNotFound } from './status-response.ts';
import { storedSubresources } from './subresources/stored.ts';
import type { Subresource } from './subresources/subresource.ts';
import { UNSTORED_KINDS } from './unstored-kinds.ts';

/** A document and the hash by which clients ask whether it changed. */
interface Document {
  readonly text: string;
  readonly etag: string;
}

/** A subresource as discovery shows it. */
interface ShownSubresource {
  readonly name: string;
  readonly shows: Pick<Kind, 'group' | 'version' | 'kind'>;
  readonly verbs: readonly string[];
}

/** What discovery needs to know of the server. */
export interface DiscoveryOptions {
  readonly kinds: Kinds;
  readonly subresources: readonly Subresource[];
  /** `host:port`, for /api. */
  readonly serverAddress: string;
  /** What other servers serve, and a text that changes with it. Default: nothing. */
  readonly aggregation?: Pick<Aggregation, 'remote' | 'stamp'> | undefined;
}

/** Tells what the server serves: /api, /apis and below, plain or in one document. Documents are made when first asked for, and again after a change of the kinds. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #documents = new Map<string, Document>();
  #stamp = '';

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    options.kinds.onChange(() => this.#documents.clear());
  }

  /** The answer to a GET of `/api`, `/apis`, `/apis/<group>`, `/apis/<group>/<version>` or `/api/<version>`; `parts` are the segments of the path. */
  answer(request: Request, parts: readonly string[]): Response {
    const { stamp = '' } = this.#options.aggregation ?? {};
    if (stamp !== this.#stamp) this.#documents.clear();
    this.#stamp = stamp;
    const [root, group = '', version = ''] = parts;
    if (root === 'api') return parts.length === 1 ? this.#core(request) : this.#resources(request, '', group);
    if (group === '') return this.#groups(request);
    if (!this.hasGroup(group)) return plainNotFound();
    return version === '' ? this.#group(request, group) : this.#resources(request, group, version);
  }

  /** Is anything of the group served; `''` always is. */
  hasGroup(group: string): boolean {
    return (
      group === '' ||
      this.#kinds().some((kind) => kind.group === group) ||
      this.#remote().some((one) => one.group === group)
    );
  }

  #remote(): readonly RemoteGroupVersion[] {
    return this.#options.aggregation?.remote() ?? [];
  }

  /** Group versions, whoever serves them. */
  #served(): readonly GroupVersion[] {
    return [...this.#kinds(), ...this.#remote()];
  }

  /** Those that requests come to: an APIService with a Service takes a group version away from us, as metrics-server does. */
  #kinds(): Kind[] {
    const remote = this.#remote();
    const ours = ({ group, version }: Kind): boolean =>
      !remote.some((one) => one.group === group && one.version === version);
    return [...this.#options.kinds.all(), ...UNSTORED_KINDS].filter(ours);
  }

  #core(request: Request): Response {
    const version = negotiateDiscovery(request.headers.get('accept'));
    if (version !== undefined) return this.#aggregated(request, version, true);
    return this.#send(request, 'api', () => ({
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: this.#options.serverAddress }],
    }));
  }

  #groups(request: Request): Response {
    const version = negotiateDiscovery(request.headers.get('accept'));
    if (version !== undefined) return this.#aggregated(request, version, false);
    return this.#send(request, 'apis', () => ({
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: groupNames(this.#served()).map((group) => groupOf(this.#served(), group)),
    }));
  }

  #group(request: Request, group: string): Response {
    return this.#send(request, `apis/${group}`, () => ({
      kind: 'APIGroup',
      apiVersion: 'v1',
      ...groupOf(this.#served(), group),
    }));
  }

  #resources(request: Request, group: string, version: string): Response {
    const kinds = inOrder(this.#kinds().filter((kind) => kind.group === group && kind.version === version));
    if (kinds.length === 0) throw resourceNotFound();
    return this.#send(request, `apis/${group}/${version}`, () => ({
      kind: 'APIResourceList',
      // Upstream's core list says no apiVersion.
      ...(group === '' ? {} : { apiVersion: 'v1' }),
      groupVersion: apiVersionOf({ group, version }),
      resources: kinds.flatMap((kind) => [plainResource(kind), ...this.#plainSubresources(kind)]),
    }));
  }

  #plainSubresources(kind: Kind): unknown[] {
    return this.#subresources(kind).map(({ name, shows, verbs }) => ({
      name: `${kind.plural}/${name}`,
      singularName: '',
      namespaced: kind.scope === 'Namespaced',
      ...(apiVersionOf(shows) === apiVersionOf(kind) ? {} : { group: shows.group, version: shows.version }),
      kind: shows.kind,
      verbs,
    }));
  }

  /** Of one kind, by name. */
  #subresources(kind: Kind): ShownSubresource[] {
    const resource = resourceOf(kind);
    const shown: ShownSubresource[] = storedSubresources(kind).map(({ name, verbs }) => ({ name, verbs, shows: kind }));
    if (kind.scale !== undefined) shown.push({ name: 'scale', verbs: ['get', 'patch', 'update'], shows: scaleKind });
    for (const one of this.#options.subresources)
      if (one.resource === resource)
        shown.push({ name: one.name, verbs: one.verbs, shows: one.shows ?? shownAs(kind, one.name) });
    return shown.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** KEP-3352: all groups but core at /apis, core at /api. */
  #aggregated(request: Request, version: 'v2' | 'v2beta1', core: boolean): Response {
    const kinds = this.#kinds().filter((kind) => (kind.group === '') === core);
    const response = this.#send(request, `aggregated ${version} ${core}`, () => ({
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${version}`,
      metadata: {},
      items: groupNames(core ? kinds : this.#served(), core).map((group) => ({
        metadata: group === '' ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
        versions: versionsOf(core ? kinds : this.#served(), group).map((one) => ({
          version: one,
          resources: [
            ...inOrder(kinds.filter((kind) => kind.group === group && kind.version === one)).map((kind) =>
              this.#aggregatedResource(kind),
            ),
            ...this.#remote()
              .filter((remote) => remote.group === group && remote.version === one)
              .flatMap(remoteResources),
          ],
          freshness: 'Current',
        })),
      })),
    }));
    const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    response.headers.set('content-type', type);
    return response;
  }

  #aggregatedResource(kind: Kind): unknown {
    const subresources = this.#subresources(kind).map(({ name, shows, verbs }) => ({
      subresource: name,
      responseKind: { group: shows.group, version: shows.version, kind: shows.kind },
      verbs,
    }));
    return {
      resource: kind.plural,
      responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
      scope: kind.scope === 'Namespaced' ? 'Namespaced' : 'Cluster',
      singularResource: kind.singular,
      verbs: kind.verbs,
      ...names(kind),
      ...(subresources.length === 0 ? {} : { subresources }),
    };
  }

  #send(request: Request, key: string, make: () => unknown): Response {
    let document = this.#documents.get(key);
    if (document === undefined) {
      const text = JSON.stringify(make());
      document = { text, etag: `"${Bun.hash(text).toString(16).toUpperCase()}"` };
      this.#documents.set(key, document);
    }
    const headers = { etag: document.etag, vary: 'Accept', 'cache-control': 'public' };
    if (request.headers.get('if-none-match') === document.etag) return new Response(null, { status: 304, headers });
    const response = jsonResponse(document.text);
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    return response;
  }
}

/** What upstream calls the options of these subresources. */
const SHOWN_KINDS: Readonly<Record<string, string>> = {
  attach: 'PodAttachOptions',
  exec: 'PodExecOptions',
  portforward: 'PodPortForwardOptions',
};

const shownAs = ({ group, version, kind }: Kind, subresource: string): ShownSubresource['shows'] => ({
  group,
  version,
  kind: subresource === 'proxy' ? `${kind}ProxyOptions` : (SHOWN_KINDS[subresource] ?? kind),
});

const names = ({ shortNames, categories }: Kind): object => ({
  ...(shortNames.length === 0 ? {} : { shortNames }),
  ...(categories.length === 0 ? {} : { categories }),
});

/** Built-in kinds show no singular name here, as in the recorded lists; clients take the kind in lower case then. */
const plainResource = (kind: Kind): unknown => ({
  name: kind.plural,
  singularName: kind.custom ? kind.singular : '',
  namespaced: kind.scope === 'Namespaced',
  kind: kind.kind,
  verbs: kind.custom ? CUSTOM_VERBS.filter((verb) => kind.verbs.includes(verb)) : kind.verbs,
  ...names(kind),
  ...(kind.verbs.includes('list') && kind.verbs.includes('create')
    ? { storageVersionHash: storageVersionHash(kind) }
    : {}),
});

/** Tells clients in which version objects are stored, without saying it (apiserver: discovery.StorageVersionHash). */
function storageVersionHash(kind: Kind): string {
  const stored = storedKindOf(kind);
  const name = `${stored.group}/${stored.version}/${stored.kind}`;
  return Buffer.from(new Bun.CryptoHasher('sha256').update(name).digest()).subarray(0, 8).toString('base64');
}

/** Upstream shows the verbs of built-in kinds by the alphabet, those of custom kinds in this order. */
const CUSTOM_VERBS: readonly Verb[] = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
];

const inOrder = (kinds: readonly Kind[]): Kind[] => [...kinds].sort((a, b) => (a.plural < b.plural ? -1 : 1));

type GroupVersion = Pick<Kind, 'group' | 'version'>;

const groupNames = (kinds: readonly GroupVersion[], withCore = false): string[] =>
  [...new Set(kinds.map(({ group }) => group))].filter((group) => withCore || group !== '').sort(compareGroups);

function groupOf(kinds: readonly GroupVersion[], group: string): Record<string, unknown> {
  const versions = versionsOf(kinds, group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

const versionsOf = (kinds: readonly GroupVersion[], group: string): string[] =>
  [...new Set(kinds.filter((kind) => kind.group === group).map(({ version }) => version))].sort(compareVersions);

/** Kubernetes' order of versions: v2, v1, v1beta2, v1beta1, v1alpha1, then all else by name (apimachinery: CompareKubeAwareVersionStrings). */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [rank(a), rank(b)];
  for (const [index, value] of left.entries()) {
    const difference = (right[index] ?? 0) - value;
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function rank(version: string): readonly [number, number, number] {
  const found = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (found === null) return [0, 0, 0];
  const [, major, stage, minor = 0] = found;
  return [stage === undefined ? 3 : stage === 'beta' ? 2 : 1, Number(major), Number(minor)];
}

/** What a server says plainly of its resources, as aggregated discovery says it. */
function remoteResources({ group, version, resources }: RemoteGroupVersion): unknown[] {
  const kindOf = (one: RemoteGroupVersion['resources'][number]): unknown => ({
    group: one['group'] ?? group,
    version: one['version'] ?? version,
    kind: one['kind'],
  });
  return resources
    .filter(({ name }) => !String(name).includes('/'))
    .map((one) => {
      const { name, namespaced, singularName, verbs, shortNames, categories } = one;
      const subresources = resources
        .filter((other) => String(other['name']).startsWith(`${String(name)}/`))
        .map((other) => ({
          subresource: String(other['name']).slice(String(name).length + 1),
          responseKind: kindOf(other),
          verbs: other['verbs'],
        }));
      return {
        resource: name,
        responseKind: kindOf(one),
        scope: namespaced === true ? 'Namespaced' : 'Cluster',
        singularResource: singularName,
        verbs,
        ...(shortNames === undefined ? {} : { shortNames }),
        ...(categories === undefined ? {} : { categories }),
        ...(subresources.length === 0 ? {} : { subresources }),
      };
    });
}
