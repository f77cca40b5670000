import { deepEqual } from '#api/meta/deep-equal.ts';
import { type FieldError, forbidden, invalid, notSupported, requiredValue } from '#api/meta/field-error.ts';
import { DEFAULT_PRIORITY_LEVELS } from './default-objects.ts';
import type {
  ExemptPriorityLevelConfiguration,
  LimitedPriorityLevelConfiguration,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from './prioritylevelconfiguration.ts';

const TYPES = ['Exempt', 'Limited'];
const RESPONSES = ['Queue', 'Reject'];
const MAX_QUEUES = 10_000_000;
/** A hand is dealt out of a hash of so many bits (apiserver: shufflesharding). */
const HASH_BITS = 60;

/** The faults of a PriorityLevelConfiguration's spec (flowcontrol validation). */
export function validatePriorityLevel({ metadata, spec }: PriorityLevelConfiguration): FieldError[] {
  const { type = '', limited, exempt } = spec ?? {};
  const errors: FieldError[] = [];
  if ((metadata.name === 'exempt') !== (type === 'Exempt'))
    errors.push(invalid('spec.type', type, "type must be 'Exempt' if and only if name is 'exempt'"));
  if (type === 'Exempt') {
    if (limited !== undefined) errors.push(forbidden('spec.limited', 'must be nil if the type is not Limited'));
    if (exempt !== undefined) errors.push(...validateShares(exempt, 'spec.exempt'));
  } else if (type === 'Limited') {
    if (exempt !== undefined) errors.push(forbidden('spec.exempt', 'must be nil if the type is Limited'));
    if (limited === undefined) errors.push(requiredValue('spec.limited', 'must not be empty when type is Limited'));
    else errors.push(...validateLimited(limited, 'spec.limited'));
  } else errors.push(notSupported('spec.type', type, TYPES));
  const fixed = DEFAULT_PRIORITY_LEVELS.find(({ name, mandatory }) => mandatory && name === metadata.name);
  if (fixed === undefined) return errors;
  // What is set aside for the level without limit is for the operator to say.
  const { exempt: _, ...rest } = spec ?? {};
  const { exempt: own, ...wanted } = fixed.spec;
  if (own === undefined ? !deepEqual(spec, fixed.spec) : !deepEqual(rest, wanted))
    errors.push(
      invalid(
        'spec',
        spec,
        `spec of '${fixed.name}'${own === undefined ? '' : " except the 'spec.exempt' field"} must equal the fixed value`,
      ),
    );
  return errors;
}

function validateNominal(shares: number | undefined, path: string): FieldError[] {
  return shares !== undefined && shares < 0
    ? [invalid(`${path}.nominalConcurrencyShares`, shares, 'must be a non-negative integer')]
    : [];
}

function validateLendable(percent: number | undefined, path: string): FieldError[] {
  return percent !== undefined && (percent < 0 || percent > 100)
    ? [invalid(`${path}.lendablePercent`, percent, 'must be between 0 and 100, inclusive')]
    : [];
}

const validateShares = (given: ExemptPriorityLevelConfiguration, path: string): FieldError[] => [
  ...validateNominal(given.nominalConcurrencyShares, path),
  ...validateLendable(given.lendablePercent, path),
];

function validateLimited(limited: LimitedPriorityLevelConfiguration, path: string): FieldError[] {
  const { limitResponse, borrowingLimitPercent: borrowing } = limited;
  const errors = validateNominal(limited.nominalConcurrencyShares, path);
  const type = limitResponse?.type ?? '';
  const queuing = limitResponse?.queuing;
  const here = `${path}.limitResponse`;
  if (type === 'Reject') {
    if (queuing !== undefined)
      errors.push(forbidden(`${here}.queuing`, 'must be nil if limited.limitResponse.type is not Limited'));
  } else if (type === 'Queue') {
    if (queuing === undefined)
      errors.push(requiredValue(`${here}.queuing`, 'must not be empty if limited.limitResponse.type is Limited'));
    else errors.push(...validateQueuing(queuing, `${here}.queuing`));
  } else errors.push(notSupported(`${here}.type`, type, RESPONSES));
  errors.push(...validateLendable(limited.lendablePercent, path));
  if (borrowing !== undefined && borrowing < 0)
    errors.push(invalid(`${path}.borrowingLimitPercent`, borrowing, 'if specified, must be a non-negative integer'));
  return errors;
}

function validateQueuing({ queues, handSize, queueLengthLimit }: QueuingConfiguration, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (queueLengthLimit <= 0) errors.push(invalid(`${path}.queueLengthLimit`, queueLengthLimit, 'must be positive'));
  if (queues <= 0) errors.push(invalid(`${path}.queues`, queues, 'must be positive'));
  else if (queues > MAX_QUEUES)
    errors.push(invalid(`${path}.queues`, queues, `must not be greater than ${MAX_QUEUES}`));
  const fault = (why: string): number => errors.push(invalid(`${path}.handSize`, handSize, why));
  if (handSize <= 0) fault('must be positive');
  else if (handSize > queues) fault(`should not be greater than queues (${queues})`);
  else if (entropyBits(queues, handSize) > HASH_BITS)
    fault(
      `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${HASH_BITS}`,
    );
  return errors;
}

/** Bits to tell all hands of `handSize` out of `deckSize` apart, in the order in which they are dealt. */
const entropyBits = (deckSize: number, handSize: number): number => Math.ceil(Math.log2(deckSize) * handSize);
