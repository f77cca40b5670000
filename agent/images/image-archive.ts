import { createHash } from 'node:crypto';

/** What a file of an image is: a folder, bytes, or a symbolic link. Paths have no leading slash; modes are octal permission bits. */
export type ImageFile =
  | { readonly path: string; readonly type: 'directory'; readonly mode: number }
  | { readonly path: string; readonly type: 'file'; readonly mode: number; readonly content: Uint8Array }
  | { readonly path: string; readonly type: 'symlink'; readonly target: string };

/** The instruction sets that Skep runs on, in the words of the OCI image specification. */
export type ImageArchitecture = 'amd64' | 'arm64';

/** An image to be made. */
export interface ImageDescription {
  /** Every reference the image answers to, e.g. `localhost/bb:1`. */
  readonly references: readonly string[];
  readonly architecture: ImageArchitecture;
  readonly files: readonly ImageFile[];
  /** The image's `config`: Cmd, Entrypoint, Env … */
  readonly config: Readonly<Record<string, unknown>>;
}

const BLOCK_BYTES = 512;
const encoder = new TextEncoder();

/**
 * An archive as `docker save` writes it, with one layer: what `ctr images import` reads. The same description gives the same bytes, so an
 * import of an image that is there already changes nothing.
 */
export function imageArchive({ references, architecture, files, config }: ImageDescription): Uint8Array {
  const layer = tar(files);
  const layerDigest = sha256(layer);
  const configuration = encoder.encode(
    JSON.stringify({
      architecture,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
    }),
  );
  const configName = `${sha256(configuration)}.json`;
  const layerName = `${layerDigest}/layer.tar`;
  const manifest = encoder.encode(JSON.stringify([{ Config: configName, RepoTags: references, Layers: [layerName] }]));
  return tar([
    { path: configName, type: 'file', mode: 0o644, content: configuration },
    { path: layerName, type: 'file', mode: 0o644, content: layer },
    { path: 'manifest.json', type: 'file', mode: 0o644, content: manifest },
  ]);
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A POSIX ustar archive, everything owned by root, every time 0. */
function tar(files: readonly ImageFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const file of files) {
    parts.push(tarHeader(file));
    if (file.type !== 'file') continue;
    parts.push(file.content, new Uint8Array(-file.content.length & (BLOCK_BYTES - 1)));
  }
  parts.push(new Uint8Array(2 * BLOCK_BYTES));
  return new Uint8Array(Buffer.concat(parts));
}

const TYPE_FLAGS = { file: '0', symlink: '2', directory: '5' } as const;

/** One ustar header block; fields stand where POSIX.1-1988 puts them. */
function tarHeader(file: ImageFile): Uint8Array {
  const header = new Uint8Array(BLOCK_BYTES);
  const put = (offset: number, text: string, width: number): void => {
    const bytes = encoder.encode(text);
    if (bytes.length > width)
      throw new Error(`Cannot archive ${file.path}: ${bytes.length} bytes for a field of ${width}`);
    header.set(bytes, offset);
  };
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  put(0, file.type === 'directory' ? `${file.path}/` : file.path, 100);
  put(100, octal(file.type === 'symlink' ? 0o777 : file.mode, 7), 8);
  put(108, octal(0, 7), 8);
  put(116, octal(0, 7), 8);
  put(124, octal(file.type === 'file' ? file.content.length : 0, 11), 12);
  put(136, octal(0, 11), 12);
  put(148, ' '.repeat(8), 8);
  put(156, TYPE_FLAGS[file.type], 1);
  if (file.type === 'symlink') put(157, file.target, 100);
  put(257, 'ustar', 6);
  put(263, '00', 2);
  // The checksum is of the header with its own field as eight spaces.
  put(
    148,
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\0 `,
    8,
  );
  return header;
}
