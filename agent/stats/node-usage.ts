import { readFile, statfs } from 'node:fs/promises';
import { mem } from 'systeminformation';

/** How much of a node is in use. Bytes, unless said otherwise. */
export interface NodeUsage {
  readonly memoryTotalBytes: number;
  /** What could be given out without swapping. */
  readonly memoryAvailableBytes: number;
  /** Of the file system that holds the data directory. */
  readonly diskTotalBytes: number;
  readonly diskAvailableBytes: number;
  readonly inodesTotal: number;
  readonly inodesFree: number;
  readonly processes: number;
  readonly processLimit: number;
}

/** Reads the node's usage: about a millisecond, no process is started. */
export async function nodeUsage(dataDir: string): Promise<NodeUsage> {
  const [memory, disk, load, limit] = await Promise.all([
    mem(),
    statfs(dataDir),
    readFile('/proc/loadavg', 'utf8').catch(() => ''),
    readFile('/proc/sys/kernel/pid_max', 'utf8').catch(() => ''),
  ]);
  return {
    memoryTotalBytes: memory.total,
    memoryAvailableBytes: memory.available,
    diskTotalBytes: disk.blocks * disk.bsize,
    diskAvailableBytes: disk.bavail * disk.bsize,
    inodesTotal: disk.files,
    inodesFree: disk.ffree,
    // The fourth field of loadavg: running/all.
    processes: Number(/\/(\d+)/.exec(load)?.[1] ?? 0),
    processLimit: Number(limit.trim() === '' ? 32_768 : limit),
  };
}
