import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  decode,
  type DecodedPacket,
  encode,
  type Question,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import type { ClusterRecord } from './cluster-zone.ts';

/** The response codes that this server gives, as RFC 1035 numbers them. */
export const RCODE = { noError: 0, formatError: 1, serverFailure: 2, noSuchName: 3, notImplemented: 4 } as const;

/** Seconds for which a client may keep an answer about the cluster: short, for endpoints come and go. */
export const TTL_SECONDS = 5;

const PLAIN_UDP_BYTES = 512;
/** What fits a packet on every path (DNS flag day 2020). */
const MAX_UDP_BYTES = 1232;
const OPCODE_MASK = 0x7800;

/** A question that was understood, with what its answer must repeat. */
export interface Query {
  readonly id: number;
  readonly flags: number;
  readonly question: Question;
  /** Undefined when the client speaks plain DNS without extensions. */
  readonly udpPayloadBytes: number | undefined;
}

/** Reads a query; undefined when nothing can be answered, a code when the answer is that code alone. */
export function readQuery(message: Uint8Array): Query | { readonly id: number; readonly refused: number } | undefined {
  if (message.length < 12 || ((message[2] ?? 0) & 0x80) !== 0) return undefined;
  const id = ((message[0] ?? 0) << 8) | (message[1] ?? 0);
  let packet: DecodedPacket;
  try {
    packet = decode(Buffer.from(message));
  } catch {
    return { id, refused: RCODE.formatError };
  }
  const flags = packet.flags ?? 0;
  if ((flags & OPCODE_MASK) !== 0) return { id, refused: RCODE.notImplemented };
  const [question, second] = packet.questions ?? [];
  if (question === undefined || second !== undefined) return { id, refused: RCODE.formatError };
  const extension = packet.additionals?.find((one) => one.type === 'OPT');
  return {
    id,
    flags,
    question,
    udpPayloadBytes: extension?.type === 'OPT' ? extension.udpPayloadSize : undefined,
  };
}

/** An answer that is only a code, for a query that could not be read. */
export const writeRefusal = (id: number, code: number): Uint8Array => encode({ type: 'response', id, flags: code });

/** What a response holds beside the repeated question. */
export interface Response {
  readonly code: number;
  readonly authoritative: boolean;
  readonly answers: readonly Answer[];
  readonly authorities?: readonly Answer[];
  readonly additionals?: readonly Answer[];
}

/** A response on the wire. Over UDP as many answers as fit, marked truncated when some did not: the client then asks again over TCP. */
export function writeResponse(query: Query, response: Response, transport: 'udp' | 'tcp'): Uint8Array {
  const limit =
    transport === 'tcp'
      ? 65_535
      : Math.min(Math.max(query.udpPayloadBytes ?? PLAIN_UDP_BYTES, PLAIN_UDP_BYTES), MAX_UDP_BYTES);
  const extension: Answer[] =
    query.udpPayloadBytes === undefined
      ? []
      : [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: MAX_UDP_BYTES,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ];
  const flags =
    (query.flags & RECURSION_DESIRED) |
    RECURSION_AVAILABLE |
    (response.authoritative ? AUTHORITATIVE_ANSWER : 0) |
    response.code;
  const attempt = (answers: readonly Answer[], extra: readonly Answer[], more: number): Uint8Array =>
    encode({
      type: 'response',
      id: query.id,
      flags: flags | more,
      questions: [query.question],
      answers: [...answers],
      authorities: [...(response.authorities ?? [])],
      additionals: [...extra, ...extension],
    });
  const whole = attempt(response.answers, response.additionals ?? [], 0);
  if (whole.length <= limit) return whole;
  // Additional records are a courtesy: leaving them out is no truncation.
  for (let count = response.answers.length; count >= 0; count -= 1) {
    const part = attempt(
      response.answers.slice(0, count),
      [],
      count < response.answers.length ? TRUNCATED_RESPONSE : 0,
    );
    if (part.length <= limit) return part;
  }
  return writeRefusal(query.id, RCODE.serverFailure);
}

/** A query for the same client, about another name. */
export const writeQuery = (query: Query, name: string): Uint8Array =>
  encode({
    type: 'query',
    id: query.id,
    flags: RECURSION_DESIRED,
    questions: [{ ...query.question, name }],
  });

/** The answers and the code of a response from another resolver; undefined when it cannot be read. */
export function readAnswers(
  message: Uint8Array,
): { readonly answers: readonly Answer[]; readonly code: number } | undefined {
  try {
    const packet = decode(Buffer.from(message));
    return { answers: packet.answers ?? [], code: (packet.flags ?? 0) & 15 };
  } catch {
    return undefined;
  }
}

/** A record of the cluster as an answer. */
export function answerOf(record: ClusterRecord): Answer {
  const base = { name: record.name, ttl: TTL_SECONDS };
  switch (record.type) {
    case 'A':
      return { ...base, type: 'A', data: record.address };
    case 'CNAME':
      return { ...base, type: 'CNAME', data: record.target };
    case 'PTR':
      return { ...base, type: 'PTR', data: record.target };
    case 'SRV':
      return { ...base, type: 'SRV', data: { priority: 0, weight: 100, port: record.port, target: record.target } };
  }
}

/** The start-of-authority record that goes with "no such name" and "no such record": it tells for how long that may be remembered. */
export const authorityOf = (domain: string, serial: number): Answer => ({
  type: 'SOA',
  name: domain,
  ttl: TTL_SECONDS,
  data: {
    mname: `ns.dns.${domain}`,
    rname: `hostmaster.${domain}`,
    serial,
    refresh: 7200,
    retry: 1800,
    expire: 86_400,
    minimum: TTL_SECONDS,
  },
});
