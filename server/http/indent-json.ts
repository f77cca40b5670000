/** A JSON text for people: indented by two spaces. The text itself is taken over, so no number and no order of keys changes. */
export function indentJson(text: string): string {
  const pieces: string[] = [];
  let depth = 0;
  for (const [token] of text.matchAll(TOKENS)) {
    const newline = (): string => `\n${'  '.repeat(depth)}`;
    if (token === '{' || token === '[') {
      depth += 1;
      pieces.push(token, newline());
    } else if (token === '}' || token === ']') {
      depth -= 1;
      pieces.push(newline(), token);
    } else if (token === ',') pieces.push(token, newline());
    else if (token === ':') pieces.push(': ');
    else pieces.push(token);
  }
  return pieces.join('');
}

/** Strings whole, so that nothing in them is taken for punctuation; empty objects and lists stay as they are. */
const TOKENS = /"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|[^\s{}[\],:"]+/g;
