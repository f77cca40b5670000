import { Environment } from '@marcbachmann/cel-js';
import type { CelType } from './cel-type.ts';
import { celEquals } from './cel-value.ts';
import { addAuthorizerFunctions } from './libraries/authorizer.ts';
import { addFormatFunctions } from './libraries/formats.ts';
import { addListFunctions } from './libraries/lists.ts';
import { addNetworkFunctions } from './libraries/network.ts';
import { addQuantityFunctions } from './libraries/quantities.ts';
import { addSemverFunctions } from './libraries/semver.ts';
import { addStringFunctions } from './libraries/strings.ts';
import { addTwoVariableMacros } from './libraries/two-variables.ts';
import { addURLFunctions } from './libraries/urls.ts';

/** A variable's type: by a schema, or the library's name of it (`dyn`, `map<string, dyn>`). `optional` wraps it. */
export interface Variable {
  readonly type: CelType | string;
  readonly optional?: boolean;
}

/** Nesting as deep as Go's parser goes; the other limits keep compilation short. */
const LIMITS = { maxAstNodes: 20_000, maxDepth: 250, maxListElements: 1000, maxMapEntries: 1000, maxCallArguments: 32 };
const MAX_ENVIRONMENTS = 200;

let base: Environment | undefined;
const functionNames = new Set<string>();
const environments = new Map<string, Environment>();

/** CEL as Kubernetes has it, without variables. Made at first use: a cluster without expressions never needs it. */
function baseEnvironment(): Environment {
  if (base !== undefined) return base;
  const environment = new Environment({
    enableOptionalTypes: true,
    // `format` takes lists of all sorts.
    homogeneousAggregateLiterals: false,
    limits: LIMITS,
  });
  addListFunctions(environment);
  addStringFunctions(environment);
  addNetworkFunctions(environment);
  addURLFunctions(environment);
  addQuantityFunctions(environment);
  addFormatFunctions(environment);
  addSemverFunctions(environment);
  addTwoVariableMacros(environment);
  addAuthorizerFunctions(environment);
  for (const { name } of environment.getDefinitions().functions) functionNames.add(name);
  for (const name of ['google.protobuf.Timestamp', 'google.protobuf.Duration'])
    environment.registerOperator(`${name} == null`, celEquals);
  base = environment;
  return environment;
}

/** Is there a function of that name. */
export const isFunction = (name: string): boolean => functionNames.has(name);

/** The environment for a set of variables; equal sets share one. */
export function environmentFor(variables: Readonly<Record<string, Variable>>): Environment {
  const key = Object.entries(variables)
    .map(([name, { type, optional }]) => `${name}:${optional === true ? '?' : ''}${nameOf(type)}`)
    .join(' ');
  const known = environments.get(key);
  if (known !== undefined) return known;
  const environment = baseEnvironment().clone();
  const registered = new Set<string>();
  for (const { type } of Object.values(variables))
    if (typeof type !== 'string') register(environment, type, registered);
  for (const [name, { type, optional }] of Object.entries(variables)) {
    environment.registerVariable(name, optional === true ? `optional<${nameOf(type)}>` : nameOf(type));
  }
  if (environments.size >= MAX_ENVIRONMENTS) environments.clear();
  environments.set(key, environment);
  return environment;
}

const nameOf = (type: CelType | string): string => (typeof type === 'string' ? type : type.name);

/** Tells the library of a type's objects, the innermost first. */
function register(environment: Environment, type: CelType, registered: Set<string>): void {
  if (type.element !== undefined) register(environment, type.element, registered);
  if (type.kind !== 'object' || registered.has(type.name)) return;
  registered.add(type.name);
  for (const field of type.fields?.values() ?? []) register(environment, field, registered);
  const fields = Object.fromEntries([...(type.fields ?? [])].map(([name, field]) => [name, field.name]));
  if (type.valueClass === undefined) return;
  environment.registerType(type.name, { ctor: type.valueClass, fields });
  environment.registerOperator(`${type.name} == ${type.name}`, celEquals);
  // As Go's: an object may be null.
  environment.registerOperator(`${type.name} == null`, celEquals);
}
