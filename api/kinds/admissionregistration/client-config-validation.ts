import { type FieldError, eachInvalid, invalid, requiredValue } from '#api/meta/field-error.ts';
import { dns1123Subdomain, portNumber } from '#api/meta/names.ts';
import type { ServiceReference, WebhookClientConfig } from './webhook.ts';

const FORM = '; desired format: https://host[/path]';

/** The faults of how a webhook is reached (apiserver: util/webhook). */
export function validateClientConfig({ url, service }: WebhookClientConfig, path: string): FieldError[] {
  if (service !== undefined && url === undefined) return validateService(service, `${path}.service`);
  return url !== undefined && service === undefined
    ? validateUrl(url, `${path}.url`)
    : [requiredValue(path, 'exactly one of url or service is required')];
}

const URL_PARTS = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

function validateUrl(url: string, path: string): FieldError[] {
  const [, scheme = '', authority = '', , query = '', fragment = ''] = URL_PARTS.exec(url) ?? [];
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  const errors: FieldError[] = [];
  if (scheme !== 'https') errors.push(invalid(path, scheme, `'https' is the only allowed URL scheme${FORM}`));
  if (host === '') errors.push(invalid(path, host, `host must be specified${FORM}`));
  if (at !== -1) errors.push(invalid(path, authority.slice(0, at), 'user information is not permitted in the URL'));
  if (fragment !== '') errors.push(invalid(path, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(invalid(path, query, 'query parameters are not permitted in the URL'));
  return errors;
}

/** Upstream hands name and namespace over in the wrong order: it says of the one what is missing of the other. */
function validateService({ name, namespace, path: given, port = 0 }: ServiceReference, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (namespace === '') errors.push(requiredValue(`${path}.name`, 'service name is required'));
  if (name === '') errors.push(requiredValue(`${path}.namespace`, 'service namespace is required'));
  const wrong = portNumber(port);
  if (wrong.length > 0) errors.push(invalid(`${path}.port`, port, `port is not valid: ${wrong.join(', ')}`));
  return [...errors, ...validatePath(given ?? '', `${path}.path`)];
}

function validatePath(given: string, path: string): FieldError[] {
  if (given === '' || given === '/') return [];
  if (given === '//') return [invalid(path, given, 'segment[0] may not be empty')];
  const errors = given.startsWith('/') ? [] : [invalid(path, given, "must start with a '/'")];
  const segments = given.slice(1).replace(/\/$/, '').split('/');
  for (const [index, segment] of segments.entries()) {
    const texts = segment === '' ? [`segment[${index}] may not be empty`] : dns1123Subdomain(segment);
    errors.push(
      ...eachInvalid(path, given, segment === '' ? texts : texts.map((text) => `segment[${index}]: ${text}`)),
    );
  }
  return errors;
}
