import type { ObjectMeta } from '#api/meta/object-meta.ts';
import { ipWarnings } from '#api/meta/ip-warnings.ts';
import { milliValue } from '#api/meta/quantity.ts';
import type { PodAffinityTerm } from '#api/podspec/affinity.ts';
import type { Container, ContainerPort } from '#api/podspec/container.ts';
import { deprecatedNodeLabel, nodeTermWarnings } from '#api/podspec/deprecated-labels.ts';
import type { PodSpec } from '#api/podspec/pod-spec.ts';
import { volumePathWarnings } from '#api/podspec/volume-path-warnings.ts';
import { claimSpecWarnings } from '#api/podspec/validate-claim.ts';
import type { Volume } from '#api/podspec/volume.ts';

const CRITICAL_POD = 'scheduler.alpha.kubernetes.io/critical-pod';
const OLD_SYSCTLS = ['security.alpha.kubernetes.io/sysctls', 'security.alpha.kubernetes.io/unsafe-sysctls'];
const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';
const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';
const USE_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead';
const USE_APP_ARMOR = 'deprecated since v1.30; use the "appArmorProfile" field instead';
const NULL_SELECTOR = 'a null labelSelector results in matching no pod';

/** Volume sources of old, the name that a warning gives them, and what became of them. */
const OLD_VOLUMES: readonly (readonly [keyof Volume, string, string])[] = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

/**
 * What is allowed in a pod, or in a template at `template` (`spec.template`), but will hardly be meant (upstream: pkg/api/pod, warnings.go).
 * Runs for each write, so a plain pod costs next to nothing.
 */
