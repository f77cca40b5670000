import { describe, expect, test } from 'bun:test';
import { celTypeOf } from './cel-type.ts';
import { celValue } from './cel-value.ts';
import { CostExceeded } from './cost-budget.ts';
import { Authorizer, AUTHORIZER_TYPE } from './libraries/authorizer.ts';
import { compile } from './program.ts';

const schema = {
  type: 'object',
  properties: {
    size: { type: 'integer' },
    ratio: { type: 'number' },
    name: { type: 'string' },
    'a-b': { type: 'string' },
    when: { type: 'string', format: 'date-time' },
    wait: { type: 'string', format: 'duration' },
    blob: { type: 'string', format: 'byte' },
    port: { 'x-kubernetes-int-or-string': true },
    tags: { type: 'array', items: { type: 'string' } },
    numbers: { type: 'array', items: { type: 'integer' } },
    parts: { type: 'array', items: { type: 'object', properties: { id: { type: 'string' }, n: { type: 'integer' } } } },
    limits: { type: 'object', additionalProperties: { type: 'integer' } },
    gone: { type: 'string', nullable: true },
  },
};
const type = celTypeOf(schema);
const object = {
  size: 3,
  ratio: 2,
  name: 'Web-1',
  'a-b': 'dash',
  when: '2026-01-02T03:04:05Z',
  wait: '1h30m',
  blob: 'aGk=',
  port: 80,
  tags: ['b', 'a', 'b'],
  numbers: [3, 1, 2],
  parts: [
    { id: 'x', n: 1 },
    { id: 'y', n: 2 },
  ],
  limits: { cpu: 2, memory: 5 },
  gone: null,
};

function evaluate(source: string): unknown {
  if (type === undefined) throw new Error('no type');
  return compile(source, { variables: { self: { type } } }).run({ self: celValue(object, type) });
}

const TRUE = [
  // Values by their schema.
  'self.size + 1 == 4',
  'self.ratio / 4.0 == 0.5',
  'self.a__dash__b == "dash"',
  'self.when.getFullYear() == 2026',
  'self.wait == duration("90m")',
  'self.wait > duration("1h") && string(self.wait) == "1h30m0s"',
  'size(self.blob) == 2',
  'type(self.port) == int && self.port == 80',
  '!has(self.gone) && has(self.size)',
  'self.?gone.orValue("none") == "none"',
  'self.limits["cpu"] == 2 && "memory" in self.limits',
  'self.parts == self.parts && self == self',
  'self.parts[0] != self.parts[1]',
  // Lists and sets.
  'self.numbers.sum() == 6 && self.numbers.min() == 1 && self.numbers.max() == 3',
  '!self.numbers.isSorted() && [1, 2, 3].isSorted()',
  'self.tags.indexOf("b") == 0 && self.tags.lastIndexOf("b") == 2',
  'sets.contains(self.tags, ["a"]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])',
  'self.parts.map(p, p.n).sum() == 3',
  'self.parts.exists_one(p, p.id == "x") && self.parts.filter(p, p.n > 1).size() == 1',
  // Comprehensions with two variables.
  'self.tags.all(i, t, i < 3 && t != "")',
  'self.limits.exists(k, v, k == "cpu" && v == 2)',
  'self.limits.transformMap(k, v, v * 2)["memory"] == 10',
  'self.tags.transformList(i, t, t != "a", t + string(i)) == ["b0", "b2"]',
  'self.tags.existsOne(i, t, t == "a")',
  // Strings and regular expressions.
  'self.name.lowerAscii() == "web-1" && "É".lowerAscii() == "É"',
  '"a,b,c".split(",", 2) == ["a", "b,c"] && ["a", "b"].join("-") == "a-b"',
  '"héllo".charAt(1) == "é" && "aXbXc".replace("X", "-", 1) == "a-bXc"',
  '"abc 123".find("[0-9]+") == "123" && "1 2 3".findAll("[0-9]", 2) == ["1", "2"]',
  '"WEB".matches("(?i)^web$")',
  '"%s is %d".format(["x", dyn(3)]) == "x is 3"',
  // Kubernetes' own types.
  'url("https://h.example:8443/a%20b?x=1&x=2").getPort() == "8443" && isURL("/path") && !isURL("nope")',
  'url("https://h/p?x=1&x=2").getQuery()["x"] == ["1", "2"]',
  'ip("192.168.0.1").family() == 4 && isIP("::1") && !isIP("01.2.3.4") && ip("127.0.0.1").isLoopback()',
  'ip.isCanonical("2001:db8::1") && !ip.isCanonical("2001:DB8::1") && string(ip("2001:db8:0:0:0:0:0:1")) == "2001:db8::1"',
  'cidr("10.0.0.0/8").containsIP("10.1.2.3") && !cidr("10.0.0.0/8").containsCIDR("10.0.0.0/7")',
  'string(cidr("10.1.2.3/8").masked()) == "10.0.0.0/8" && cidr("10.0.0.0/8").prefixLength() == 8',
  'quantity("1Gi").isGreaterThan(quantity("1G")) && quantity("50k").asInteger() == 50000 && !isQuantity("3x")',
  'quantity("1.5").add(quantity("500m")).compareTo(quantity("2")) == 0',
  'semver("1.2.3").isLessThan(semver("1.10.0")) && semver("1.0.0-rc.1").isLessThan(semver("1.0.0")) && isSemver("v1.2", true)',
  '!format.dns1123Label().validate("ok").hasValue() && format.named("uuid").value().validate("x").hasValue()',
  'cel.bind(n, self.size * 2, n + n == 12)',
];

