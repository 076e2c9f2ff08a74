/** Where schemas are kept: the seam, and its implementation without a registry, for the embedded mode. */
export interface SchemaRegistry {
  /**
   * Registers a schema under BACKWARD compatibility and returns its id. Throws IncompatibleSchemaError when it cannot
   * read what the subject's latest schema wrote.
   */
  register(subject: string, schemaJson: string): Promise<number>;
  /** The schema with this id, as JSON. Throws when there is none. */
  schema(id: number): Promise<string>;
}

export class IncompatibleSchemaError extends Error {
  override readonly name = 'IncompatibleSchemaError';
}

export const memorySchemaRegistry = (): SchemaRegistry => {
  const schemas: string[] = [];
  return {
    register: async (_subject, schemaJson) => {
      const known = schemas.indexOf(schemaJson);
      return known >= 0 ? known + 1 : schemas.push(schemaJson);
    },
    schema: async (id) => {
      const schema = schemas[id - 1];
      if (schema === undefined) throw new Error(`no schema has the id ${id}`);
      return schema;
    },
  };
};
