import type { KubeObject } from '#api/kind.ts';

/** Numbers by chance that are the same for the same seed (mulberry32), in [0, 1). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What the objects of a cluster look like to the store: the sizes and the repetition in them matter, for Postgres compresses what is large. */
export class ChurnObjects {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Some 3 KB, as a pod with one container and its status. */
  pod(name: string): KubeObject {
    const time = this.#time();
    const condition = (type: string) => ({ type, status: 'True', lastProbeTime: null, lastTransitionTime: time });
    return this.#object('Pod', name, {
      spec: {
        containers: [
          {
            name: 'main',
            image: `registry.example/team/application:${this.#hex(12)}`,
            args: ['--listen=0.0.0.0:8080', `--instance=${name}`],
            env: Array.from({ length: 8 }, (_, index) => ({ name: `SETTING_${index}`, value: this.#hex(20) })),
            resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
            readinessProbe: { httpGet: { path: '/ready', port: 8080, scheme: 'HTTP' }, periodSeconds: 10 },
            volumeMounts: [{ name: 'token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }],
          },
        ],
        nodeName: `node-${Math.floor(this.#random() * 10)}`,
        serviceAccountName: 'default',
        tolerations: ['not-ready', 'unreachable'].map((key) => ({
          key: `node.kubernetes.io/${key}`,
          operator: 'Exists',
          effect: 'NoExecute',
          tolerationSeconds: 300,
        })),
      },
      status: {
        phase: 'Running',
        conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(
          condition,
        ),
        podIP: `10.42.${Math.floor(this.#random() * 255)}.${Math.floor(this.#random() * 255)}`,
        startTime: time,
        containerStatuses: [
          {
            name: 'main',
            ready: true,
            restartCount: Math.floor(this.#random() * 5),
            imageID: `sha256:${this.#hex(64)}`,
            containerID: `containerd://${this.#hex(64)}`,
            state: { running: { startedAt: time } },
          },
        ],
      },
    });
  }

  /** Some 400 bytes. */
  lease(name: string): KubeObject {
    return this.#object('Lease', name, {
      spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: this.#time() },
    });
  }

  /** Some 6 KB: a node that lists its images. */
  node(name: string): KubeObject {
    return this.#object('Node', name, {
      status: {
        capacity: { cpu: '4', memory: '8029464Ki', pods: '110' },
        conditions: ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map((type) => ({
          type,
          status: 'False',
          lastHeartbeatTime: this.#time(),
          lastTransitionTime: this.#time(),
        })),
        images: Array.from({ length: 40 }, () => ({
          names: [`registry.example/team/image@sha256:${this.#hex(64)}`],
          sizeBytes: Math.floor(this.#random() * 1e8),
        })),
      },
    });
  }

  /** Some 1.5 KB. */
  deployment(name: string): KubeObject {
    const containers = [{ name: 'main', image: `registry.example/team/application:${this.#hex(12)}` }];
    return this.#object('Deployment', name, {
      spec: { replicas: 3, selector: { matchLabels: { app: name } }, template: { spec: { containers } } },
      status: {
        observedGeneration: Math.floor(this.#random() * 100),
        replicas: 3,
        readyReplicas: Math.floor(this.#random() * 4),
        conditions: ['Available', 'Progressing'].map((type) => ({
          type,
          status: 'True',
          reason: 'NewReplicaSetAvailable',
          message: `ReplicaSet "${name}-${this.#hex(10)}" has successfully progressed.`,
          lastUpdateTime: this.#time(),
        })),
      },
    });
  }

  /** 1 KB, and each twentieth 100 KB that hardly compress. */
  configMap(name: string, index: number): KubeObject {
    return this.#object('ConfigMap', name, { data: { content: this.#hex(index % 20 === 0 ? 100_000 : 800) } });
  }

  /** Some 900 bytes. */
  event(name: string): KubeObject {
    return this.#object('Event', name, {
      involvedObject: { kind: 'Pod', namespace: 'churn', name: `pod-${Math.floor(this.#random() * 500)}` },
      reason: 'Unhealthy',
      message: `Readiness probe failed: Get "http://10.42.0.7:8080/ready": dial tcp: ${this.#hex(40)}`,
      source: { component: 'kubelet', host: `node-${Math.floor(this.#random() * 10)}` },
      firstTimestamp: this.#time(),
      lastTimestamp: this.#time(),
      count: 1 + Math.floor(this.#random() * 9),
      type: 'Warning',
    });
  }

  #object(kind: string, name: string, rest: Record<string, unknown>): KubeObject {
    return {
      kind,
      apiVersion: 'v1',
      metadata: {
        name,
        namespace: 'churn',
        uid: this.#hex(32),
        creationTimestamp: this.#time(),
        labels: { app: 'churn', 'pod-template-hash': this.#hex(10) },
      },
      ...rest,
    };
  }

  #hex(length: number): string {
    let text = '';
    while (text.length < length) text += Math.floor(this.#random() * 0x1_0000_0000).toString(16);
    return text.slice(0, length);
  }

  #time(): string {
    return new Date(Date.UTC(2026, 10, 21) + Math.floor(this.#random() * 86_400_000)).toISOString();
  }
}
