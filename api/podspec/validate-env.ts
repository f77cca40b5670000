import { type FieldError, eachInvalid, invalid, requiredValue } from '#api/meta/field-error.ts';
import { configMapKey, dns1123Subdomain, envVarName } from '#api/meta/names.ts';
import type { EnvFromSource, EnvVar, EnvVarSource } from '#api/podspec/env.ts';
import { ENV_FIELDS, validateFieldRef, validateResourceRef } from '#api/podspec/validate-selector-fields.ts';

/** The faults of a container's environment variables. */
export const validateEnv = (variables: readonly EnvVar[] | undefined, path: string): FieldError[] =>
  (variables ?? []).flatMap((variable, index) => {
    const here = `${path}[${index}]`;
    return [
      ...(variable.name
        ? eachInvalid(`${here}.name`, variable.name, envVarName(variable.name))
        : [requiredValue(`${here}.name`)]),
      ...(variable.valueFrom === undefined
        ? []
        : validateValueFrom(variable.valueFrom, variable.value ?? '', `${here}.valueFrom`)),
    ];
  });

function validateValueFrom(from: EnvVarSource, value: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let sources = 0;
  if (from.fieldRef !== undefined) {
    sources += 1;
    errors.push(...validateFieldRef(from.fieldRef, ENV_FIELDS, `${path}.fieldRef`));
  }
  if (from.resourceFieldRef !== undefined) {
    sources += 1;
    errors.push(...validateResourceRef(from.resourceFieldRef, `${path}.resourceFieldRef`, false));
  }
  for (const [field, selector] of [
    ['configMapKeyRef', from.configMapKeyRef],
    ['secretKeyRef', from.secretKeyRef],
  ] as const)
    if (selector !== undefined) {
      sources += 1;
      errors.push(...validateKeyRef(selector, `${path}.${field}`));
    }
  if (sources === 0)
    errors.push(
      invalid(path, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'),
    );
  else if (value !== '') errors.push(invalid(path, '', 'may not be specified when `value` is not empty'));
  else if (sources > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
  return errors;
}

function validateKeyRef(
  { name = '', key }: { readonly name?: string; readonly key: string },
  path: string,
): FieldError[] {
  return [
    ...eachInvalid(`${path}.name`, name, dns1123Subdomain(name)),
    ...(key ? eachInvalid(`${path}.key`, key, configMapKey(key)) : [requiredValue(`${path}.key`)]),
  ];
}

/** The faults of what a container takes its environment from; how many sources there are is told of the list, as upstream does. */
export const validateEnvFrom = (sources: readonly EnvFromSource[] | undefined, path: string): FieldError[] =>
  (sources ?? []).flatMap((source, index) => {
    const here = `${path}[${index}]`;
    const errors: FieldError[] = source.prefix
      ? eachInvalid(`${here}.prefix`, source.prefix, envVarName(source.prefix))
      : [];
    const refs = [
      ['configMapRef', source.configMapRef],
      ['secretRef', source.secretRef],
    ] as const;
    for (const [field, ref] of refs)
      if (ref !== undefined)
        errors.push(
          ...(ref.name
            ? eachInvalid(`${here}.${field}.name`, ref.name, dns1123Subdomain(ref.name))
            : [requiredValue(`${here}.${field}.name`)]),
        );
    const count = refs.filter(([, ref]) => ref !== undefined).length;
    if (count === 0) errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    else if (count > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
    return errors;
  });
