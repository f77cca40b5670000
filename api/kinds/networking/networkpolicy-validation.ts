import { CIDR_MESSAGE, contains, parseCIDR } from '#api/meta/cidr.ts';
import {
  type FieldError,
  eachInvalid,
  forbidden,
  goStrings,
  invalid,
  invalidShown,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { portName, portNumber } from '#api/meta/names.ts';
import { validateLabelSelector } from '#api/meta/selectors.ts';
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from './networkpolicy.ts';

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const POLICY_TYPES = ['Ingress', 'Egress'];

/** The faults of a NetworkPolicy; networks that `old` has are not looked at again (networking validation: ValidateIPBlock). */
export function validateNetworkPolicy({ spec = {} }: NetworkPolicy, old: NetworkPolicy | undefined): FieldError[] {
  const { ingress = [], egress = [], policyTypes = [] } = spec;
  const known = knownNetworks(old);
  const errors = validateLabelSelector(spec.podSelector, 'spec.podSelector');
  for (const [index, { ports = [], from = [] }] of ingress.entries()) {
    const here = `spec.ingress[${index}]`;
    for (const [at, port] of ports.entries()) errors.push(...validatePort(port, `${here}.ports[${at}]`));
    for (const [at, peer] of from.entries()) errors.push(...validatePeer(peer, known, `${here}.from[${at}]`));
  }
  for (const [index, { ports = [], to = [] }] of egress.entries()) {
    const here = `spec.egress[${index}]`;
    for (const [at, port] of ports.entries()) errors.push(...validatePort(port, `${here}.ports[${at}]`));
    for (const [at, peer] of to.entries()) errors.push(...validatePeer(peer, known, `${here}.to[${at}]`));
  }
  if (policyTypes.length > POLICY_TYPES.length)
    return [
      ...errors,
      invalidShown('spec.policyTypes', goStrings(policyTypes), 'may not specify more than two policyTypes'),
    ];
  for (const [index, type] of policyTypes.entries())
    if (!POLICY_TYPES.includes(type)) errors.push(notSupported(`spec.policyTypes[${index}]`, type, POLICY_TYPES));
  return errors;
}

function knownNetworks(old: NetworkPolicy | undefined): ReadonlySet<string> {
  const peers = [
    ...(old?.spec?.ingress ?? []).flatMap(({ from = [] }) => from),
    ...(old?.spec?.egress ?? []).flatMap(({ to = [] }) => to),
  ];
  return new Set(peers.flatMap(({ ipBlock }) => (ipBlock ? [ipBlock.cidr, ...(ipBlock.except ?? [])] : [])));
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (protocol !== undefined && !PROTOCOLS.includes(protocol))
    errors.push(notSupported(`${path}.protocol`, protocol, PROTOCOLS));
  if (typeof port === 'number') {
    errors.push(...eachInvalid(`${path}.port`, port, portNumber(port)));
    if (endPort !== undefined) {
      // Upstream shows the port here, not the endPort.
      if (endPort < port) errors.push(invalid(`${path}.endPort`, port, 'must be greater than or equal to `port`'));
      errors.push(...eachInvalid(`${path}.endPort`, endPort, portNumber(endPort)));
    }
    return errors;
  }
  if (endPort !== undefined)
    errors.push(
      invalid(
        `${path}.endPort`,
        endPort,
        `may not be specified when \`port\` is ${port === undefined ? 'not specified' : 'non-numeric'}`,
      ),
    );
  if (port !== undefined) errors.push(...eachInvalid(`${path}.port`, port, portName(port)));
  return errors;
}

function validatePeer(peer: NetworkPolicyPeer, known: ReadonlySet<string>, path: string): FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  const errors = [
    ...validateLabelSelector(podSelector, `${path}.podSelector`),
    ...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`),
    ...(ipBlock === undefined ? [] : validateBlock(ipBlock, known, `${path}.ipBlock`)),
  ];
  const count = [podSelector, namespaceSelector, ipBlock].filter((one) => one !== undefined).length;
  if (count === 0) errors.push(requiredValue(path, 'must specify a peer'));
  else if (count > 1 && ipBlock !== undefined)
    errors.push(forbidden(path, 'may not specify both ipBlock and another peer'));
  return errors;
}

function validateBlock({ cidr, except = [] }: IPBlock, known: ReadonlySet<string>, path: string): FieldError[] {
  if (!cidr) return [requiredValue(`${path}.cidr`)];
  const network = parseCIDR(cidr);
  if (network === undefined) return known.has(cidr) ? [] : [invalid(`${path}.cidr`, cidr, CIDR_MESSAGE)];
  return except.flatMap((text, index) => {
    const here = `${path}.except[${index}]`;
    const inner = parseCIDR(text);
    if (inner === undefined) return known.has(text) ? [] : [invalid(here, text, CIDR_MESSAGE)];
    const isWithin = contains(network, inner) && network.bits < inner.bits;
    return isWithin ? [] : [invalid(here, text, 'must be a strict subset of `cidr`')];
  });
}
