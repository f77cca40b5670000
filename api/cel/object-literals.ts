/** Words before `{` after which it begins a map. */
const KEYWORDS = new Set(['in', 'true', 'false', 'null']);
const TOKEN =
  /\s+|\/\/[^\n]*|[bB]?[rR]?(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|[A-Za-z_][A-Za-z0-9_]*|[\s\S]/gy;

interface Token {
  readonly text: string;
  readonly isName: boolean;
}

/**
 * Writes objects by their type (`Object.spec{replicas: 1}`, `JSONPatch{op: "add"}`) as maps (`{"replicas": 1}`), which is what becomes of
 * them here: our CEL library has no such literals. Everything else stays as it is.
 */
export function withoutTypes(source: string): string {
  const tokens: Token[] = (source.match(TOKEN) ?? []).map((text) => ({ text, isName: /^[A-Za-z_]\w*$/.test(text) }));
  const out: string[] = [];
  /** For each open bracket: are its keys names of fields. */
  const open: boolean[] = [];
  for (const [index, { text, isName }] of tokens.entries()) {
    if (text === '{') {
      const isTyped = dropType(out);
      open.push(isTyped);
    } else if (text === '[' || text === '(') open.push(false);
    else if (text === '}' || text === ']' || text === ')') open.pop();
    const isKey = isName && open.at(-1) === true && nextMeaning(tokens, index + 1) === ':' && isFirst(out);
    out.push(isKey ? JSON.stringify(text) : text);
  }
  return out.join('');
}

const isBlank = (text: string): boolean => text.trim() === '' || text.startsWith('//');

function nextMeaning(tokens: readonly Token[], from: number): string {
  return tokens.slice(from).find(({ text }) => !isBlank(text))?.text ?? '';
}

/** Does what comes begin an entry, which a question mark makes optional. */
function isFirst(out: readonly string[]): boolean {
  const before = out.filter((text) => !isBlank(text));
  const last = before.at(-1) ?? '';
  return ['{', ','].includes(last === '?' ? (before.at(-2) ?? '') : last);
}

/** Takes the name of a type off the end; false when there is none. */
function dropType(out: string[]): boolean {
  const last = out.findLastIndex((text) => !isBlank(text));
  let begin = last;
  while (begin >= 0 && /^(?:[A-Za-z_]\w*|\.)$/.test(out[begin] ?? '') && !KEYWORDS.has(out[begin] ?? '')) begin -= 1;
  if (begin === last) return false;
  out.splice(begin + 1, last - begin);
  return true;
}
