/** The schema registry over HTTP, by its Confluent-compatible API (Confluent itself, Apicurio, Karapace, …). */
import { COMPATIBILITY, SchemaRegistry as Client, SchemaType } from '@kafkajs/confluent-schema-registry';
import { rejectAfter } from '../process/timeout.ts';
import { systemTime } from '../process/time.ts';
import { parseAvroType } from './record-schemas.ts';
import { IncompatibleSchemaError, type SchemaRegistry } from './schema-registry.ts';

export interface RegistryAccess {
  /** With path: `http://host:port/apis/ccompat/v7`. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
}

/** The client has no limit of its own. */
const ANSWER_MAX_MS = 10_000;

/** Every call throws when the registry has not answered after `answerMaxMs`. */
export const confluentRegistry = (
  { url, username, password }: RegistryAccess,
  answerMaxMs = ANSWER_MAX_MS,
): SchemaRegistry => {
  const answer = <T>(what: string, work: Promise<T>): Promise<T> =>
    rejectAfter(systemTime, answerMaxMs, `${what} at the schema registry ${shownUrl(url)}`, work);
  const client = new Client({
    host: url.replace(/\/$/, ''),
    retry: { retries: 0 },
    ...(username === undefined ? {} : { auth: { username, password: password ?? '' } }),
  });
  return {
    name: `the schema registry at ${shownUrl(url)}`,
    register: async (subject, schemaJson) => {
      try {
        const schema = { type: SchemaType.AVRO, schema: schemaJson } as const;
        const registering = client.register(schema, { subject, compatibility: COMPATIBILITY.BACKWARD });
        const { id } = await answer(`registering the subject ${subject}`, registering);
        return id;
      } catch (error) {
        const looking = incompatibility(client, subject, schemaJson);
        const fault = await answer(`reading the subject ${subject}`, looking).catch(() => undefined);
        throw fault === undefined ? error : new IncompatibleSchemaError(fault, { cause: error });
      }
    },
    schema: async (id) => {
      const schema = (await answer(
        `reading the schema ${id}`,
        client.getSchema(id).catch(undefinedIfMissing),
      )) as unknown;
      if (schema === undefined) return undefined;
      // An Avro schema of the client is an avsc type; its own JSON form is what we want.
      return { avro: isAvro(schema) ? JSON.stringify(schema) : undefined };
    },
  };
};

/** By what the client has made of the answer, not by a parse that fails: a broken answer is no schema of another format. */
const isAvro = (schema: unknown): boolean =>
  typeof (schema as { createResolver?: unknown }).createResolver === 'function';

/** Without a password. */
const shownUrl = (url: string): string => {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
};

const HTTP_NOT_FOUND = 404;

const undefinedIfMissing = (error: Error & { readonly status?: number }): undefined => {
  if (error.status === HTTP_NOT_FOUND) return undefined;
  throw error;
};

/** What the registry only calls incompatible, said with the name of the field; undefined when that is not the fault. */
const incompatibility = async (
  client: Client,
  subject: string,
  schemaJson: string,
): Promise<string | undefined> => {
  const latest = await client
    .getLatestSchemaId(subject)
    .then((id) => client.getSchema(id))
    .catch(() => undefined);
  if (latest === undefined) return undefined;
  try {
    parseAvroType(schemaJson).createResolver(parseAvroType(JSON.stringify(latest)));
    return undefined;
  } catch (error) {
    return `the schema of ${subject} cannot read what its latest version wrote: ${(error as Error).message}`;
  }
};
