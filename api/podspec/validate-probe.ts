import {
  type FieldError,
  eachInvalid,
  forbidden,
  invalid,
  nonNegative,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { httpHeaderName, portName, portNumber } from '#api/meta/names.ts';
import type { HTTPGetAction, Lifecycle, LifecycleHandler, Probe } from '#api/podspec/lifecycle.ts';

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & Pick<LifecycleHandler, 'sleep'>;

/** What the three probes of a container differ in. */
export type ProbeName = 'livenessProbe' | 'readinessProbe' | 'startupProbe';

/** The faults of a probe; `name` decides what it may say. */
export function validateProbe(probe: Probe | undefined, name: ProbeName, path: string): FieldError[] {
  if (probe === undefined) return [];
  const errors = [
    ...validateHandler(probe, path),
    ...nonNegative(`${path}.initialDelaySeconds`, probe.initialDelaySeconds),
    ...nonNegative(`${path}.timeoutSeconds`, probe.timeoutSeconds),
    ...nonNegative(`${path}.periodSeconds`, probe.periodSeconds),
    ...nonNegative(`${path}.successThreshold`, probe.successThreshold),
    ...nonNegative(`${path}.failureThreshold`, probe.failureThreshold),
  ];
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && grace <= 0 && name !== 'readinessProbe')
    errors.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'));
  if (name === 'readinessProbe') {
    if (grace !== undefined)
      errors.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes'));
  } else if ((probe.successThreshold ?? 1) !== 1)
    errors.push(invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1'));
  return errors;
}

/** The faults of what runs after a container's start and before its end. */
export const validateLifecycle = (lifecycle: Lifecycle | undefined, path: string): FieldError[] => [
  ...(lifecycle?.postStart === undefined ? [] : validateHandler(lifecycle.postStart, `${path}.postStart`)),
  ...(lifecycle?.preStop === undefined ? [] : validateHandler(lifecycle.preStop, `${path}.preStop`)),
];

function validateHandler(handler: Handler, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let count = 0;
  const one = (field: string, check: (here: string) => FieldError[]): void => {
    const here = `${path}.${field}`;
    if (count > 0) errors.push(forbidden(here, 'may not specify more than 1 handler type'));
    else errors.push(...check(here));
    count += 1;
  };
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  if (exec !== undefined)
    one('exec', (here) => ((exec.command ?? []).length === 0 ? [requiredValue(`${here}.command`)] : []));
  if (httpGet !== undefined) one('httpGet', (here) => validateHttpGet(httpGet, here));
  if (tcpSocket !== undefined) one('tcpSocket', (here) => validatePortRef(tcpSocket.port, `${here}.port`));
  if (grpc !== undefined) one('grpc', (here) => validatePortRef(grpc.port, `${here}.port`));
  if (sleep !== undefined)
    one('sleep', (here) =>
      (sleep.seconds ?? 0) < 0 ? [invalid(`${here}.seconds`, sleep.seconds, 'must be greater than or equal to 0')] : [],
    );
  if (count === 0) errors.push(requiredValue(path, 'must specify a handler type'));
  return errors;
}

function validateHttpGet(action: HTTPGetAction, path: string): FieldError[] {
  const errors = action.path ? [] : [requiredValue(`${path}.path`)];
  errors.push(...validatePortRef(action.port, `${path}.port`));
  const { scheme = '' } = action;
  if (scheme !== 'HTTP' && scheme !== 'HTTPS') errors.push(notSupported(`${path}.scheme`, scheme, ['HTTP', 'HTTPS']));
  for (const header of action.httpHeaders ?? [])
    errors.push(...eachInvalid(`${path}.httpHeaders`, header.name, httpHeaderName(header.name)));
  return errors;
}

/** A port by number or by its name in the container. */
export const validatePortRef = (port: number | string | undefined, path: string): FieldError[] =>
  typeof port === 'string'
    ? eachInvalid(path, port, portName(port))
    : eachInvalid(path, port ?? 0, portNumber(port ?? 0));
