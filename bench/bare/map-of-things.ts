/** Things as Shiny shows them. The ids are given as argument, separated by commas. */
export const mapOfThings = (): Map<string, object> => {
  const time = new Date().toISOString();
  const shown = { name: 'benchmark', foo: 0, created_on: time, updated_on: time, version: '0' };
  return new Map(process.argv[2]!.split(',').map((id) => [id, { id, ...shown }]));
};
