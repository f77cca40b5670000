import type { NodeUsage } from './node-usage.ts';

/** What a node runs short of. */
export interface Pressure {
  readonly memory: boolean;
  readonly disk: boolean;
  readonly pid: boolean;
}

/** kubelet: the defaults of --eviction-hard. */
const MEMORY_AVAILABLE_BYTES = 100 * 1024 * 1024;
const DISK_AVAILABLE_PART = 0.1;
const INODES_FREE_PART = 0.05;
const PID_AVAILABLE_PART = 0.05;

/** Compares usage with the thresholds below which a node takes no more pods. */
export function pressureOf(usage: NodeUsage): Pressure {
  const inodesShort = usage.inodesTotal > 0 && usage.inodesFree < usage.inodesTotal * INODES_FREE_PART;
  return {
    memory: usage.memoryAvailableBytes < MEMORY_AVAILABLE_BYTES,
    disk: usage.diskAvailableBytes < usage.diskTotalBytes * DISK_AVAILABLE_PART || inodesShort,
    pid: usage.processLimit - usage.processes < usage.processLimit * PID_AVAILABLE_PART,
  };
}
