/** Resolves with true when `work` is done, with false after `timeoutMs`. Does not cancel `work`. */
export const settledWithin = async (work: Promise<unknown>, timeoutMs: number): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  return Promise.race([work.then(() => true), limit]).finally(() => clearTimeout(timer));
};
