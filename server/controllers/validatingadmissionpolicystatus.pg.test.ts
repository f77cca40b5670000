import { afterAll, beforeAll, expect, test } from 'bun:test';
import { validatingAdmissionPolicyKind } from '#api/kinds/admissionregistration/validatingadmissionpolicy.ts';
import { type ControlPlane, startControlPlane } from '#test/support/control-plane.ts';
import { eventually } from '#test/support/eventually.ts';

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane();
});
afterAll(() => plane.stop());

test('the status of a policy follows each generation', async () => {
  const { client } = plane;
  const rule = { operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] };
  await client.create(validatingAdmissionPolicyKind, {
    kind: 'ValidatingAdmissionPolicy',
    apiVersion: 'admissionregistration.k8s.io/v1',
    metadata: { name: 'p' },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {}, resourceRules: [rule] },
      validations: [{ expression: 'object.spec.nope > 1' }],
    },
  });
  const status = () => client.get(validatingAdmissionPolicyKind, '', 'p')?.status;
  await eventually(() => {
    expect(status()?.observedGeneration).toBe(1);
    expect(status()?.typeChecking?.expressionWarnings).toHaveLength(1);
  });
  await client.update(validatingAdmissionPolicyKind, '', 'p', (copy) => {
    if (copy.spec !== undefined) copy.spec.validations = [{ expression: 'object.spec.replicas > 1' }];
  });
  await eventually(() => expect(status()).toEqual({ observedGeneration: 2, typeChecking: {} }));
});
