/** The schema registry over HTTP, by its Confluent-compatible API (Confluent itself, Apicurio, Karapace, …). */
import { COMPATIBILITY, SchemaRegistry as Client, SchemaType } from '@kafkajs/confluent-schema-registry';
import { parseAvroType } from './record-schemas.ts';
import { IncompatibleSchemaError, type SchemaRegistry } from './schema-registry.ts';

export interface RegistryAccess {
  /** With path: `http://host:port/apis/ccompat/v7`. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
}

export const confluentRegistry = ({ url, username, password }: RegistryAccess): SchemaRegistry => {
  const client = new Client({
    host: url.replace(/\/$/, ''),
    retry: { retries: 0 },
    ...(username === undefined ? {} : { auth: { username, password: password ?? '' } }),
  });
  return {
    name: `the schema registry at ${withoutCredentials(url)}`,
    register: async (subject, schemaJson) => {
      try {
        const schema = { type: SchemaType.AVRO, schema: schemaJson } as const;
        const { id } = await client.register(schema, { subject, compatibility: COMPATIBILITY.BACKWARD });
        return id;
      } catch (error) {
        const fault = await incompatibility(client, subject, schemaJson);
        throw fault === undefined ? error : new IncompatibleSchemaError(fault, { cause: error });
      }
    },
    schema: async (id) => {
      const schema = await client.getSchema(id).catch(undefinedIfMissing);
      if (schema === undefined) return undefined;
      // An Avro schema of the client is an avsc type; its own JSON form is what we want.
      return JSON.stringify(schema);
    },
  };
};

const withoutCredentials = (text: string): string => {
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return url.href;
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
