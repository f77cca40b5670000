import type { KubeObject } from '#api/kind.ts';
import { compareQuantity, milliValue } from '#api/meta/quantity.ts';
import type { ResourceList } from '#api/meta/resource-list.ts';

/** Bounds of a LimitRange for one type: `Container`, `Pod`, `PersistentVolumeClaim`. */
export interface LimitRangeItem {
  readonly type: string;
  readonly min?: ResourceList;
  readonly max?: ResourceList;
  readonly default?: ResourceList;
  readonly defaultRequest?: ResourceList;
  readonly maxLimitRequestRatio?: ResourceList;
}

/** What a LimitRange says. */
export interface LimitRange extends KubeObject {
  readonly spec?: { readonly limits?: readonly LimitRangeItem[] };
}

/** What is measured against bounds. */
export interface Amounts {
  readonly requests: ResourceList;
  readonly limits: ResourceList;
}

const sorted = (list: ResourceList | undefined): [string, string][] =>
  Object.entries(list ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));

/** How requests and limits break the bounds of one item, a text each (upstream: plugin/pkg/admission/limitranger). */
export function limitFaults(item: LimitRangeItem, amounts: Amounts): string[] {
  const { type, min, max, maxLimitRequestRatio } = item;
  return [
    ...sorted(min).map(([name, bound]) => minFault(type, name, bound, amounts)),
    ...sorted(max).map(([name, bound]) => maxFault(type, name, bound, amounts)),
    ...sorted(maxLimitRequestRatio).map(([name, bound]) => ratioFault(type, name, bound, amounts)),
  ].filter((fault) => fault !== undefined);
}

/** As `limitFaults`, for what has only requests: those have to keep below the maximum. */
export function requestFaults({ type, min, max }: LimitRangeItem, requests: ResourceList): string[] {
  return [
    ...sorted(min).map(([name, bound]) => minFault(type, name, bound, { requests, limits: {} })),
    ...sorted(max).map(([name, bound]) => {
      const head = `maximum ${name} usage per ${type} is ${bound}`;
      const request = requests[name];
      if (request === undefined) return `${head}.  No request is specified`;
      return compareQuantity(request, bound) > 0 ? `${head}, but request is ${request}` : undefined;
    }),
  ].filter((fault) => fault !== undefined);
}

function minFault(type: string, name: string, bound: string, { requests, limits }: Amounts): string | undefined {
  const head = `minimum ${name} usage per ${type} is ${bound}`;
  const request = requests[name];
  const limit = limits[name];
  if (request === undefined) return `${head}.  No request is specified`;
  if (compareQuantity(request, bound) < 0) return `${head}, but request is ${request}`;
  return limit !== undefined && compareQuantity(limit, bound) < 0 ? `${head}, but limit is ${limit}` : undefined;
}

function maxFault(type: string, name: string, bound: string, { requests, limits }: Amounts): string | undefined {
  const head = `maximum ${name} usage per ${type} is ${bound}`;
  const request = requests[name];
  const limit = limits[name];
  if (limit === undefined) return `${head}.  No limit is specified`;
  if (compareQuantity(limit, bound) > 0) return `${head}, but limit is ${limit}`;
  return request !== undefined && compareQuantity(request, bound) > 0
    ? `${head}, but request is ${request}`
    : undefined;
}

function ratioFault(type: string, name: string, bound: string, { requests, limits }: Amounts): string | undefined {
  const head = `${name} max limit to request ratio per ${type} is ${bound}`;
  const request = milliValue(requests[name]);
  const limit = milliValue(limits[name]);
  if (request === 0) return `${head}, but no request is specified or request is 0`;
  if (limit === 0) return `${head}, but no limit is specified or limit is 0`;
  const ratio = limit / request;
  return ratio * 1000 > milliValue(bound) ? `${head}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}
