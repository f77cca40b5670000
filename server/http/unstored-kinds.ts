import { type Kind, resourceOf } from '#api/kind.ts';
import { componentStatusKind } from '#api/kinds/core/componentstatus.ts';
import { MEASURED_KINDS } from '#api/kinds/index.ts';
import type { ResourceRequest } from './api-context.ts';
import { componentStatus } from './component-status.ts';
import { measured } from './measured.ts';
import { refuseTable } from './negotiate.ts';
import { REVIEW_KINDS, review } from './reviews.ts';

/** The kinds that are served and never stored: what is asked and answered, and what is made up when somebody looks. */
export const UNSTORED_KINDS: readonly Kind[] = [...REVIEW_KINDS, ...MEASURED_KINDS, componentStatusKind as Kind];

/** Answers a request on such a kind; undefined when the kind is a stored one. */
export function answerUnstored(request: ResourceRequest): Promise<Response> | undefined {
  const { kind } = request;
  if (resourceOf(kind) === resourceOf(componentStatusKind)) return componentStatus(request);
  if (MEASURED_KINDS.includes(kind)) return measured(request);
  if (kind.verbs.includes('get')) return undefined;
  if (request.form.as === 'Table') refuseTable(request.request.headers.get('accept'));
  return review(request);
}
