/** What a test's Deployment runs. `port` becomes a containerPort with a TCP readiness probe. */
export interface Workload {
  readonly command: readonly string[];
  readonly port?: number;
  readonly image?: string;
}

/** The JSON of a Deployment `name` with label `app: name` and pods that end at once when told to. */
export const deployment = (
  name: string,
  replicas: number,
  { command, port, image = 'localhost/bb:1' }: Workload,
): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: 'main',
              image,
              command,
              ...(port === undefined
                ? {}
                : {
                    ports: [{ containerPort: port }],
                    readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
                  }),
            },
          ],
        },
      },
    },
  });
