/**
 * The shapes that names, labels and keys must have, with Kubernetes' own texts (k8s.io/apimachinery/pkg/util/validation).
 * Each function returns what is wrong with `value`; none = it is right. Lengths are in UTF-8 bytes.
 */

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const WILDCARD = `\\*\\.${SUBDOMAIN}`;
const DNS_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${QUALIFIED})?`;
const ENV_VAR = '[-._a-zA-Z][-._a-zA-Z0-9]*';
const CONFIG_KEY = '[-._a-zA-Z0-9]+';
const HTTP_HEADER = '[-A-Za-z0-9]+';
const PERCENT = '[0-9]+%';
const QUALIFIED_MESSAGE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

const whole = (pattern: string): RegExp => new RegExp(`^${pattern}$`);
const PATTERNS = {
  label: whole(LABEL),
  subdomain: whole(SUBDOMAIN),
  wildcard: whole(WILDCARD),
  dns1035: whole(DNS_1035),
  qualified: whole(QUALIFIED),
  labelValue: whole(LABEL_VALUE),
  envVar: whole(ENV_VAR),
  configKey: whole(CONFIG_KEY),
  httpHeader: whole(HTTP_HEADER),
  percent: whole(PERCENT),
};

const encoder = new TextEncoder();
/** Length in UTF-8 bytes. */
export const byteLength = (text: string): number => encoder.encode(text).length;

/** `<message> (e.g. 'a',  or 'b', regex used for validation is '…')`. */
export const regexError = (message: string, pattern: string, ...examples: readonly string[]): string =>
  `${message} (${examples.length === 0 ? '' : `e.g. ${examples.map((one) => `'${one}', `).join(' or ')}`}regex used for validation is '${pattern}')`;

const tooLongText = (max: number): string => `must be no more than ${max} characters`;
const length = (value: string, max: number): string[] => (byteLength(value) > max ? [tooLongText(max)] : []);
const shape = (value: string, pattern: RegExp, message: string): string[] => (pattern.test(value) ? [] : [message]);

/** An RFC 1123 label: a namespace, a container. */
export const dns1123Label = (value: string): string[] => [
  ...length(value, 63),
  ...shape(
    value,
    PATTERNS.label,
    regexError(
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
      LABEL,
      'my-name',
      '123-abc',
    ),
  ),
];

/** An RFC 1123 subdomain: the name of most objects. */
export const dns1123Subdomain = (value: string): string[] => [
  ...length(value, 253),
  ...shape(
    value,
    PATTERNS.subdomain,
    regexError(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      SUBDOMAIN,
      'example.com',
    ),
  ),
];

/** `*.` and an RFC 1123 subdomain: every name one label below it. */
export const wildcardSubdomain = (value: string): string[] => [
  ...length(value, 253),
  ...shape(
    value,
    PATTERNS.wildcard,
    regexError(
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
      WILDCARD,
      '*.example.com',
    ),
  ),
];

/** An RFC 1035 label: the name of a Service. */
export const dns1035Label = (value: string): string[] => [
  ...length(value, 63),
  ...shape(
    value,
    PATTERNS.dns1035,
    regexError(
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
      DNS_1035,
      'my-name',
      'abc-123',
    ),
  ),
];

/** A label key, an annotation key, a finalizer: `[prefix/]name`. */
export function qualifiedName(value: string): string[] {
  const parts = value.split('/');
  const name = parts.at(-1) ?? '';
  const pattern = regexError(QUALIFIED_MESSAGE, QUALIFIED, 'MyName', 'my.name', '123-abc');
  if (parts.length > 2)
    return [`a qualified name ${pattern} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const errors: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') errors.push('prefix part must be non-empty');
    else errors.push(...dns1123Subdomain(prefix).map((text) => `prefix part ${text}`));
  }
  if (name === '') errors.push('name part must be non-empty');
  else errors.push(...length(name, 63).map((text) => `name part ${text}`));
  errors.push(...shape(name, PATTERNS.qualified, `name part ${pattern}`));
  return errors;
}

/** The value of a label. */
export const labelValue = (value: string): string[] => [
  ...length(value, 63),
  ...shape(
    value,
    PATTERNS.labelValue,
    regexError(
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
      LABEL_VALUE,
      'MyValue',
      'my_value',
      '12345',
    ),
  ),
];

/** The name of an environment variable. */
export const envVarName = (value: string): string[] => [
  ...shape(
    value,
    PATTERNS.envVar,
    regexError(
      "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
      ENV_VAR,
      'my.env-name',
      'MY_ENV.NAME',
      'MyEnvName1',
    ),
  ),
  ...parentDirectory(value),
];

/** A key of a ConfigMap or Secret. */
export const configMapKey = (value: string): string[] => [
  ...length(value, 253),
  ...shape(
    value,
    PATTERNS.configKey,
    regexError(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
      CONFIG_KEY,
      'key.name',
      'KEY_NAME',
      'key-name',
    ),
  ),
  ...parentDirectory(value),
];

function parentDirectory(value: string): string[] {
  if (value === '.') return ["must not be '.'"];
  if (value === '..') return ["must not be '..'"];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}

/** The name of an HTTP header. */
export const httpHeaderName = (value: string): string[] =>
  shape(
    value,
    PATTERNS.httpHeader,
    regexError("a valid HTTP header must consist of alphanumeric characters or '-'", HTTP_HEADER, 'X-Header-Name'),
  );

/** `25%`. */
export const percentString = (value: string): string[] =>
  shape(
    value,
    PATTERNS.percent,
    regexError("a valid percent string must be a numeric string followed by an ending '%'", PERCENT, '1%', '93%'),
  );

/** A port number, 1–65535. */
export const portNumber = (value: number): string[] =>
  value < 1 || value > 65_535 ? ['must be between 1 and 65535, inclusive'] : [];

/** A port name (IANA_SVC_NAME), at most 15 characters. */
export function portName(value: string): string[] {
  const errors = length(value, 15);
  if (!/^[-a-z0-9]+$/.test(value))
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)');
  if (value.includes('--')) errors.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

/** A name that can be one segment of a path; the least that any name must be. */
export function pathSegment(value: string, prefix = false): string[] {
  if (!prefix && (value === '.' || value === '..')) return [`may not be '${value}'`];
  return ['/', '%'].filter((one) => value.includes(one)).map((one) => `may not contain '${one}'`);
}

/** `value` as it would be when letters and digits were appended: a trailing dash of a generateName prefix is no fault. */
export const maskTrailingDash = (value: string): string =>
  value.length > 1 && value.endsWith('-') ? `${value.slice(0, -2)}a` : value;

/** Makes a validator for metadata.name out of one of the shapes above. */
export const nameOf =
  (check: (value: string) => string[]) =>
  (name: string, prefix: boolean): string[] =>
    check(prefix ? maskTrailingDash(name) : name);
