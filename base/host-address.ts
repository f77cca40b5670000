import { networkInterfaces } from 'node:os';
import { readFileSync } from 'node:fs';

/** The IPv4 address of this host's default route's interface; else the first that is not loopback; else 127.0.0.1. */
export function hostAddress(): string {
  const interfaces = networkInterfaces();
  const ipv4 = (name: string): string | undefined =>
    interfaces[name]?.find((one) => one.family === 'IPv4' && !one.internal)?.address;
  const routed = defaultRouteInterface();
  const own = routed === undefined ? undefined : ipv4(routed);
  return own ?? Object.keys(interfaces).flatMap((name) => ipv4(name) ?? [])[0] ?? '127.0.0.1';
}

function defaultRouteInterface(): string | undefined {
  try {
    const lines = readFileSync('/proc/net/route', 'utf8').trim().split('\n').slice(1);
    return lines.map((line) => line.split('\t')).find(([, destination]) => destination === '00000000')?.[0];
  } catch {
    return undefined; // not Linux, or no /proc
  }
}