export function podSpecWarnings(spec: PodSpec | undefined, meta: ObjectMeta | undefined, template = ''): string[] {
  if (spec === undefined) return [];
  const base = template === '' ? '' : `${template}.`;
  const path = `${base}spec`;
  const annotations = meta?.annotations ?? {};
  return [
    ...nodeWarnings(spec, path),
    ...annotationWarnings(annotations, `${base}metadata.annotations`),
    ...(spec.volumes ?? []).flatMap((volume, index) => oldVolumeWarnings(volume, `${path}.volumes[${index}]`)),
    ...volumePathWarnings(spec.volumes ?? []),
    ...repeatWarnings(spec, path),
    ...byteWarnings(spec.overhead, `${path}.overhead`),
    ...profileWarnings(spec, annotations, { path: `${base}metadata.annotations`, ofTemplate: template !== '' }),
    ...containersOf(spec, path).flatMap(([container, here]) => containerWarnings(container, here)),
    ...portWarnings(containersOf(spec, path)),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [`${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
    ...affinityWarnings(spec, `${path}.affinity`),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((ip, index) =>
      ipWarnings(ip, `${path}.dnsConfig.nameservers[${index}]`),
    ),
    ...(spec.hostAliases ?? []).flatMap(({ ip }, index) => ipWarnings(ip, `${path}.hostAliases[${index}].ip`)),
  ];
}

type AnyContainer = Pick<Container, 'name' | 'env' | 'ports' | 'resources' | 'securityContext'>;

/** All containers with their paths, in the order in which upstream visits them. */
const containersOf = (spec: PodSpec, path: string): (readonly [AnyContainer, string])[] =>
  (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((field) =>
    (spec[field] ?? []).map((container, index) => [container, `${path}.${field}[${index}]`] as const),
  );

function nodeWarnings({ nodeSelector, affinity, topologySpreadConstraints }: PodSpec, path: string): string[] {
  const warnings: string[] = [];
  for (const key of Object.keys(nodeSelector ?? {})) {
    const text = deprecatedNodeLabel(key);
    if (text !== undefined) warnings.push(`${path}.nodeSelector[${key}]: ${text}`);
  }
  const here = `${path}.affinity.nodeAffinity`;
  const {
    requiredDuringSchedulingIgnoredDuringExecution: needed,
    preferredDuringSchedulingIgnoredDuringExecution: liked,
  } = affinity?.nodeAffinity ?? {};
  for (const [index, term] of (needed?.nodeSelectorTerms ?? []).entries())
    warnings.push(
      ...nodeTermWarnings(term, `${here}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${index}]`),
    );
  for (const [index, { preference }] of (liked ?? []).entries())
    warnings.push(
      ...nodeTermWarnings(
        preference,
        `${here}.preferredDuringSchedulingIgnoredDuringExecution[${index}].preference`,
        true,
      ),
    );
  for (const [index, { topologyKey, labelSelector }] of (topologySpreadConstraints ?? []).entries()) {
    const at = `${path}.topologySpreadConstraints[${index}]`;
    const text = deprecatedNodeLabel(topologyKey);
    if (text !== undefined) warnings.push(`${at}.topologyKey: ${topologyKey} is ${text}`);
    if (labelSelector === undefined) warnings.push(`${at}.labelSelector: ${NULL_SELECTOR}`);
  }
  return warnings;
}

function annotationWarnings(annotations: Readonly<Record<string, string>>, path: string): string[] {
  const warnings: string[] = [];
  if (annotations[CRITICAL_POD] !== undefined)
    warnings.push(`${path}[${CRITICAL_POD}]: non-functional in v1.16+; use the "priorityClassName" field instead`);
  for (const key of OLD_SYSCTLS)
    if (annotations[key] !== undefined)
      warnings.push(`${path}[${key}]: non-functional in v1.11+; use the "sysctls" field instead`);
  return warnings;
}

function oldVolumeWarnings(volume: Volume, path: string): string[] {
  const warnings = OLD_VOLUMES.filter(([source]) => volume[source] !== undefined).map(
    ([, shown, text]) => `${path}.${shown}: ${text}`,
  );
  const claim = volume.ephemeral?.volumeClaimTemplate;
  return claim === undefined
    ? warnings
    : [...warnings, ...claimSpecWarnings(claim.spec, `${path}.ephemeral.volumeClaimTemplate.spec`)];
}

function repeatWarnings({ hostAliases = [], imagePullSecrets = [] }: PodSpec, path: string): string[] {
  const repeated = (values: readonly string[], at: (index: number) => string, what: string): string[] =>
    values.flatMap((value, index) =>
      values.indexOf(value) < index ? [`${at(index)}: duplicate ${what} ${JSON.stringify(value)}`] : [],
    );
  const names = imagePullSecrets.map(({ name = '' }) => name);
  return [
    ...repeated(
      hostAliases.map(({ ip }) => ip),
      (index) => `${path}.hostAliases[${index}].ip`,
      'ip',
    ),
    ...repeated(names, (index) => `${path}.imagePullSecrets[${index}].name`, 'name'),
    ...names.flatMap((name, index) =>
      name === '' ? [`${path}.imagePullSecrets[${index}].name: invalid empty name ""`] : [],
    ),
  ];
}

/** Memory and disk come in whole bytes. */
const byteWarnings = (amounts: Readonly<Record<string, string>> | undefined, path: string): string[] =>
  ['memory', 'ephemeral-storage'].flatMap((name) => {
    const amount = amounts?.[name];
    return amount !== undefined && milliValue(amount) % 1000 !== 0
      ? [`${path}[${name}]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`]
      : [];
  });

/** Profiles by annotation are of the past; only templates are warned of AppArmor's, whose pods still get the field from it. */
function profileWarnings(
  spec: PodSpec,
  annotations: Readonly<Record<string, string>>,
  { path, ofTemplate }: { readonly path: string; readonly ofTemplate: boolean },
): string[] {
  const warnings: string[] = [];
  if (spec.securityContext?.seccompProfile === undefined && annotations[SECCOMP_POD] !== undefined)
    warnings.push(`${path}[${SECCOMP_POD}]: ${USE_SECCOMP}`);
  for (const [{ name, securityContext }] of containersOf(spec, '')) {
    const seccomp = `${SECCOMP_CONTAINER}${name}`;
    if (securityContext?.seccompProfile === undefined && annotations[seccomp] !== undefined)
      warnings.push(`${path}[${seccomp}]: ${USE_SECCOMP}`);
    const armor = `${APP_ARMOR}${name}`;
    const hasField = (spec.securityContext?.appArmorProfile ?? securityContext?.appArmorProfile) !== undefined;
    if (ofTemplate && !hasField && annotations[armor] !== undefined)
      warnings.push(`${path}[${armor}]: ${USE_APP_ARMOR}`);
  }
  return warnings;
}

function containerWarnings({ resources, env = [] }: AnyContainer, path: string): string[] {
  const warnings = [
    ...byteWarnings(resources?.limits, `${path}.resources.limits`),
    ...byteWarnings(resources?.requests, `${path}.resources.requests`),
  ];
  const names = new Set<string>();
  for (const [index, { name, value = '', valueFrom }] of env.entries()) {
    // `A=$(A)/bin` adds to the definition before it; anything else hides it.
    const ref = `$(${name})`;
    const hides = valueFrom !== undefined || value === ref || !value.includes(ref);
    if (names.has(name) && hides)
      warnings.push(
        `${path}.env[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
      );
    names.add(name);
  }
  return warnings;
}

