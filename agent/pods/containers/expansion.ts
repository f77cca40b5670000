/**
 * Replaces `$(NAME)` in `text` by what `lookup` knows. A name it does not know stays as written, `$$` is a single `$`.
 * (upstream: third_party/forked/golang/expansion)
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (lookup(name) ?? whole),
  );
}
