import { expect, test } from 'bun:test';
import { forwardFailure } from './crictl-port-forward.ts';

const WORDS =
  'error forwarding port 1 to pod 72af, uid : failed to execute portforward in network namespace "/var/run/netns/cni-1": IPv4: dial tcp4 127.0.0.1:1: connect: connection refused';

test('forwardFailure() reads the quoted value of a structured log line', () => {
  const line = `E1121 11:26:34.295883   17761 portforward.go:424] "Unhandled Error" err="an error occurred forwarding 40001 -> 1: ${WORDS.replaceAll('"', '\\"')} " logger="UnhandledError"\n`;
  expect(forwardFailure(`Handling connection\n${line}`)).toBe(WORDS);
});

test('forwardFailure() reads a plain log line', () => {
  expect(
    forwardFailure(
      `E1121 11:26:34.295883   17761 portforward.go:400] an error occurred forwarding 40001 -> 1: ${WORDS}\n`,
    ),
  ).toBe(WORDS);
});

test('forwardFailure() waits for the end of a line, and finds nothing in other words', () => {
  expect(forwardFailure('E1121 portforward.go:400] an error occurred forwarding 40001 -> 1: error')).toBeUndefined();
  expect(forwardFailure('Handling connection for 40001\n')).toBeUndefined();
});
