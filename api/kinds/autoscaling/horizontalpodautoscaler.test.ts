import { expect, test } from 'bun:test';
import { validateCreate } from '#api/meta/object-meta-validation.ts';
import { decode } from '#api/schema/decode.ts';
import { fromV1, toV1 } from './horizontalpodautoscaler-conversion.ts';
import { horizontalPodAutoscalerV1Kind } from './horizontalpodautoscaler-v1.ts';
import { type HorizontalPodAutoscaler, horizontalPodAutoscalerKind } from './horizontalpodautoscaler.ts';

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };
const target = { type: 'Utilization', averageUtilization: 50 };

function autoscaler(spec: object = {}, status: object = {}): HorizontalPodAutoscaler {
  const metadata = { name: 'a', namespace: 'n' };
  const { object } = decode(horizontalPodAutoscalerKind, {
    metadata,
    spec: { scaleTargetRef, maxReplicas: 3, ...spec },
    status,
  });
  horizontalPodAutoscalerKind.applyDefaults?.(object);
  return object;
}

test('without metrics it goes by 80 % CPU; behavior is completed for both directions', () => {
  expect(autoscaler().spec.metrics).toEqual([
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
  ]);
  const { behavior } = autoscaler({ behavior: { scaleDown: { selectPolicy: 'Disabled' } } }).spec;
  expect(behavior?.scaleDown).toEqual({
    selectPolicy: 'Disabled',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  });
  expect(behavior?.scaleUp).toMatchObject({ stabilizationWindowSeconds: 0, selectPolicy: 'Max' });
});

test('all that v1 has no field for goes through it and back in annotations', () => {
  const selector = { matchLabels: { a: 'b' } };
  const metric = { name: 'm', selector };
  const stored = autoscaler(
    {
      metrics: [
        { type: 'Pods', pods: { metric, target: { type: 'AverageValue', averageValue: '10' } } },
        { type: 'External', external: { metric, target: { type: 'Value', value: '5' } } },
        { type: 'Object', object: { describedObject: scaleTargetRef, metric, target: { type: 'Value', value: '7' } } },
        { type: 'ContainerResource', containerResource: { name: 'memory', container: 'c', target } },
        { type: 'Resource', resource: { name: 'cpu', target } },
      ],
      behavior: { scaleUp: { stabilizationWindowSeconds: 3 } },
    },
    {
      currentReplicas: 2,
      desiredReplicas: 3,
      currentMetrics: [
        { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 40, averageValue: '40m' } } },
      ],
      conditions: [{ type: 'AbleToScale', status: 'True', reason: 'Ready' }],
    },
  );
  const served = toV1(stored);
  expect(served.spec).toEqual({ scaleTargetRef, minReplicas: 1, maxReplicas: 3, targetCPUUtilizationPercentage: 50 });
  expect(served.status).toEqual({ currentReplicas: 2, desiredReplicas: 3, currentCPUUtilizationPercentage: 40 });
  expect(served.metadata.annotations?.['autoscaling.alpha.kubernetes.io/metrics']).toStartWith(
    '[{"type":"Pods","pods":{"metricName":"m","targetAverageValue":"10","selector":{"matchLabels":{"a":"b"}}}},',
  );
  expect(served.metadata.annotations?.['autoscaling.alpha.kubernetes.io/behavior']).toStartWith(
    '{"ScaleUp":{"StabilizationWindowSeconds":3,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15}',
  );
  expect(fromV1(served)).toEqual(stored);
});

test('an annotation that cannot be read counts for nothing and goes', () => {
  const served = toV1(autoscaler());
  for (const text of ['{', '[{"type":5}]', '"x"']) {
    served.metadata.annotations = { 'autoscaling.alpha.kubernetes.io/metrics': text, keep: 'x' };
    const stored = fromV1(served);
    expect(stored.spec.metrics).toHaveLength(1);
    expect(stored.metadata.annotations).toEqual({ keep: 'x' });
  }
});

test('both versions show the same columns', () => {
  const stored = autoscaler(
    { metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }] },
    {
      currentMetrics: [
        { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 7, averageValue: '7m' } } },
      ],
    },
  );
  const shown = horizontalPodAutoscalerKind.columns.map((column) => column.cell(stored, new Date(0)));
  expect(shown.slice(0, 6)).toEqual(['a', 'Deployment/d', 'cpu: 7%/50%', '1', 3, 0]);
  const served = toV1(stored);
  expect(horizontalPodAutoscalerV1Kind.columns.map((column) => column.cell(served, new Date(0)))).toEqual(shown);
});

test.each([
  [{ maxReplicas: 0 }, ['spec.maxReplicas', 'spec.maxReplicas']],
  [{ minReplicas: 0 }, ['spec.minReplicas', 'spec.metrics']],
  [{ scaleTargetRef: { kind: 'a/b', name: '' } }, ['spec.scaleTargetRef.kind', 'spec.scaleTargetRef.name']],
  [{ metrics: [{ type: 'X' }] }, ['spec.metrics[0].type', 'spec.metrics[0].type']],
  [
    { metrics: [{ type: 'Pods', pods: { metric: { name: '' }, target: { type: 'Value', value: '-1' } } }] },
    [
      'spec.metrics[0].pods.metric.name',
      'spec.metrics[0].pods.target.value',
      'spec.metrics[0].pods.target.averageValue',
    ],
  ],
  [
    {
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { ...target, averageValue: '1' } },
          external: { metric: { name: 'm' }, target: { type: 'Value', value: '1' } },
        },
      ],
    },
    ['spec.metrics[0].external'],
  ],
  [
    {
      behavior: {
        scaleUp: { stabilizationWindowSeconds: 4000, policies: [{ type: 'X', value: 0, periodSeconds: 2000 }] },
      },
    },
    [
      'spec.behavior.scaleUp.stabilizationWindowSeconds',
      'spec.behavior.scaleUp.policies[0].type',
      'spec.behavior.scaleUp.policies[0].value',
      'spec.behavior.scaleUp.policies[0].periodSeconds',
    ],
  ],
])('an autoscaler with %j is refused for %j', (spec, fields) => {
  expect(validateCreate(horizontalPodAutoscalerKind, autoscaler(spec)).map(({ field }) => field)).toEqual(fields);
});
