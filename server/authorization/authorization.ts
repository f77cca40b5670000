import type { Client } from '#server/store/client.ts';
import { type Authorizer, Authorizers } from './authorizer.ts';
import { EscalationCheck } from './escalation.ts';
import { NodeAuthorizer } from './node-authorizer.ts';
import { Rbac } from './rbac.ts';
import { SignerCheck } from './signers.ts';

/**
 * Who may do what, put together: nodes by what is theirs, everybody else by roles. States: made (only masters may do anything) → started
 * → stopped. It is made before the registry, whose admission needs `plugins`, and started with the client that stands on it.
 */
export class Authorization {
  readonly rbac = new Rbac();
  readonly #nodes = new NodeAuthorizer();
  readonly authorizer: Authorizer = new Authorizers([this.#nodes, this.rbac]);
  /** To be the last of the admission plugins. */
  readonly plugins = [new SignerCheck(this.authorizer), new EscalationCheck(this.rbac, this.authorizer)] as const;

  /** Begins to follow roles and bindings. */
  start(client: Pick<Client, 'get' | 'list' | 'watch'>): void {
    this.#nodes.start(client);
    this.rbac.start(client);
  }

  /** Ends that. */
  stop(): void {
    this.rbac.stop();
  }
}
