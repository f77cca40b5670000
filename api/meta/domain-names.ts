import { type FieldError, eachInvalid, invalid, requiredValue, tooLong } from './field-error.ts';
import { byteLength, dns1123Label, dns1123Subdomain, regexError } from './names.ts';

/**
 * Names that begin with a domain of their owner, with Kubernetes' own texts. Each function returns the faults of `value` at `path`.
 */

const HTTP_PATH = String.raw`[A-Za-z0-9/\-._~%!$&'()*+,;=:]+`;
const HTTP_PATH_SHAPE = new RegExp(`^${HTTP_PATH}$`);
const MAX_DOMAIN_BYTES = 253;
/** A domain, a slash, a namespace, a dot and a name. */
const MAX_SIGNER_BYTES = 253 + 1 + 63 + 1 + 253;

/** A domain and a path below it, `acme.io/ingress` (apimachinery: IsDomainPrefixedPath). */
export function domainPrefixedPath(value: string, path: string): FieldError[] {
  if (value === '') return [requiredValue(path)];
  const slash = value.indexOf('/');
  const [host, rest] = [value.slice(0, slash), value.slice(slash + 1)];
  if (slash <= 0 || rest === '')
    return [invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  const errors = eachInvalid(path, host, dns1123Subdomain(host));
  if (!HTTP_PATH_SHAPE.test(rest)) errors.push(invalid(path, rest, regexError('Invalid path', HTTP_PATH)));
  return errors;
}

/** A domain of at least three labels (apimachinery: IsFullyQualifiedName). */
export function fullyQualifiedName(value: string, path: string): FieldError[] {
  if (value === '') return [requiredValue(path)];
  const texts = dns1123Subdomain(value);
  if (texts.length > 0) return [invalid(path, value, texts.join(','))];
  return value.split('.').length < 3
    ? [invalid(path, value, 'should be a domain with at least three segments separated by dots')]
    : [];
}

/** A domain, a slash, and names with dots between them (core validation: ValidateSignerName). */
export function signerName(value: string, path: string): FieldError[] {
  if (value === '') return [requiredValue(path)];
  const [domain = '', name = '', ...more] = value.split('/');
  if (!value.includes('/') || more.length > 0)
    return [invalid(path, value, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  const errors: FieldError[] = [];
  const labels = domain.split('.');
  if (byteLength(domain) > MAX_DOMAIN_BYTES) errors.push(tooLong(path, MAX_DOMAIN_BYTES));
  errors.push(...firstFault(domain, labels, dns1123Label, path));
  if (labels.length < 2)
    errors.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'));
  errors.push(...firstFault(name, name.split('.'), dns1123Subdomain, path));
  if (byteLength(value) > MAX_SIGNER_BYTES) errors.push(tooLong(path, MAX_SIGNER_BYTES));
  return errors;
}

/** The faults of the first label that has some. */
function firstFault(
  whole: string,
  labels: readonly string[],
  check: (label: string) => string[],
  path: string,
): FieldError[] {
  for (const label of labels) {
    const texts = check(label).map((text) => `validating label ${JSON.stringify(label)}: ${text}`);
    if (texts.length > 0) return eachInvalid(path, whole, texts);
  }
  return [];
}
