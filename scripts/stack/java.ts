/**
 * How Java is started so that any path will do: it takes file names for UTF-8, whatever the language here is, and it gets
 * paths that are relative to its folder, since a class path is split at colons, and Kafka's folders at commas.
 */
export const JAVA_ENV = { LC_ALL: 'C.UTF-8' } as const;

/** In a command line it says whose process that is. */
export const javaMark = (stackDir: string): string => `-Dmigration.playground=${stackDir}`;
