/** A list as the answer of a route: sent slice by slice on the response itself, past what the framework would buffer. */
import type { FastifyReply } from 'fastify';
import { jsonArray, sendTexts } from './list-slices.ts';

/** The headers of the reply are sent with the first slice; what fails before it is answered as any error. */
export const sendJsonArray = async (
  reply: FastifyReply,
  slices: AsyncIterable<readonly { json: string }[]>,
): Promise<FastifyReply> => {
  const { raw } = reply;
  const begin = (): void => {
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) raw.setHeader(name, value);
  };
  try {
    await sendTexts(raw, jsonArray(slices), begin);
  } catch (error) {
    if (!reply.sent) throw error;
    reply.log.warn({ err: error }, 'a list broke off: its connection is cut');
  }
  return reply;
};
