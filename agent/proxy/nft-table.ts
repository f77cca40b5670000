/** A named set, or a map when its type says `: value`. Elements are key → value; in a set the value is ''. */
export interface NftSet {
  readonly kind: 'set' | 'map';
  /** As in the braces of `add set`: `type ipv4_addr ; flags timeout ; timeout 60s ;`. A name keeps its definition for ever. */
  readonly definition: string;
  readonly elements: ReadonlyMap<string, string>;
}

/** A chain. `hook` is set for a base chain and never changes for a name. */
export interface NftChain {
  readonly hook?: string;
  readonly rules: readonly string[];
}

/** One table of family `ip`, whole. */
export interface NftTable {
  readonly name: string;
  readonly sets: ReadonlyMap<string, NftSet>;
  readonly chains: ReadonlyMap<string, NftChain>;
}

/** Commands for `nft -f` that put `table` in the place of whatever has its name, in one transaction. */
export function replaceTable(table: NftTable): string {
  const empty: NftTable = { name: table.name, sets: new Map(), chains: new Map() };
  return [
    // The first line makes the second one legal where there is no table yet.
    `add table ip ${table.name}`,
    `delete table ip ${table.name}`,
    `add table ip ${table.name}`,
    ...changes(empty, table),
    '',
  ].join('\n');
}

/**
 * Commands for `nft -f` that turn `before` into `after` in one transaction; '' when they are equal. Sets that only `nft` fills (client
 * affinity) keep their elements. The order matters: what is referred to must exist, what is deleted must not be referred to any more.
 */
export function updateTable(before: NftTable, after: NftTable): string {
  const commands = changes(before, after);
  return commands.length === 0 ? '' : `${commands.join('\n')}\n`;
}

function changes(before: NftTable, after: NftTable): string[] {
  const { name } = after;
  const goneChains = [...before.chains.keys()].filter((chain) => !after.chains.has(chain));
  const goneSets = [...before.sets].filter(([set]) => !after.sets.has(set));
  const changedChains = [...after.chains].filter(([chain, { rules }]) => !sameRules(before.chains.get(chain), rules));
  return [
    ...[...after.sets]
      .filter(([set]) => !before.sets.has(set))
      .map(([set, { kind, definition }]) => `add ${kind} ip ${name} ${set} { ${definition} }`),
    ...[...after.chains]
      .filter(([chain]) => !before.chains.has(chain))
      .map(([chain, { hook }]) => `add chain ip ${name} ${chain}${hook === undefined ? '' : ` { ${hook} }`}`),
    ...[...goneChains, ...changedChains.map(([chain]) => chain)]
      .filter((chain) => before.chains.has(chain))
      .map((chain) => `flush chain ip ${name} ${chain}`),
    ...changedChains.flatMap(([chain, { rules }]) => rules.map((rule) => `add rule ip ${name} ${chain} ${rule}`)),
    ...[...after.sets].flatMap(([set, { elements }]) =>
      elementChanges(name, set, before.sets.get(set)?.elements, elements),
    ),
    ...goneChains.map((chain) => `delete chain ip ${name} ${chain}`),
    ...goneSets.map(([set, { kind }]) => `delete ${kind} ip ${name} ${set}`),
  ];
}

const sameRules = (chain: NftChain | undefined, rules: readonly string[]): boolean =>
  chain !== undefined &&
  chain.rules.length === rules.length &&
  rules.every((rule, index) => chain.rules[index] === rule);

function elementChanges(
  table: string,
  set: string,
  before: ReadonlyMap<string, string> = new Map(),
  after: ReadonlyMap<string, string>,
): string[] {
  const stale = [...before].filter(([key, value]) => after.get(key) !== value).map(([key]) => key);
  const fresh = [...after]
    .filter(([key, value]) => before.get(key) !== value)
    .map(([key, value]) => (value === '' ? key : `${key} : ${value}`));
  return [
    ...(stale.length === 0 ? [] : [`delete element ip ${table} ${set} { ${stale.join(', ')} }`]),
    ...(fresh.length === 0 ? [] : [`add element ip ${table} ${set} { ${fresh.join(', ')} }`]),
  ];
}
