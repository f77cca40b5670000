import type { Pod } from '#api/kinds/core/pod.ts';
import type { Secret } from '#api/kinds/core/secret.ts';
import type { Container } from '#api/podspec/container.ts';
import type { Clock } from '#base/clock.ts';
import { type ContainerRuntime, type ImageAuth, RuntimeFailure, type RuntimeImage } from '../../runtime/runtime.ts';
import type { DesiredState } from '../../state/desired-state.ts';
import { ContainerFailure } from '../containers/container-failure.ts';
import { CrashBackoff } from '../containers/crash-backoff.ts';
import { type ImageReference, InvalidReference, parseImageReference } from './image-reference.ts';
import type { PodEvents } from '../pod-events.ts';

/** What Images needs. */
export interface ImagesOptions {
  readonly runtime: ContainerRuntime;
  readonly state: Pick<DesiredState, 'get'>;
  readonly events: PodEvents;
  readonly clock: Clock;
}

/** Brings the images of containers to this node by their pull policy, with kubelet's back-off for a pod and an image. */
export class Images {
  readonly #options: ImagesOptions;
  readonly #backoff = new CrashBackoff();
  readonly #failedAt = new Map<string, number>();

  constructor(options: ImagesOptions) {
    this.#options = options;
  }

  /** The image of a container, on this node. @throws ContainerFailure with the reason for the waiting state. */
  async ensure(pod: Pod, container: Container, fieldPath: string): Promise<RuntimeImage> {
    const { runtime, events } = this.#options;
    const image = container.image ?? '';
    const reference = this.#parse(pod, image, fieldPath);
    const policy = container.imagePullPolicy ?? (reference.tagged.endsWith(':latest') ? 'Always' : 'IfNotPresent');
    const present = await this.#present(pod, image, reference, fieldPath);
    if (present !== undefined && policy !== 'Always') {
      events.normal(pod, 'Pulled', `Container image "${image}" already present on machine`, fieldPath);
      return present;
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      events.warning(pod, 'ErrImageNeverPull', message, fieldPath);
      throw new ContainerFailure('ErrImageNeverPull', message, { event: 'ErrImageNeverPull' });
    }
    await this.#pull(pod, image, reference, fieldPath);
    const pulled = await runtime.imageStatus(reference.full);
    if (pulled !== undefined) return pulled;
    throw new ContainerFailure('ErrImagePull', `image "${image}" is gone after its pull`, { event: 'ErrImagePull' });
  }

  /** How long until the image of a pod may be pulled again. Milliseconds. */
  retryAfter(pod: Pod, image: string): number {
    const key = backoffKey(pod, image);
    return this.#backoff.remaining(key, this.#failedAt.get(key) ?? 0, this.#options.clock.now());
  }

  #parse(pod: Pod, image: string, fieldPath: string): ImageReference {
    try {
      return parseImageReference(image);
    } catch (error) {
      if (!(error instanceof InvalidReference)) throw error;
      const message = `Failed to apply default image tag "${image}": couldn't parse image reference "${image}": ${error.message}`;
      this.#options.events.warning(pod, 'InspectFailed', message, fieldPath);
      throw new ContainerFailure('InvalidImageName', message, { event: 'InvalidImageName', cause: error });
    }
  }

  async #present(
    pod: Pod,
    image: string,
    reference: ImageReference,
    fieldPath: string,
  ): Promise<RuntimeImage | undefined> {
    try {
      return await this.#options.runtime.imageStatus(reference.full);
    } catch (error) {
      const message = `Failed to inspect image "${image}": ${rpcText(error)}`;
      this.#options.events.warning(pod, 'InspectFailed', message, fieldPath);
      throw new ContainerFailure('ImageInspectError', message, { event: 'ImageInspectError', cause: error });
    }
  }

  async #pull(pod: Pod, image: string, reference: ImageReference, fieldPath: string): Promise<void> {
    const { events, clock } = this.#options;
    const key = backoffKey(pod, image);
    if (this.retryAfter(pod, image) > 0) {
      const message = `Back-off pulling image "${image}"`;
      events.normal(pod, 'BackOff', message, fieldPath);
      throw new ContainerFailure('ImagePullBackOff', message, { event: 'ImagePullBackOff' });
    }
    events.normal(pod, 'Pulling', `Pulling image "${image}"`, fieldPath);
    const begin = clock.now();
    try {
      await this.#pullWithSecrets(pod, reference);
    } catch (error) {
      this.#failedAt.set(key, clock.now());
      this.#backoff.next(key, clock.now(), clock.now());
      const message = rpcText(error);
      events.warning(pod, 'Failed', `Failed to pull image "${image}": ${message}`, fieldPath);
      throw new ContainerFailure('ErrImagePull', message, { event: 'ErrImagePull', cause: error });
    }
    this.#backoff.forget(key);
    const took = `${((clock.now() - begin) / 1000).toFixed(3)}s`;
    events.normal(
      pod,
      'Pulled',
      `Successfully pulled image "${image}" in ${took} (${took} including waiting)`,
      fieldPath,
    );
  }

  /** Tries each matching credential of the pod's imagePullSecrets, or none when there is none. */
  async #pullWithSecrets(pod: Pod, reference: ImageReference): Promise<void> {
    const credentials = this.#credentials(pod, reference.registry);
    let failure: unknown;
    for (const auth of credentials.length === 0 ? [undefined] : credentials) {
      try {
        await this.#options.runtime.pullImage(reference.full, auth);
        return;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  #credentials(pod: Pod, registry: string): ImageAuth[] {
    const found: ImageAuth[] = [];
    for (const { name = '' } of pod.spec?.imagePullSecrets ?? []) {
      const secret = this.#options.state.get<Secret>('secrets', `${pod.metadata.namespace}/${name}`);
      if (secret !== undefined) found.push(...registryAuths(secret, registry));
    }
    return found;
  }
}

const backoffKey = (pod: Pod, image: string): string => `${pod.metadata.uid}_${image}`;

/** An error of the runtime as kubelet shows it. */
export const rpcText = (error: unknown): string => {
  if (error instanceof RuntimeFailure) return `rpc error: code = ${error.code} desc = ${error.message}`;
  return error instanceof Error ? error.message : String(error);
};

interface DockerAuth {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
}

/** The credentials for `registry` in a secret of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg. */
export function registryAuths(secret: Secret, registry: string): ImageAuth[] {
  const text = secret.data?.['.dockerconfigjson'] ?? secret.data?.['.dockercfg'];
  if (text === undefined) return [];
  let auths: Readonly<Record<string, DockerAuth>>;
  try {
    const parsed = JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as { auths?: Record<string, DockerAuth> };
    auths = parsed.auths ?? (parsed as Record<string, DockerAuth>);
  } catch {
    return [];
  }
  return Object.entries(auths).flatMap(([server, entry]) => {
    if (registryOf(server) !== registry) return [];
    const [user = '', ...rest] = Buffer.from(entry.auth ?? '', 'base64')
      .toString('utf8')
      .split(':');
    const username = entry.username ?? user;
    return [{ username, password: entry.password ?? rest.join(':'), serverAddress: server }];
  });
}

/** `https://index.docker.io/v1/` → `docker.io`. */
function registryOf(server: string): string {
  const host = server.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  return ['index.docker.io', 'registry-1.docker.io', 'docker.io'].includes(host) ? 'docker.io' : host;
}
