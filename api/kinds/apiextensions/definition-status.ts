import { approvalOf } from './api-approval.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from './customresourcedefinition.ts';

/** What other definitions and kinds of the group have taken already; lower-case words, except kinds. */
export interface TakenNames {
  /** Plurals, singulars and short names. */
  readonly resources: ReadonlySet<string>;
  /** Kinds and list kinds. */
  readonly kinds: ReadonlySet<string>;
}

type Verdict = Pick<CustomResourceDefinitionCondition, 'type' | 'status' | 'reason' | 'message'>;

/**
 * The status of a definition after a look at its names: NamesAccepted, and Established once they have been accepted (for good: an
 * established definition stays so). `now` is an RFC 3339 time. Pure: whoever serves the kinds writes it. Answers `old` itself when nothing changes.
 */
export function acceptNames(
  definition: CustomResourceDefinition,
  taken: TakenNames,
  now: string,
): CustomResourceDefinitionStatus {
  const { names } = definition.spec;
  const old: CustomResourceDefinitionStatus = definition.status ?? {};
  const conflict = conflictOf(names, taken);
  const wasEstablished = conditionOf(old, 'Established')?.status === 'True';
  const accepted: Verdict =
    conflict === undefined
      ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
      : { type: 'NamesAccepted', status: 'False', ...conflict };
  const established: Verdict =
    conflict === undefined || wasEstablished
      ? {
          type: 'Established',
          status: 'True',
          reason: 'InitialNamesAccepted',
          message: 'the initial names have been accepted',
        }
      : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
  const approval = approvalVerdict(definition);
  const conditions = [accepted, established, ...approval].reduce(
    (list, verdict) => setCondition(list, verdict, now),
    old.conditions ?? [],
  );
  const acceptedNames = conflict === undefined ? names : (old.acceptedNames ?? { plural: '', kind: '' });
  return { ...old, conditions, acceptedNames };
}

const APPROVAL_VERDICTS = {
  unprotected: undefined,
  missing: ['False', 'MissingAnnotation'],
  bypassed: ['False', 'UnapprovedAnnotation'],
  approved: ['True', 'ApprovedAnnotation'],
  invalid: ['False', 'InvalidAnnotation'],
} as const;

/** Only groups of Kubernetes' own are asked whether their reviewers approved. */
function approvalVerdict(definition: CustomResourceDefinition): Verdict[] {
  const { state, reason: message } = approvalOf(definition);
  const [status, reason] = APPROVAL_VERDICTS[state] ?? [];
  if (status === undefined || reason === undefined) return [];
  return [{ type: 'KubernetesAPIApprovalPolicyConformant', status, reason, message }];
}

/** The status of a definition that is being deleted: its objects go first. */
export const terminating = (definition: CustomResourceDefinition, now: string): CustomResourceDefinitionStatus => ({
  ...definition.status,
  conditions: setCondition(
    definition.status?.conditions ?? [],
    {
      type: 'Terminating',
      status: 'True',
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    },
    now,
  ),
});

/** Whether a definition is to be served: its names have been accepted once. */
export const isEstablished = (definition: CustomResourceDefinition): boolean =>
  conditionOf(definition.status ?? {}, 'Established')?.status === 'True';

const conditionOf = (
  status: CustomResourceDefinitionStatus,
  type: string,
): CustomResourceDefinitionCondition | undefined => status.conditions?.find((condition) => condition.type === type);

function setCondition(
  conditions: readonly CustomResourceDefinitionCondition[],
  verdict: Verdict,
  now: string,
): CustomResourceDefinitionCondition[] {
  const old = conditions.find(({ type }) => type === verdict.type);
  const lastTransitionTime = old?.status === verdict.status ? (old.lastTransitionTime ?? now) : now;
  const next = { ...verdict, lastTransitionTime };
  return old === undefined ? [...conditions, next] : conditions.map((one) => (one === old ? next : one));
}

function conflictOf(
  names: CustomResourceDefinitionNames,
  taken: TakenNames,
): { reason: string; message: string } | undefined {
  const inUse = (reason: string, name: string): { reason: string; message: string } => ({
    reason,
    message: `${JSON.stringify(name)} is already in use`,
  });
  if (taken.resources.has(names.plural)) return inUse('PluralConflict', names.plural);
  const singular = names.singular ?? '';
  if (taken.resources.has(singular)) return inUse('SingularConflict', singular);
  const short = names.shortNames?.find((name) => taken.resources.has(name));
  if (short !== undefined) return inUse('ShortNamesConflict', short);
  if (taken.kinds.has(names.kind)) return inUse('KindConflict', names.kind);
  const listKind = names.listKind ?? '';
  return taken.kinds.has(listKind) ? inUse('ListKindConflict', listKind) : undefined;
}
