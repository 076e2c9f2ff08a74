import { expect, test } from 'vitest';
import { sharedEndOffsets } from './end-offsets.ts';
import { createMemoryLog } from './memory-log.ts';

test('who asks while a request is under way gets the next one, all of them the same', async () => {
  const requests: PromiseWithResolvers<number[]>[] = [];
  const log = {
    ...createMemoryLog(),
    endOffsets: () => {
      const request = Promise.withResolvers<number[]>();
      requests.push(request);
      return request.promise;
    },
  };
  const endOffsets = sharedEndOffsets(log, 't');
  const first = endOffsets();
  const [second, third] = [endOffsets(), endOffsets()];
  expect(requests).toHaveLength(1);
  requests[0]!.resolve([1]);
  expect(await first).toEqual([1]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(requests).toHaveLength(2);
  requests[1]!.resolve([2]);
  expect(await Promise.all([second, third])).toEqual([[2], [2]]);

  const failing = endOffsets();
  const behind = endOffsets();
  requests[2]!.reject(new Error('away'));
  await expect(failing).rejects.toThrow('away');
  await new Promise((resolve) => setImmediate(resolve));
  requests[3]!.resolve([4]);
  expect(await behind).toEqual([4]);
});
