/** The letters of generated suffixes: no vowels, nothing that reads as another letter (apimachinery: util/rand). */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
/** A generated name has at most this many characters (apiserver: names.maxNameLength). */
const LONGEST = 63;

/** `length` letters by chance, as in the names of pods. */
export function randomSuffix(length: number = SUFFIX_LENGTH): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length * 2));
  let suffix = '';
  // Bytes above the last whole multiple would make some letters likelier; 20 of 256 are passed over.
  for (const byte of bytes) if (byte < 243 && suffix.length < length) suffix += ALPHABET[byte % ALPHABET.length] ?? '';
  return suffix.length === length ? suffix : randomSuffix(length);
}

/** metadata.generateName with a suffix, cut so that the whole fits a label. */
export const generateName = (prefix: string): string => prefix.slice(0, LONGEST - SUFFIX_LENGTH) + randomSuffix();
