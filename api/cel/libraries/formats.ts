import { type Environment, Optional } from '@marcbachmann/cel-js';
import {
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  labelValue,
  maskTrailingDash,
  qualifiedName,
} from '../../meta/names.ts';
import { fitsFormat } from '../../schema/formats.ts';
import { define } from './define.ts';

/** What a format says of a text: nothing when it fits. */
type Check = (text: string) => readonly string[];

/** A format by name. */
class NamedFormat {
  readonly name: string;
  readonly check: Check;
  constructor(name: string, check: Check) {
    this.name = name;
    this.check = check;
  }
}

const prefix =
  (check: Check): Check =>
  (text) =>
    check(maskTrailingDash(text));
const oneOf =
  (format: string, says: string): Check =>
  (text) =>
    fitsFormat(format, text) ? [] : [says];

const FORMATS: readonly NamedFormat[] = [
  new NamedFormat('dns1123Label', dns1123Label),
  new NamedFormat('dns1123Subdomain', dns1123Subdomain),
  new NamedFormat('dns1035Label', dns1035Label),
  new NamedFormat('qualifiedName', qualifiedName),
  new NamedFormat('dns1123LabelPrefix', prefix(dns1123Label)),
  new NamedFormat('dns1123SubdomainPrefix', prefix(dns1123Subdomain)),
  new NamedFormat('dns1035LabelPrefix', prefix(dns1035Label)),
  new NamedFormat('labelValue', labelValue),
  new NamedFormat('uri', oneOf('uri', 'invalid URI')),
  new NamedFormat('uuid', oneOf('uuid', 'does not match the UUID format')),
  new NamedFormat('byte', oneOf('byte', 'invalid base64')),
  new NamedFormat('date', oneOf('date', 'invalid date')),
  new NamedFormat('datetime', oneOf('date-time', 'invalid datetime')),
];

/** Kubernetes' format library. */
export function addFormatFunctions(environment: Environment): void {
  class Formats {}
  environment.registerType('kubernetes.Formats', { ctor: Formats, fields: {} });
  environment.registerType('kubernetes.NamedFormat', { ctor: NamedFormat, fields: {} });
  environment.registerConstant('format', 'kubernetes.Formats', new Formats());
  environment.registerOperator(
    'kubernetes.NamedFormat == kubernetes.NamedFormat',
    (a: NamedFormat, b: NamedFormat) => a === b,
  );
  define(environment, [
    [
      'kubernetes.Formats.named(string): optional<kubernetes.NamedFormat>',
      (_: unknown, name: string) => {
        const found = FORMATS.find((one) => one.name === name);
        return found === undefined ? Optional.none() : Optional.of(found);
      },
    ],
    [
      'kubernetes.NamedFormat.validate(string): optional<list<string>>',
      ({ check }: NamedFormat, text: string) => {
        const faults = check(text);
        return faults.length === 0 ? Optional.none() : Optional.of([...faults]);
      },
    ],
    ...FORMATS.map((format) => [`kubernetes.Formats.${format.name}(): kubernetes.NamedFormat`, () => format] as const),
  ]);
}
