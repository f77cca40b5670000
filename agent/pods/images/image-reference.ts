/** Upstream: distribution's reference grammar. */
const DOMAIN_PART = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = `(?:${DOMAIN_PART}(?:\\.${DOMAIN_PART})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const PATH_PART = '[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*';
const REFERENCE = new RegExp(
  `^(?:(${DOMAIN})/)?(${PATH_PART}(?:/${PATH_PART})*)(?::(\\w[\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`,
);
const BARE_ID = /^[a-f0-9]{64}$/;

/** A text that names no image; the message is upstream's. */
export class InvalidReference extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidReference';
  }
}

/** An image's full name: `nginx` → registry `docker.io`, `docker.io/library/nginx:latest`. */
export interface ImageReference {
  readonly registry: string;
  readonly full: string;
  /** As the user wrote it, with `:latest` when neither tag nor digest was given (kubelet: applyDefaultImageTag). */
  readonly tagged: string;
}

/**
 * Reads an image name as Docker's rules have it.
 * @throws InvalidReference
 */
export function parseImageReference(text: string): ImageReference {
  if (BARE_ID.test(text))
    throw new InvalidReference(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  const { registry, remote } = split(text);
  const name = /^[^@]*?(?=(?::[^/]*)?(?:@|$))/.exec(remote)?.[0] ?? remote;
  if (name.toLowerCase() !== name)
    throw new InvalidReference('invalid reference format: repository name must be lowercase');
  const match = REFERENCE.exec(`${registry}/${remote}`);
  if (match === null) throw new InvalidReference('invalid reference format');
  const [, , path = '', tag, digest] = match;
  if (path.length > 255) throw new InvalidReference('repository name must not be more than 255 characters');
  const latest = tag === undefined && digest === undefined ? ':latest' : '';
  return { registry, full: `${registry}/${remote}${latest}`, tagged: `${text}${latest}` };
}

/** The first part is a registry when it has a dot or a port, or is `localhost`, or has an upper-case letter. */
function split(text: string): { registry: string; remote: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(0, slash));
  const isRegistry = slash > 0 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first);
  if (!isRegistry) return { registry: 'docker.io', remote: text.includes('/') ? text : `library/${text}` };
  const registry = first === 'index.docker.io' ? 'docker.io' : first;
  const remote = text.slice(slash + 1);
  return { registry, remote: registry === 'docker.io' && !remote.includes('/') ? `library/${remote}` : remote };
}
