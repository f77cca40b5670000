/** Calls `look` until it returns without throwing, at most `withinMs`; then it throws what `look` threw last. */
export async function eventually<T>(look: () => T | Promise<T>, withinMs = 5000): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
