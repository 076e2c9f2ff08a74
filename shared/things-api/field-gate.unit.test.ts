import { expect, test } from 'vitest';
import { create, remove } from '../../test/outcome-log.ts';
import { textField } from '../domain/added-fields.ts';
import type { ThingCommand } from '../domain/command.ts';
import { unavailable } from '../http/errors.ts';
import { checkEnabled } from './field-gate.ts';

const TABLE = { colour: textField(40) };
const withColour = (colour: string): ThingCommand => Object.assign(create('c'), { colour });

const attempt = (command: ThingCommand, enabled: string[], caughtUp: () => Promise<void>) =>
  checkEnabled(command, 2, { features: () => enabled, caughtUp }, TABLE);
const nothingMore = () => Promise.resolve();

test('400, with what to do, when the field is not enabled in the partition at the end of the log', async () => {
  await expect(attempt(withColour('red'), [], nothingMore)).rejects.toMatchObject({
    code: 'bad-request',
    message: expect.stringMatching(
      /nothing was written: "colour" cannot be set yet.*upgrade enable colour/,
    ) as string,
  });
});

test('defaults, deletes and enabled fields pass without a look at the log', async () => {
  const never = () => Promise.reject(new Error('asked'));
  await attempt(withColour('red'), ['colour'], never);
  await attempt(withColour(''), [], never);
  await attempt(remove('r', 1, 0), [], never);
});

test('a process that is behind reads on before it judges, and refuses nothing for good when it cannot', async () => {
  const enabled: string[] = [];
  await attempt(withColour('red'), enabled, async () => void enabled.push('colour'));
  const behind = () => Promise.reject(unavailable('the log does not answer'));
  await expect(attempt(withColour('red'), [], behind)).rejects.toMatchObject({ code: 'unavailable' });
});
