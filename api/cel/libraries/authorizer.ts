import type { Environment } from '@marcbachmann/cel-js';
import { define } from './define.ts';

/** What an authorizer of an expression is asked. */
export interface AccessQuestion {
  readonly verb: string;
  /** Set for paths that are no resources. */
  readonly path?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Another than the request's user. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
}

/** What it answers. */
export interface AccessAnswer {
  readonly allowed: boolean;
  readonly reason?: string;
  readonly error?: string;
}

/** Answers for the user of the request. */
export type Access = (question: AccessQuestion) => AccessAnswer;

type Part = Omit<AccessQuestion, 'verb'>;

/** The value of the variable `authorizer`. */
export class Authorizer {
  readonly access: Access;
  readonly part: Part;
  /** The question about the request itself, in expressions `authorizer.requestResource`. */
  readonly requestResource: object | undefined;
  constructor(access: Access, part: Part = {}, request?: Part) {
    this.access = access;
    this.part = part;
    this.requestResource = request === undefined ? undefined : new ResourceCheck(access, request);
  }
}

class PathCheck extends Authorizer {}
class GroupCheck extends Authorizer {}
class ResourceCheck extends Authorizer {}

class Decision {
  readonly answer: AccessAnswer;
  constructor(answer: AccessAnswer) {
    this.answer = answer;
  }
}

/** Type names of the variables. */
export const AUTHORIZER_TYPE = 'kubernetes.authorization.Authorizer';
const RESOURCE_CHECK_TYPE = 'kubernetes.authorization.ResourceCheck';
const PATH = 'kubernetes.authorization.PathCheck';
const GROUP = 'kubernetes.authorization.GroupCheck';
const DECISION = 'kubernetes.authorization.Decision';

/** Kubernetes' authorizer library. The variable itself is the caller's to declare. */
export function addAuthorizerFunctions(environment: Environment): void {
  environment.registerType(RESOURCE_CHECK_TYPE, { ctor: ResourceCheck, fields: {} });
  environment.registerType(AUTHORIZER_TYPE, { ctor: Authorizer, fields: { requestResource: RESOURCE_CHECK_TYPE } });
  environment.registerType(PATH, { ctor: PathCheck, fields: {} });
  environment.registerType(GROUP, { ctor: GroupCheck, fields: {} });
  environment.registerType(DECISION, { ctor: Decision, fields: {} });
  const refine =
    (field: keyof Part) =>
    ({ access, part }: ResourceCheck, value: string): ResourceCheck =>
      new ResourceCheck(access, { ...part, [field]: value });
  const check = ({ access, part }: Authorizer, verb: string): Decision => new Decision(access({ ...part, verb }));
  define(environment, [
    [
      `${AUTHORIZER_TYPE}.path(string): ${PATH}`,
      ({ access, part }: Authorizer, path: string) => new PathCheck(access, { ...part, path }),
    ],
    [
      `${AUTHORIZER_TYPE}.group(string): ${GROUP}`,
      ({ access, part }: Authorizer, group: string) => new GroupCheck(access, { ...part, group }),
    ],
    [
      `${AUTHORIZER_TYPE}.serviceAccount(string, string): ${AUTHORIZER_TYPE}`,
      ({ access, part }: Authorizer, namespace: string, name: string) =>
        new Authorizer(access, { ...part, serviceAccount: { namespace, name } }),
    ],
    [
      `${GROUP}.resource(string): ${RESOURCE_CHECK_TYPE}`,
      ({ access, part }: GroupCheck, resource: string) => new ResourceCheck(access, { ...part, resource }),
    ],
    [`${RESOURCE_CHECK_TYPE}.subresource(string): ${RESOURCE_CHECK_TYPE}`, refine('subresource')],
    [`${RESOURCE_CHECK_TYPE}.namespace(string): ${RESOURCE_CHECK_TYPE}`, refine('namespace')],
    [`${RESOURCE_CHECK_TYPE}.name(string): ${RESOURCE_CHECK_TYPE}`, refine('name')],
    [`${RESOURCE_CHECK_TYPE}.fieldSelector(string): ${RESOURCE_CHECK_TYPE}`, refine('fieldSelector')],
    [`${RESOURCE_CHECK_TYPE}.labelSelector(string): ${RESOURCE_CHECK_TYPE}`, refine('labelSelector')],
    [`${RESOURCE_CHECK_TYPE}.check(string): ${DECISION}`, check],
    [`${PATH}.check(string): ${DECISION}`, check],
    [`${DECISION}.allowed(): bool`, ({ answer }: Decision) => answer.allowed],
    [`${DECISION}.reason(): string`, ({ answer }: Decision) => answer.reason ?? ''],
    [`${DECISION}.errored(): bool`, ({ answer }: Decision) => answer.error !== undefined],
    [`${DECISION}.error(): string`, ({ answer }: Decision) => answer.error ?? ''],
  ]);
}
