import { bindingSubresource } from './binding.ts';
import { evictionSubresource } from './eviction.ts';
import type { SubresourceParts } from './request.ts';
import type { Subresource } from './subresource.ts';
import { tokenSubresource } from './token.ts';

/** The subresources that need nothing but the store; those that reach a node (log, exec …) are made where the node sessions are. */
export const hubSubresources = (parts: SubresourceParts): Subresource[] => [
  bindingSubresource(parts),
  evictionSubresource(parts),
  tokenSubresource(parts),
];
