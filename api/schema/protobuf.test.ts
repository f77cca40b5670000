import { describe, expect, test } from 'bun:test';
import { configMapKind } from '#api/kinds/core/configmap.ts';
import { eventKind } from '#api/kinds/core/event.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { serviceKind } from '#api/kinds/core/service.ts';
import { DeleteOptions } from '#api/meta/delete-options.ts';
import { StatusError } from '#api/meta/status.ts';
import type { TSchema } from './builders.ts';
import { decode } from './decode.ts';
import { decodeProtobuf } from './protobuf.ts';

const SCHEMAS: Readonly<Record<string, TSchema>> = {
  ConfigMap: configMapKind.schema,
  Pod: podKind.schema,
  Service: serviceKind.schema,
  Event: eventKind.schema,
  DeleteOptions,
};
const EXPECTED = { apiVersion: 'v1', kind: 'ConfigMap' };
const read = (data: Uint8Array, expected = EXPECTED) =>
  decodeProtobuf(data, expected, (_version, kind) => SCHEMAS[kind]);
const hex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)];

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}
const message = (number: number, ...parts: number[][]): number[] => {
  const body = parts.flat();
  return [...varint(number * 8 + 2), ...varint(body.length), ...body];
};
const text = (number: number, value: string): number[] => message(number, utf8(value));
const int = (number: number, value: number): number[] => [...varint(number * 8), ...varint(value)];
const envelope = (apiVersion: string, kind: string, ...body: number[][]): Uint8Array =>
  Uint8Array.from([0x6b, 0x38, 0x73, 0, ...message(1, text(1, apiVersion), text(2, kind)), ...message(2, ...body)]);

describe('decodeProtobuf() reads what kubectl 1.33 sends', () => {
  test('create configmap cm --from-literal=a=b', () => {
    const body = hex(
      '6b3873000a0f0a0276311209436f6e6669674d6170121c0a120a02636d12001a0022002a0032003800420012060a01611201621a002200',
    );
    expect(decode(configMapKind, read(body).value).object).toEqual({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'cm' },
      data: { a: 'b' },
    });
  });

  test('create service nodeport svc --tcp=80:8080 --node-port=30080', () => {
    const body = hex(
      '6b3873000a0d0a027631120753657276696365126a0a1f0a0373766312001a0022002a003200380042005a0a0a03617070120373766312430a1d0a0738302d38303830120354435018502207080010903f1a002880eb01120a0a0361707012037376631a0022084e6f6465506f72743a00420052005a00600068001a020a001a002200',
    );
    expect(decode(serviceKind, read(body).value).object).toEqual({
      kind: 'Service',
      apiVersion: 'v1',
      metadata: { name: 'svc', labels: { app: 'svc' } },
      spec: {
        ports: [{ name: '80-8080', protocol: 'TCP', port: 80, targetPort: 8080, nodePort: 30080 }],
        selector: { app: 'svc' },
        type: 'NodePort',
      },
      status: { loadBalancer: {} },
    });
  });
});

describe('decodeProtobuf()', () => {
  test('reads times, quantities, bytes, raw JSON, embedded and repeated messages', () => {
    const metadata = message(
      1,
      text(1, 'p'),
      message(8, int(1, 1_795_244_400)),
      message(17, text(1, 'm'), message(7, text(1, '{"f:a":{}}'))),
    );
    const limits = message(8, message(1, text(1, 'cpu'), message(2, text(1, '500m'))));
    const probe = message(10, message(1, message(2, text(1, '/x'), message(2, int(1, 1), text(3, 'http')))), int(2, 5));
    const volume = message(1, text(1, 'v'), message(2, message(1, text(1, '/data'))));
    const body = envelope(
      'v1',
      'Pod',
      metadata,
      message(2, volume, message(2, text(1, 'c'), limits, probe), int(4, 0), int(25, -7)),
    );
    expect(decode(podKind, read(body).value).object).toMatchObject({
      metadata: {
        name: 'p',
        creationTimestamp: '2026-11-21T07:00:00Z',
        managedFields: [{ manager: 'm', fieldsV1: { 'f:a': {} } }],
      },
      spec: {
        volumes: [{ name: 'v', hostPath: { path: '/data' } }],
        containers: [
          {
            name: 'c',
            resources: { limits: { cpu: '500m' } },
            livenessProbe: { httpGet: { path: '/x', port: 'http' }, initialDelaySeconds: 5 },
          },
        ],
        terminationGracePeriodSeconds: 0,
        priority: -7,
      },
    });
    const binary = envelope('v1', 'ConfigMap', message(3, text(1, 'k'), message(2, [0, 255, 1])));
    expect(read(binary).value['binaryData']).toEqual({ k: 'AP8B' });
  });

  test('reads microseconds', () => {
    const body = envelope('v1', 'Event', message(10, int(1, 1_795_244_400), int(2, 123_456_789)));
    expect(read(body).value['eventTime']).toBe('2026-11-21T07:00:00.123456Z');
  });

  test('reads DeleteOptions, and skips fields it does not know', () => {
    const body = envelope(
      'v1',
      'DeleteOptions',
      int(1, 0),
      text(4, 'Foreground'),
      text(5, 'All'),
      text(99, 'x'),
      [0x9d, 6, 1, 2, 3, 4],
    );
    expect(read(body, { apiVersion: 'v1', kind: 'DeleteOptions' }).value).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      gracePeriodSeconds: 0,
      propagationPolicy: 'Foreground',
      dryRun: ['All'],
    });
  });

  test('refuses what is malformed, and kinds that nobody serves', () => {
    expect(() => read(hex('7b7d'))).toThrow(
      'the object provided is unrecognized (must be of type ConfigMap): provided data does not',
    );
    const whole = envelope('v1', 'ConfigMap', message(1, text(1, 'name')));
    expect(() => read(whole.subarray(0, whole.length - 2))).toThrow(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: unexpected EOF',
    );
    expect(() => read(envelope('v2', 'Nope'))).toThrow(
      'Nope in version "v2" cannot be handled as a ConfigMap: no kind "Nope" is registered for version "v2"',
    );
  });

  test('answers random bytes with a value or a StatusError, never with another exception', () => {
    let seed = 42;
    const random = (limit: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor(seed / 4096) % limit;
    };
    const samples = Object.keys(SCHEMAS).map((kind) =>
      envelope('v1', kind, message(1, text(1, 'n'), message(8, int(1, 1))), message(2, text(2, 'x'))),
    );
    let values = 0;
    let refusals = 0;
    for (let round = 0; round < 20_000; round++) {
      const sample = samples[round % samples.length] ?? samples[0];
      const bytes = Uint8Array.from(sample ?? []);
      for (let change = 0; change <= random(2); change++) bytes[4 + random(bytes.length - 4)] = random(256);
      try {
        decodeProtobuf(
          bytes.subarray(0, bytes.length - random(2)),
          EXPECTED,
          (_version, kind) => SCHEMAS[kind] ?? podKind.schema,
        );
        values++;
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        refusals++;
      }
    }
    expect(values).toBeGreaterThan(200);
    expect(refusals).toBeGreaterThan(1000);
  });
});
