import { expect, test } from 'bun:test';
import { scheduleFault, timeZoneFault } from './schedule.ts';

test.each([
  '* * * * *',
  '*/5 0-23/2 1,15 JAN-mar sun',
  '59 23 31 12 6',
  '0 0 ? * 1-5',
  '30/10 * * * *',
  '@hourly',
  '@every 1h30m',
  'TZ=Europe/Berlin 0 6 * * *',
])('%j is a schedule', (schedule) => expect(scheduleFault(schedule)).toBeUndefined());

test.each([
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['* 5-3 * * *', 'beginning of range (5) beyond end of range (3): 5-3'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
  ['*/2/3 * * * *', 'too many slashes: */2/3'],
  ['* * * foo *', 'failed to parse int from foo: strconv.Atoi: parsing "foo": invalid syntax'],
  ['* * * * 7', 'end of range (7) above maximum (6): 7'],
  ['@never', 'unrecognized descriptor: @never'],
  ['@every soon', 'failed to parse duration @every soon: time: invalid duration "soon"'],
  ['CRON_TZ=Mars/Base 0 6 * * *', 'provided bad location Mars/Base: unknown time zone Mars/Base'],
])('%j is refused: %s', (schedule, fault) => expect(scheduleFault(schedule)).toBe(fault));

test.each([
  ['Europe/Berlin', undefined],
  ['UTC', undefined],
  ['europe/berlin', 'unknown time zone europe/berlin'],
  ['+01:00', 'unknown time zone +01:00'],
  ['Nowhere', 'unknown time zone Nowhere'],
])('time zone %j: %s', (name, fault) => expect(timeZoneFault(name)).toBe(fault as string));
