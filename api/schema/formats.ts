import { DecodeError, decodeTime } from './decode-scalars.ts';

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const OCTET = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const HOSTNAME =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*$/;
const EMAIL = /^[^\s@]+@[^\s@]+$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const DURATION =
  /^\d+(?:\.\d+)?\s*(?:ns|nano(?:second)?s?|us|µs|micro(?:second)?s?|ms|milli(?:second)?s?|s|seconds?|m|min|minutes?|h|hr|hours?|d|days?|w|wk|weeks?)$/;
const GO_DURATION =
  /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))*$/;

function isIPv6(text: string): boolean {
  if (!text.includes(':') || !/^[0-9a-fA-F:.]+$/.test(text)) return false;
  try {
    return new URL(`http://[${text}]/`).hostname !== '';
  } catch {
    return false;
  }
}

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...more] = text.split('/');
  if (more.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  return IPV4.test(address) ? Number(bits) <= 32 : isIPv6(address) && Number(bits) <= 128;
}

function isUri(text: string): boolean {
  return text.startsWith('/') || /^[A-Za-z][-+.A-Za-z0-9]*:/.test(text);
}

function isDateTime(text: string): boolean {
  try {
    decodeTime(text, false);
    return true;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

const CHECKS: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': isDateTime,
  datetime: isDateTime,
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && isDateTime(`${text}T00:00:00Z`),
  duration: (text) => DURATION.test(text) || GO_DURATION.test(text),
  uuid: (text) => UUID.test(text),
  ipv4: (text) => IPV4.test(text),
  ipv6: isIPv6,
  cidr: isCidr,
  hostname: (text) => HOSTNAME.test(text),
  email: (text) => EMAIL.test(text),
  uri: isUri,
  byte: (text) => text.length % 4 === 0 && BASE64.test(text),
  hexcolor: (text) => /^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text),
  mac: (text) => /^[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}$/.test(text),
};

/** Whether a text fits a `format` of a CRD's schema; formats that Kubernetes does not know fit everything. */
export const fitsFormat = (format: string, text: string): boolean => CHECKS[format]?.(text) ?? true;

/**
 * A regular expression in Go's syntax (RE2) as JavaScript's; undefined when it is none.
 * Differences that occur in practice: flags at the front, `(?P<name>…)`, `\A` and `\z`, POSIX classes.
 */
export function goPattern(source: string): RegExp | undefined {
  const leading = /^\(\?([ims]+)\)/.exec(source);
  const body = source
    .slice(leading?.[0].length ?? 0)
    .replaceAll('(?P<', '(?<')
    .replaceAll('\\A', '^')
    .replaceAll('\\z', '$')
    .replaceAll('[:alpha:]', 'A-Za-z')
    .replaceAll('[:digit:]', '0-9')
    .replaceAll('[:alnum:]', 'A-Za-z0-9')
    .replaceAll('[:space:]', '\\s')
    .replaceAll('[:lower:]', 'a-z')
    .replaceAll('[:upper:]', 'A-Z');
  try {
    return new RegExp(body, leading?.[1] ?? '');
  } catch {
    return undefined;
  }
}
