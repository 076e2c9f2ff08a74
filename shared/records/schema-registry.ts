/** Where schemas are kept: the seam, and its implementation without a registry, for the embedded mode. */
export interface SchemaRegistry {
  /** For messages; without credentials. */
  readonly name: string;
  /**
   * Registers a schema under BACKWARD compatibility and returns its id. Throws IncompatibleSchemaError when it cannot
   * read what the subject's latest schema wrote.
   */
  register(subject: string, schemaJson: string): Promise<number>;
  /** Undefined when there is none with this id. */
  schema(id: number): Promise<RegisteredSchema | undefined>;
}

export interface RegisteredSchema {
  /** As JSON; undefined for a schema of another format, such as JSON Schema or Protobuf. */
  readonly avro: string | undefined;
}

export class IncompatibleSchemaError extends Error {
  override readonly name = 'IncompatibleSchemaError';
}

export const memorySchemaRegistry = (): SchemaRegistry => {
  const schemas: string[] = [];
  return {
    name: 'the schema registry in memory',
    register: async (_subject, schemaJson) => {
      const known = schemas.indexOf(schemaJson);
      return known >= 0 ? known + 1 : schemas.push(schemaJson);
    },
    schema: async (id) => {
      const avro = schemas[id - 1];
      return avro === undefined ? undefined : { avro };
    },
  };
};
