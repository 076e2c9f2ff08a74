/** Bare: node:http; a GET is answered from a Map after the end offsets of a topic were asked for. Arguments: ids, brokers, topic. */
import { startAsking } from './end-offsets.ts';
import { mapOfThings } from './map-of-things.ts';
import { serveBare } from './serve-bare.ts';

const [, brokers, topic] = process.argv.slice(2) as [string, string, string];
const { ask } = await startAsking(brokers.split(','), topic);
const things = mapOfThings();
const PREFIX = '/api/things/';
serveBare((request, response) => {
  void ask().then(() => {
    const thing = things.get(request.url!.slice(PREFIX.length));
    response.writeHead(thing === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(thing ?? {}));
  });
});
