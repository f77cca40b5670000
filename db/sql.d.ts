/** A migration, embedded as text in whatever bundles the importer. */
declare module '*.sql' {
  const text: string;
  export default text;
}
