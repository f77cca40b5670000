import { rename, writeFile } from 'node:fs/promises';

/** What a kubeconfig is made of. `server` is a URL such as `https://127.0.0.1:6443`; `caCertificate` is PEM. */
export interface KubeconfigParts {
  readonly server: string;
  readonly caCertificate: string;
  readonly token: string;
}

/** A kubeconfig with one cluster, user and context, all named `skep`. */
export const kubeconfig = ({ server, caCertificate, token }: KubeconfigParts): string =>
  `${[
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    '- name: skep',
    '  cluster:',
    `    server: ${server}`,
    `    certificate-authority-data: ${Buffer.from(caCertificate).toString('base64')}`,
    'users:',
    '- name: skep',
    '  user:',
    `    token: ${token}`,
    'contexts:',
    '- name: skep',
    '  context:',
    '    cluster: skep',
    '    user: skep',
    'current-context: skep',
  ].join('\n')}\n`;

/** Writes a kubeconfig, mode 0600, by rename: a reader sees the old one or the new one. */
export async function writeKubeconfig(path: string, parts: KubeconfigParts): Promise<void> {
  await writeFile(`${path}.new`, kubeconfig(parts), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
