import {
  type FieldError,
  duplicate,
  eachInvalid,
  invalid,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { parseIP, specialAddress } from '#api/meta/ip.ts';
import { dns1123Label, dns1123Subdomain, qualifiedName } from '#api/meta/names.ts';
import { PROTOCOLS } from '#api/podspec/validate-port.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from './endpointslice.ts';

const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_PORTS = 100;

/** The faults of an EndpointSlice. */
export function validateEndpointSlice({ addressType, endpoints, ports = [] }: EndpointSlice): FieldError[] {
  const errors: FieldError[] = [];
  if (!addressType) errors.push(requiredValue('addressType'));
  else if (!ADDRESS_TYPES.includes(addressType)) errors.push(notSupported('addressType', addressType, ADDRESS_TYPES));
  const list = endpoints ?? [];
  if (list.length > MAX_ENDPOINTS) errors.push(tooMany('endpoints', list.length, MAX_ENDPOINTS));
  else
    for (const [index, endpoint] of list.entries())
      errors.push(...validateEndpoint(endpoint, addressType, `endpoints[${index}]`));
  if (ports.length > MAX_PORTS) errors.push(tooMany('ports', ports.length, MAX_PORTS));
  else errors.push(...validatePorts(ports));
  return errors;
}

const tooMany = (field: string, count: number, max: number): FieldError => ({
  type: 'FieldValueTooMany',
  field,
  detail: `Too many: ${count}: must have at most ${max} items`,
});

function validateEndpoint(endpoint: Endpoint, addressType: string, path: string): FieldError[] {
  const addresses = endpoint.addresses ?? [];
  const errors: FieldError[] = [];
  if (addresses.length === 0) errors.push(requiredValue(`${path}.addresses`, 'must contain at least 1 address'));
  else if (addresses.length > MAX_ADDRESSES) errors.push(tooMany(`${path}.addresses`, addresses.length, MAX_ADDRESSES));
  for (const [index, address] of addresses.entries()) {
    const here = `${path}.addresses[${index}]`;
    if (addresses.indexOf(address) < index) errors.push(duplicate(here, address));
    if (addressType === 'FQDN') errors.push(...eachInvalid(here, address, dns1123Subdomain(address)));
    else if (addressType === 'IPv4' || addressType === 'IPv6') {
      const family = addressType === 'IPv4' ? 4 : 6;
      if (parseIP(address)?.family !== family)
        errors.push(invalid(here, address, `must be a valid ${addressType} address`));
      errors.push(...eachInvalid(here, address, specialAddress(address)));
    }
  }
  const { hostname, nodeName } = endpoint;
  if (nodeName !== undefined) errors.push(...eachInvalid(`${path}.nodeName`, nodeName, dns1123Subdomain(nodeName)));
  if (hostname !== undefined) errors.push(...eachInvalid(`${path}.hostname`, hostname, dns1123Label(hostname)));
  return errors;
}

function validatePorts(ports: readonly EndpointPort[]): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap(({ name = '', protocol = '', appProtocol }, index) => {
    const here = `ports[${index}]`;
    const errors = name === '' ? [] : eachInvalid(`${here}.name`, name, dns1123Label(name));
    if (names.has(name)) errors.push(duplicate(`${here}.name`, name));
    names.add(name);
    if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`${here}.protocol`, protocol, PROTOCOLS));
    if (appProtocol !== undefined)
      errors.push(...eachInvalid(`${here}.appProtocol`, appProtocol, qualifiedName(appProtocol)));
    return errors;
  });
}