describe('compile().run()', () => {
  for (const source of TRUE) test(`${source} is true`, () => expect(evaluate(source)).toBe(true));

  test('errors of evaluation are told in the words of cel-go', () => {
    expect(() => evaluate('self.limits["disk"] == 1')).toThrow('no such key: disk');
    expect(() => evaluate('self.tags[9] == ""')).toThrow('index out of bounds: 9');
    expect(() => evaluate('1 / (self.size - 3) == 1')).toThrow('division by zero');
    expect(() => evaluate('self.gone == ""')).toThrow('no such key: gone');
    expect(() => evaluate('ip("x").family() == 4')).toThrow('IP Address "x" parse error during conversion from string');
  });

  test('the authorizer is asked about what the expression names', () => {
    const asked: object[] = [];
    const authorizer = new Authorizer((question) => {
      asked.push(question);
      return { allowed: question.verb === 'get', reason: 'because' };
    });
    const run = (source: string): unknown =>
      compile(source, { variables: { authorizer: { type: AUTHORIZER_TYPE } } }).run({ authorizer });
    expect(
      run('authorizer.group("apps").resource("deployments").namespace("ns").name("d").check("get").allowed()'),
    ).toBe(true);
    expect(run('authorizer.path("/healthz").check("post").reason()')).toBe('because');
    expect(run('authorizer.serviceAccount("n", "sa").group("").resource("pods").check("create").allowed()')).toBe(
      false,
    );
    expect(asked).toEqual([
      { group: 'apps', resource: 'deployments', namespace: 'ns', name: 'd', verb: 'get' },
      { path: '/healthz', verb: 'post' },
      { serviceAccount: { namespace: 'n', name: 'sa' }, group: '', resource: 'pods', verb: 'create' },
    ]);
  });
});

/** Source, and what follows `compilation failed: `; told by cel-go. */
const REFUSED: readonly (readonly [string, string])[] = [
  ['self.nope > 1', "ERROR: <input>:1:5: undefined field 'nope'\n | self.nope > 1\n | ....^"],
  ['has(self.nope)', "ERROR: <input>:1:9: undefined field 'nope'\n | has(self.nope)\n | ........^"],
  [
    '1 +',
    "ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 1 +\n | ...^",
  ],
  [
    'self.name > 1',
    "ERROR: <input>:1:11: found no matching overload for '_>_' applied to '(string, int)'\n | self.name > 1\n | ..........^",
  ],
  ['bogus == 1', "ERROR: <input>:1:1: undeclared reference to 'bogus' (in container '')\n | bogus == 1\n | ^"],
  ['bogus(1)', "ERROR: <input>:1:6: undeclared reference to 'bogus' (in container '')\n | bogus(1)\n | .....^"],
  [
    'self.name.matches(1)',
    "ERROR: <input>:1:18: found no matching overload for 'matches' applied to 'string.(int)'\n | self.name.matches(1)\n | .................^",
  ],
];

describe('compile()', () => {
  for (const [source, message] of REFUSED) {
    test(`refuses ${source} as cel-go does`, () =>
      expect(() => evaluate(source)).toThrow(`compilation failed: ${message}`));
  }

  test('refuses an expression that answers another type than it must', () => {
    const result = { types: ['bool'], message: 'must evaluate to a bool' };
    expect(() => compile('1 + 1', { variables: {}, result })).toThrow('must evaluate to a bool');
  });

  test('estimates more for nested loops over lists without bounds than for bounded ones', () => {
    const costOf = (list: object): number => {
      const listType = celTypeOf(list as never);
      if (listType === undefined) throw new Error('no type');
      return compile('self.all(a, self.all(b, a == b))', { variables: { self: { type: listType } } }).estimatedCost;
    };
    const items = { type: 'string', maxLength: 10 };
    expect(costOf({ type: 'array', items, maxItems: 10 })).toBeLessThan(10_000);
    expect(costOf({ type: 'array', items })).toBeGreaterThan(10_000_000_000);
  });

  test('an expression that runs away is cut', () => {
    const items = Array.from({ length: 3000 }, (_, index) => index);
    const listType = celTypeOf({ type: 'array', items: { type: 'integer' } });
    if (listType === undefined) throw new Error('no type');
    const program = compile('self.all(a, self.all(b, self.all(c, a + b + c >= 0)))', {
      variables: { self: { type: listType } },
    });
    const self = celValue(items, listType);
    expect(() => program.run({ self })).toThrow(CostExceeded);
  });
});

test.each(['(a+)+$', '(a|aa)*c', 'a*a*a*a*a*a*b', '(?:a?){30}a{30}$', '(?i)(.*)(.*)(.*)x'])(
  'the pattern %j cannot hold up the server',
  (pattern) => {
    const variables = { text: { type: 'string' }, pattern: { type: 'string' } };
    const program = compile('text.matches(pattern)', { variables });
    const began = performance.now();
    const run = (length: number): unknown => program.run({ text: `${'a'.repeat(length)}!`, pattern });
    expect(run(2000)).toBe(false);
    expect(() => run(1_000_000)).toThrow('actual cost limit exceeded');
    expect(performance.now() - began).toBeLessThan(5000);
  },
);

test.each([
  ["'a1b22'.findAll('[0-9]*')", ['', '1', '22']],
  ["'aXbX'.findAll('X', 1)", ['X']],
  ["'abc'.find('z?')", ''],
])('%s finds what Go finds', (source, expected) => {
  expect(compile(source, { variables: {} }).run({})).toEqual(expected);
});

test('references back and looks around are no patterns', () => {
  const run = (pattern: string): unknown =>
    compile('"a".matches(p)', { variables: { p: { type: 'string' } } }).run({ p: pattern });
  expect(() => run('(?=a)')).toThrow('error parsing regexp: invalid or unsupported Perl syntax: `(?=`');
  expect(() => run('(a)\\1')).toThrow('error parsing regexp: invalid escape sequence: `\\1`');
});
