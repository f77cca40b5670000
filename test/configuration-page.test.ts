import { expect, test } from 'bun:test';
import { AGENT_OPTIONS } from '#agent/config.ts';
import { environmentName, type Option } from '#base/options.ts';
import { SERVER_OPTIONS } from '#server/config.ts';
import { ROOT } from './support/import-law.ts';

const page = await Bun.file(`${ROOT}/docs/configuration.md`).text();

/** The rows of the table below a heading, by flag: `[flag and value, environment, default, meaning]`. */
function rowsBelow(heading: string): Map<string, string[]> {
  const section = page.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `--'));
  return new Map(
    rows.map((row) => {
      const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
      return [/--([a-z-]+)/.exec(cells[1] ?? '')?.[1] ?? '', cells.slice(1, -1)];
    }),
  );
}

const cases: { heading: string; table: readonly Option<unknown>[] }[] = [
  { heading: 'Server: ', table: Object.values(SERVER_OPTIONS) },
  { heading: 'Agent: ', table: Object.values(AGENT_OPTIONS) },
];

for (const { heading, table } of cases) {
  test(`docs/configuration.md, ${heading.trim()} has every setting with its value, variable and default, and no other`, () => {
    const rows = rowsBelow(heading);
    expect([...rows.keys()].sort()).toEqual(table.map(({ name }) => name).sort());
    for (const { name, placeholder, default: standard } of table) {
      const [flag, variable, written = ''] = rows.get(name) ?? [];
      expect({ flag, variable }).toEqual({
        flag: `\`--${name} ${placeholder}\``,
        variable: `\`${environmentName(name)}\``,
      });
      if (standard !== undefined) expect(written).toBe(`\`${standard}\``);
    }
  });
}
