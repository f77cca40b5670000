import type { WriteOrigin } from './object-store.ts';
import type { WriteContext } from './registry.ts';

/** The most that the log keeps of a name; clients choose their User-Agent. */
const MOST_CHARACTERS = 256;

/** Who makes the writes of this context, as the log keeps it. */
export const originOf = ({ user, userAgent = '' }: Pick<WriteContext, 'user' | 'userAgent'>): WriteOrigin => ({
  user: clean(user.name),
  userAgent: clean(userAgent),
});

/** Postgres takes no NUL in a text, and a history is printed on terminals: neither may have control characters. */
function clean(text: string): string {
  const short = text.length > MOST_CHARACTERS ? text.slice(0, MOST_CHARACTERS) : text;
  // eslint-disable-next-line no-control-regex
  return /[\u0000-\u001f\u007f-\u009f]/.test(short) ? short.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ') : short;
}
