import type { User } from '#server/store/registry.ts';

/** Turns a bearer token into a user. */
export interface Authenticator {
  /** Undefined when no authority knows the token (401). */
  authenticate(token: string): Promise<User | undefined>;
}

/** What a token stands for among `audiences`, or what is wrong with it. */
export type ReviewedToken =
  | { readonly user: User; readonly audiences: readonly string[] }
  | {
      /** Upstream's text. */
      readonly error: string;
    };

/** Looks at tokens on behalf of others. */
export interface TokenReviewer {
  /** `audiences` empty: those of this API. */
  review(token: string, audiences: readonly string[]): Promise<ReviewedToken>;
}

/** An object, told apart from others that had its name. */
export interface ObjectIdentity {
  readonly name: string;
  readonly uid: string;
}

/** A service account token to be made. `pod`, `secret` or `node` binds it to that object's life. */
export interface ServiceAccountTokenRequest {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Empty: this API. */
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly pod?: ObjectIdentity;
  readonly secret?: ObjectIdentity;
  readonly node?: ObjectIdentity;
}

/** Makes and checks the cluster's own tokens. */
export interface TokenIssuer {
  serviceAccountToken(
    request: ServiceAccountTokenRequest,
  ): Promise<{ readonly token: string; readonly expirationTimestamp: string }>;
  /** A credential for one node, user `system:node:<name>`, group `system:nodes`. */
  nodeToken(nodeName: string): Promise<string>;
  /** Is this a join token that `skep token create` made and that has not expired or been deleted. */
  isJoinToken(token: string): Promise<boolean>;
}

/** What others need to check this cluster's service account tokens. */
export interface TokenKeySet {
  readonly issuer: string;
  /** The public keys as JSON Web Keys (RFC 7517), each with `kid`, `alg` and `use`. */
  publicKeys(): readonly Readonly<Record<string, unknown>>[];
}

/** How servers of one cluster know each other. */
export interface ServerTokens {
  /** A credential for a connection that is about to be made to another server; it holds for a minute and opens nothing else. */
  serverToken(): Promise<string>;
  /** Is this one that a server of this cluster made. */
  isServerToken(token: string): Promise<boolean>;
}
