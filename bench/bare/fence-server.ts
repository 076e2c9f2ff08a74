/** Bare: node:http; a GET looks at the row of mastership and at the outbox, a POST is a fence transaction. Argument: database. */
import { startFences } from './fence-transaction.ts';
import { serveBare } from './serve-bare.ts';

const { look, fence } = await startFences(process.argv[2]!);
serveBare((request, response) => {
  void (request.method === 'POST' ? fence() : look()).then(() => response.end('{}'));
});
