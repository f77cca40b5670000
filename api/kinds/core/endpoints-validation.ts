import { type FieldError, eachInvalid, notSupported, requiredValue } from '#api/meta/field-error.ts';
import { IP_MESSAGE, isIP, specialAddress } from '#api/meta/ip.ts';
import { dns1123Label, dns1123Subdomain, portNumber, qualifiedName } from '#api/meta/names.ts';
import { PROTOCOLS } from '#api/podspec/validate-port.ts';
import type { EndpointAddress, EndpointPort, Endpoints } from './endpoints.ts';

/** The faults of Endpoints. */
export const validateEndpoints = ({ subsets = [] }: Endpoints): FieldError[] =>
  subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }, index) => {
    const here = `subsets[${index}]`;
    const each = (list: readonly EndpointAddress[], field: string): FieldError[] =>
      list.flatMap((address, at) => validateAddress(address, `${here}.${field}[${at}]`));
    return [
      ...(addresses.length + notReadyAddresses.length > 0
        ? []
        : [requiredValue(here, 'must specify `addresses` or `notReadyAddresses`')]),
      ...each(addresses, 'addresses'),
      ...each(notReadyAddresses, 'notReadyAddresses'),
      ...ports.flatMap((port, at) => validatePort(port, ports.length > 1, `${here}.ports[${at}]`)),
    ];
  });

function validateAddress({ ip, hostname, nodeName }: EndpointAddress, path: string): FieldError[] {
  return [
    ...(isIP(ip) ? [] : eachInvalid(`${path}.ip`, ip, [IP_MESSAGE])),
    ...(hostname ? eachInvalid(`${path}.hostname`, hostname, dns1123Label(hostname)) : []),
    ...(nodeName ? eachInvalid(`${path}.nodeName`, nodeName, dns1123Subdomain(nodeName)) : []),
    ...eachInvalid(`${path}.ip`, ip, specialAddress(ip)),
  ];
}

function validatePort(port: EndpointPort, needsName: boolean, path: string): FieldError[] {
  const { name = '', protocol = '', appProtocol } = port;
  const errors: FieldError[] = [];
  if (name !== '') errors.push(...eachInvalid(`${path}.name`, name, dns1123Label(name)));
  else if (needsName) errors.push(requiredValue(`${path}.name`));
  errors.push(...eachInvalid(`${path}.port`, port.port ?? 0, portNumber(port.port ?? 0)));
  if (protocol === '') errors.push(requiredValue(`${path}.protocol`));
  else if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`${path}.protocol`, protocol, PROTOCOLS));
  if (appProtocol !== undefined)
    errors.push(...eachInvalid(`${path}.appProtocol`, appProtocol, qualifiedName(appProtocol)));
  return errors;
}
