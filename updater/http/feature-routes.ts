/** What clients may use of a release, per partition, and enabling it once every process knows it (docs/adding-a-field.md). */
import { randomUUID } from 'node:crypto';
import { Type } from 'typebox';
import { FEATURE_BODY, FEATURES, type FeaturesJson } from '../../shared/contracts/features.ts';
import { enableHash } from '../../shared/domain/command.ts';
import { KNOWN_FEATURES } from '../../shared/domain/features.ts';
import { ApiError, unavailable } from '../../shared/http/errors.ts';
import { route, type Route } from '../../shared/http/route.ts';
import { idempotencyKey } from '../../shared/http/idempotency-key.ts';
import { answer, BEARER, errorAnswers, IDEMPOTENCY_KEY, NO_QUERY } from '../../shared/http/route-schemas.ts';
import { AppendRefusedError } from '../../shared/log/event-log.ts';
import type { FoldStore } from '../../shared/replica/fold-store.ts';
import { createCommandAppender, type CommandAppenderParts } from '../switch/command-append.ts';

export interface FeatureRoutesParts extends CommandAppenderParts {
  readonly partitions: number;
  readonly store: FoldStore;
  /** What the updater still waits for, until it decides commands. */
  readonly starting: () => string | undefined;
  /** Features of this release, else for tests and the simulator. */
  readonly knownFeatures?: readonly string[] | undefined;
}

/** How long an `enable` has for its decision in every partition. */
const DECIDED_WAIT_MS = 8_000;
const DECIDED_POLL_MS = 20;

export const featureRoutes = (parts: FeatureRoutesParts): Route[] => {
  const { store, time, knownFeatures = KNOWN_FEATURES } = parts;
  const all = Array.from({ length: parts.partitions }, (_, partition) => partition);
  const append = createCommandAppender(parts);
  const featuresOf = (partition: number): readonly string[] => store.state(partition).header.features;
  const shape = (): FeaturesJson => ({
    known: [...knownFeatures],
    partitions: all.map((partition) => ({ partition, enabled: [...featuresOf(partition)] })),
  });
  const lacking = (feature: string): number[] =>
    all.filter((partition) => !featuresOf(partition).includes(feature));
  const checkReady = (): void => {
    const waiting = parts.starting();
    if (waiting !== undefined) throw unavailable(`not ready: ${waiting}`);
  };

  /** In every partition that lacks it. Throws ApiError when that is not known of all of them in time. */
  const enable = async (feature: string, commandId: string): Promise<void> => {
    const requestedOn = time.now();
    const payloadHash = enableHash(feature);
    const appends = await Promise.allSettled(
      lacking(feature).map((partition) =>
        append(partition, { type: 'enable', commandId, requestedOn, payloadHash, feature }),
      ),
    );
    const refusal = appends
      .map((one) => (one.status === 'rejected' ? (one.reason as unknown) : undefined))
      .find((reason) => reason instanceof AppendRefusedError);
    if (refusal !== undefined) throw unavailable(`not enabled everywhere: ${refusal.message}`);
    const deadline = time.monotonic() + DECIDED_WAIT_MS;
    while (lacking(feature).length > 0 && time.monotonic() < deadline) await time.sleep(DECIDED_POLL_MS);
    const left = lacking(feature);
    if (left.length > 0)
      throw new ApiError(
        'outcome-unknown',
        `it is not known that ${feature} is enabled in partitions ${left.join(', ')}; ask again`,
      );
  };

  return [
    route({
      method: 'GET',
      path: '/api/features',
      schema: {
        operationId: 'readFeatures',
        tags: ['features'],
        summary: 'What this release knows, and what is enabled',
        query: NO_QUERY,
        responses: { 200: answer(FEATURES, 'Known and enabled features'), ...errorAnswers(400, 503) },
      },
      handle: () => {
        checkReady();
        return shape();
      },
    }),
    route<{ body: { readonly feature: string } }>({
      method: 'POST',
      path: '/api/features',
      schema: {
        operationId: 'enableFeature',
        tags: ['features'],
        summary: 'Enables a feature in every partition',
        security: BEARER,
        description:
          'Every process must know it: those that do not end, and say so. There is no way back. A feature that this updater does not know is 400.',
        headers: Type.Object({ 'Idempotency-Key': IDEMPOTENCY_KEY }),
        body: FEATURE_BODY,
        query: NO_QUERY,
        responses: {
          200: answer(FEATURES, 'It is enabled in every partition'),
          ...errorAnswers(400, 401, 503, 504),
        },
      },
      handle: async ({ req }, { body: { feature } }) => {
        checkReady();
        if (!knownFeatures.includes(feature))
          throw new ApiError(
            'bad-request',
            `this updater does not know the feature ${feature} (it knows ${knownFeatures.join(', ') || 'none'}): update all services first`,
          );
        await enable(feature, idempotencyKey(req) ?? randomUUID());
        return shape();
      },
    }),
  ];
};
