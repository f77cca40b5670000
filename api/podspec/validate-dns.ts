import {
  type FieldError,
  eachInvalid,
  invalid,
  invalidShown,
  goStrings,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { isIP } from '#api/meta/ip.ts';
import { dns1123Subdomain } from '#api/meta/names.ts';
import type { PodSpec } from '#api/podspec/pod-spec.ts';

const POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARACTERS = 2048;

/** The faults of dnsPolicy. */
export function validateDnsPolicy({ dnsPolicy = '' }: PodSpec, path: string): FieldError[] {
  if (dnsPolicy === '') return [requiredValue(`${path}.dnsPolicy`)];
  return POLICIES.includes(dnsPolicy) ? [] : [notSupported(`${path}.dnsPolicy`, dnsPolicy, POLICIES)];
}

/** The faults of dnsConfig, which dnsPolicy `None` needs. */
export function validateDnsConfig({ dnsConfig, dnsPolicy }: PodSpec, path: string): FieldError[] {
  const here = `${path}.dnsConfig`;
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  if (dnsPolicy === 'None' && dnsConfig === undefined)
    return [requiredValue(here, 'must provide `dnsConfig` when `dnsPolicy` is None')];
  if (dnsPolicy === 'None' && nameservers.length === 0)
    return [requiredValue(`${here}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
  const errors: FieldError[] = [];
  if (nameservers.length > MAX_NAMESERVERS)
    errors.push(
      invalidShown(
        `${here}.nameservers`,
        goStrings(nameservers),
        `must not have more than ${MAX_NAMESERVERS} nameservers`,
      ),
    );
  for (const [index, server] of nameservers.entries())
    if (!isIP(server)) errors.push(invalid(`${here}.nameservers[${index}]`, server, 'must be valid IP address'));
  if (searches.length > MAX_SEARCHES)
    errors.push(
      invalidShown(`${here}.searches`, goStrings(searches), `must not have more than ${MAX_SEARCHES} search paths`),
    );
  if (searches.join(' ').length > MAX_SEARCH_CHARACTERS)
    errors.push(
      invalidShown(
        `${here}.searches`,
        goStrings(searches),
        `must not have more than ${MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list`,
      ),
    );
  for (const [index, search] of searches.entries()) {
    const name = search.endsWith('.') ? search.slice(0, -1) : search;
    errors.push(...eachInvalid(`${here}.searches[${index}]`, name, dns1123Subdomain(name)));
  }
  for (const [index, option] of options.entries())
    if (!option.name) errors.push(requiredValue(`${here}.options[${index}]`, 'must not be empty'));
  return errors;
}
