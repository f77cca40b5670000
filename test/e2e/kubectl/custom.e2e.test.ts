import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type KubectlServer, startKubectlServer } from '#test/support/kubectl.ts';

/** What kubectl does with kinds that it has never heard of: found by every name, printed, patched, labelled, applied, pruned, explained. */
let kubectl: KubectlServer;
beforeAll(async () => {
  kubectl = await startKubectlServer();
  await kubectl.out('create -f -', { stdin: documents(LAMPS, SHADES, SWITCHES) });
  await kubectl.out('wait crd --all --for=condition=Established --timeout=10s');
}, 60_000);
afterAll(() => kubectl?.stop());

const documents = (...objects: readonly object[]): string => objects.map((one) => JSON.stringify(one)).join('\n---\n');
const definition = (names: Record<string, unknown>, schema: object, versions: readonly object[] = [{}]) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${String(names['plural'])}.home.example` },
  spec: {
    group: 'home.example',
    scope: 'Namespaced',
    names,
    versions: versions.map((more, index) => ({
      name: 'v1',
      served: true,
      storage: index === 0,
      schema: { openAPIV3Schema: schema },
      ...more,
    })),
  },
});
const text = { type: 'string' };
const LAMPS = definition(
  { plural: 'lamps', singular: 'lamp', kind: 'Lamp', shortNames: ['lp'], categories: ['all'] },
  {
    type: 'object',
    properties: {
      colour: { ...text, description: 'What it shines in.' },
      patched: text,
      bulb: { type: 'object', properties: { socket: text, watts: text, maker: text } },
    },
  },
  [{}, { name: 'v1beta1', deprecated: true }],
);
const OPEN = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const SHADES = definition({ plural: 'shades', kind: 'Shade' }, OPEN);
/** Its kind and its plural have nothing in common. */
const SWITCHES = definition({ plural: 'toggles', singular: 'toggle', kind: 'WallSwitch' }, OPEN);

const thing = (kind: string, name: string, fields: object, labels?: Record<string, string>) => ({
  apiVersion: 'home.example/v1',
  kind,
  metadata: { name, ...(labels === undefined ? {} : { labels }) },
  ...fields,
});
/** With what kubectl remembers of the kinds that are served, and without. */
const GONE = /could not find the requested resource|the server doesn't have a resource type/;
const jsonpath = (what: string, path: string): Promise<string> =>
  kubectl.out(['get', ...what.split(' '), '-o', `jsonpath=${path}`]);

describe('a custom object', () => {
  test('is found by plural, singular, short name, kind and group, and named by its kind', async () => {
    await kubectl.out('create -f -', { stdin: thing('Lamp', 'desk', { colour: 'warm' }) });
    for (const name of ['lamps', 'lamp', 'lp', 'Lamp', 'lamps.home.example', 'lamps.v1.home.example']) {
      expect(await kubectl.out(`get ${name} -o name`)).toBe('lamp.home.example/desk\n');
    }
    expect(await kubectl.out('get all -o name')).toContain('lamp.home.example/desk\n');
    await kubectl.out('create -f -', { stdin: thing('WallSwitch', 'door', {}) });
    for (const name of ['toggle/door', 'toggles/door', 'wallswitch.home.example/door']) {
      expect(await kubectl.out(`get ${name} -o name`)).toBe('wallswitch.home.example/door\n');
    }
    expect(await kubectl.out('delete toggles door --cascade=background')).toContain('"door" deleted');
    expect(await kubectl.refusal('get lamps nowhere')).toBe(
      'Error from server (NotFound): lamps.home.example "nowhere" not found\n',
    );
  });

  test('is printed in every form', async () => {
    expect(await kubectl.out('get lamps')).toMatch(/^NAME +AGE\ndesk +\d+s\n$/);
    expect(await kubectl.out('get lamps/desk -o wide')).toMatch(/^NAME +AGE\ndesk +\d+s\n$/);
    expect(await kubectl.out('get lamps -o yaml')).toContain('  colour: warm\n  kind: Lamp\n');
    const strict = '--allow-missing-template-keys=false';
    expect(await kubectl.out(['get', 'lamps', strict, '-o', 'jsonpath={.items[*].colour}'])).toBe('warm');
    expect(await kubectl.out(['get', 'lamp/desk', strict, '-o', 'go-template={{.colour}}'])).toBe('warm');
    expect(await kubectl.refusal(['get', 'lamp/desk', strict, '-o', 'jsonpath={.none}'])).toContain(
      'none is not found',
    );
    expect(await kubectl.out('describe lamps')).toMatch(/^Name: +desk\nNamespace: +default\n[^]*Colour: +warm\n/);
  });

  test('of an old version comes with a warning', async () => {
    const { stdout, stderr } = await kubectl.result('get lamps.v1beta1.home.example -o name');
    expect(stdout).toBe('lamp.home.example/desk\n');
    expect(stderr).toBe('Warning: home.example/v1beta1 Lamp is deprecated\n');
    const strict = await kubectl.result('get lamps.v1beta1.home.example --warnings-as-errors -o name');
    expect(strict.code).toBe(1);
    expect(strict.stderr).toContain('error: 1 warning received\n');
  });

  test('takes merge patches; strategic ones are not for it', async () => {
    const patch = (value: string, ...flags: string[]) => ['patch', 'lamp/desk', '-p', `{"patched":${value}}`, ...flags];
    await kubectl.out(patch('"one"', '--type=merge'));
    expect(await jsonpath('lamp/desk', '{.patched}')).toBe('one');
    await kubectl.out(patch('null', '--type=merge'));
    expect(await jsonpath('lamp/desk', '{.patched}')).toBe('');
    expect(await kubectl.refusal(patch('"two"'))).toContain(
      'error: application/strategic-merge-patch+json is not supported by home.example/v1, Kind=Lamp: ',
    );
    const path = await kubectl.file('desk.json', await kubectl.out('get lamp desk -o json'));
    expect(await kubectl.refusal(['patch', '--local', '-f', path, '-p', '{"patched":"x"}'])).toContain(
      'try --type merge',
    );
    expect(
      JSON.parse(
        await kubectl.out(['patch', '--local', '-f', path, '--type=merge', '-p', '{"patched":"x"}', '-o', 'json']),
      ),
    ).toMatchObject({ patched: 'x' });
    expect(await jsonpath('lamp/desk', '{.patched}')).toBe('');
  });

  test('is labelled and annotated, alone and with all of its kind', async () => {
    expect(await kubectl.out('label lamps --all many=yes')).toBe('lamp.home.example/desk labeled\n');
    await kubectl.out('label --all --all-namespaces lamp everywhere=yes');
    await kubectl.out('annotate lamps --all note=yes');
    expect(await jsonpath('lamp/desk', '{.metadata.labels} {.metadata.annotations.note}')).toBe(
      '{"everywhere":"yes","many":"yes"} yes',
    );
  });

  test('is watched by name', async () => {
    const watching = kubectl.result('get lamps desk --watch-only --request-timeout=3s -o name');
    for (let round = 0; round < 4; round++) {
      await kubectl.out(['label', 'lamp', 'desk', `round=${round}`, '--overwrite']);
    }
    expect((await watching).stdout).toContain('lamp.home.example/desk\n');
  });
});

describe('apply', () => {
  const apply = (...objects: readonly object[]) => kubectl.out('apply -f -', { stdin: documents(...objects) });

  test('changes, adds and takes away fields within fields', async () => {
    await apply(thing('Lamp', 'floor', { bulb: { socket: 'E27', watts: '60' } }));
    expect(await apply(thing('Lamp', 'floor', { bulb: { socket: 'E27', watts: '60' } }))).toBe(
      'lamp.home.example/floor unchanged\n',
    );
    await apply(thing('Lamp', 'floor', { bulb: { socket: 'E14', watts: '60' } }));
    expect(await jsonpath('lamp/floor', '{.bulb}')).toBe('{"socket":"E14","watts":"60"}');
    await apply(thing('Lamp', 'floor', { bulb: { socket: 'E14', maker: 'me' } }));
    expect(await jsonpath('lamp/floor', '{.bulb}')).toBe('{"maker":"me","socket":"E14"}');
    await kubectl.out('delete lamp floor');
  });

  test('a list of several kinds, with fields that no schema names', async () => {
    const list = (colour: string) => ({
      apiVersion: 'v1',
      kind: 'List',
      items: [thing('Lamp', 'listed', { colour }), thing('Shade', 'listed', { colour, pleats: 9 })],
    });
    expect(await apply(list('red'))).toBe('lamp.home.example/listed created\nshade.home.example/listed created\n');
    expect(await apply(list('red'))).toBe('lamp.home.example/listed unchanged\nshade.home.example/listed unchanged\n');
    await apply(list('blue'));
    expect(await jsonpath('lamp/listed shade/listed', '{.items[*].colour}')).toBe('blue blue');
    await kubectl.out('delete lamp/listed shade/listed');
  });

  test('prunes across kinds', async () => {
    const label = { set: 'pruned' };
    const prune = (object: object) =>
      kubectl.out(
        'apply --prune -l set=pruned --prune-allowlist=home.example/v1/Lamp --prune-allowlist=home.example/v1/Shade -f -',
        { stdin: object },
      );
    await prune(thing('Lamp', 'first', {}, label));
    expect((await prune(thing('Shade', 'second', {}, label))).split('\n').sort().filter(Boolean)).toEqual([
      'lamp.home.example/first pruned',
      'shade.home.example/second created',
    ]);
    await kubectl.out('delete shade second');
  });
});

describe('a definition', () => {
  test('may let other fields stand beside those that it names; explain shows them', async () => {
    const spec = {
      type: 'object',
      properties: { lists: { type: 'object', additionalProperties: { type: 'array', items: text } } },
      additionalProperties: true,
    };
    await kubectl.out('create -f -', {
      stdin: definition({ plural: 'mixers', kind: 'Mixer' }, { type: 'object', properties: { spec } }),
    });
    await kubectl.out('wait crd/mixers.home.example --for=condition=Established --timeout=10s');
    expect(await kubectl.out('explain mixers --recursive')).toMatch(
      /FIELDS:[^]*spec\s+<Object>\n +lists\s+<map\[string]/,
    );
    await kubectl.out('delete crd mixers.home.example');
    expect(await kubectl.refusal('get mixers')).toMatch(GONE);
  });

  test('explains its fields', async () => {
    expect(await kubectl.out('explain lamps.colour')).toMatch(
      /GROUP: +home\.example\nKIND: +Lamp\nVERSION: +v1\n\nFIELD: colour <string>\n[^]*What it shines in\./,
    );
  });

  test('comes back with a schema of its own after it was deleted', async () => {
    const names = { plural: 'vases', kind: 'Vase' };
    const make = async (schema: object): Promise<void> => {
      await kubectl.out('create -f -', { stdin: definition(names, schema) });
      await kubectl.out('wait crd/vases.home.example --for=condition=Established --timeout=10s');
    };
    await make({ type: 'object', properties: { spec: { type: 'object', properties: { before: text } } } });
    await kubectl.out('create -f -', { stdin: thing('Vase', 'one', { spec: { before: 'x' } }) });
    expect(await kubectl.out('explain vases.spec')).toContain('before');
    await kubectl.out('delete crd vases.home.example');
    await make({ type: 'object', properties: { spec: { type: 'object', properties: { after: text } } } });
    expect(await kubectl.out('get vases -o name')).toBe('');
    expect(await kubectl.out('explain vases.spec')).not.toContain('before');
  });

  test('goes with the objects of its kind, and a namespace with the custom objects in it', async () => {
    await kubectl.out('create namespace rooms');
    await kubectl.out('create -n rooms -f -', { stdin: thing('Shade', 'one', {}) });
    await kubectl.out('delete namespace rooms --timeout=30s');
    expect(await kubectl.out('get shades -A -o name')).toBe('');
    await kubectl.out('delete crd lamps.home.example');
    expect(await kubectl.refusal('get lamps')).toMatch(GONE);
  });
});
