/** Bare: node:http, answering from a Map. */
import { serveBare } from './serve-bare.ts';
import { mapOfThings } from './map-of-things.ts';

const things = mapOfThings();
const PREFIX = '/api/things/';
serveBare((request, response) => {
  const thing = things.get(request.url!.slice(PREFIX.length));
  response.writeHead(thing === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(thing === undefined ? '{}' : JSON.stringify(thing));
});