/** How Go prints a port in a warning. */
const portText = ({ name = '', hostPort = 0, containerPort, protocol = '', hostIP = '' }: ContainerPort): string =>
  `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;

function portWarnings(containers: readonly (readonly [AnyContainer, string])[]): string[] {
  const warnings: string[] = [];
  const named: string[] = [];
  const seen = new Map<string, { readonly at: string; readonly port: ContainerPort }[]>();
  const byName = new Map<string, string>();
  for (const [{ ports = [] }, path] of containers)
    for (const [index, port] of ports.entries()) {
      const at = `${path}.ports[${index}]`;
      if (port.hostIP && !port.hostPort) warnings.push(`${at}: hostIP set without hostPort: ${portText(port)}`);
      const key = `${port.containerPort}/${port.protocol ?? ''}`;
      const others = seen.get(key) ?? [];
      for (const other of others) {
        const text = clash(port, other.port);
        if (text !== undefined) warnings.push(`${at}: ${text} port definition with ${other.at}`);
      }
      seen.set(key, [...others, { at, port }]);
      if (!port.name) continue;
      const first = byName.get(port.name);
      if (first === undefined) byName.set(port.name, at);
      else
        named.push(
          `${at}: duplicate port name ${JSON.stringify(port.name)} with ${first}, services and probes that select ports by name will use ${first}`,
        );
    }
  return [...warnings, ...named];
}

/** How two definitions of the same port get into each other's way. */
function clash(a: ContainerPort, b: ContainerPort): 'duplicate' | 'overlapping' | 'dangerously ambiguous' | undefined {
  const [ipA, ipB] = [a.hostIP ?? '', b.hostIP ?? ''];
  const [portA, portB] = [a.hostPort ?? 0, b.hostPort ?? 0];
  if (ipA === ipB && portA === portB) return 'duplicate';
  if (portA === 0 || portB === 0) return 'overlapping';
  return portA === portB && (ipA === '') !== (ipB === '') ? 'dangerously ambiguous' : undefined;
}

function affinityWarnings({ affinity }: PodSpec, path: string): string[] {
  const unselective = (term: PodAffinityTerm, at: string): string[] =>
    term.labelSelector === undefined ? [`${at}.labelSelector: ${NULL_SELECTOR}`] : [];
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((field) => {
    const here = `${path}.${field}`;
    const {
      requiredDuringSchedulingIgnoredDuringExecution: needed = [],
      preferredDuringSchedulingIgnoredDuringExecution: liked = [],
    } = affinity?.[field] ?? {};
    return [
      ...needed.flatMap((term, index) =>
        unselective(term, `${here}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`),
      ),
      ...liked.flatMap(({ podAffinityTerm }, index) =>
        unselective(
          podAffinityTerm,
          `${here}.preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm`,
        ),
      ),
    ];
  });
}
