/** Who is master of which partition, and switching it: for the command line and whoever else steers a migration. */
import { randomUUID } from 'node:crypto';
import { Type } from 'typebox';
import type { Genesis } from '../../shared/domain/outcome.ts';
import { ApiError, unavailable } from '../../shared/http/errors.ts';
import { idempotencyKey } from '../../shared/http/idempotency-key.ts';
import { route, type Route } from '../../shared/http/route.ts';
import { prefersAsync } from '../../shared/http/request-headers.ts';
import {
  answer,
  BEARER,
  errorAnswers,
  IDEMPOTENCY_KEY,
  NO_QUERY,
  PREFER,
} from '../../shared/http/route-schemas.ts';
import { isoTime } from '../../shared/process/iso-time.ts';
import type { FoldStore } from '../../shared/replica/fold-store.ts';
import type { UpdaterService } from '../partition/service.ts';
import { switchPath, type SwitchRequests } from '../switch/switch-requests.ts';
import { switchJson } from '../switch/switch-json.ts';
import {
  SWITCH,
  SWITCH_BODY,
  SWITCH_DEADLINE_DEFAULT_MS,
  type SwitchBody,
  type SwitchJson,
  DRY_RUN,
  MASTERSHIP,
  type PartitionMastershipJson,
} from '../../shared/contracts/switches.ts';
import { precheckSwitch, type PrecheckParts } from './switch-precheck.ts';

export interface SwitchRoutesParts extends PrecheckParts {
  readonly namespace: string;
  readonly genesis: Genesis;
  readonly store: FoldStore;
  readonly service: UpdaterService;
  readonly requests: SwitchRequests;
}

/** Past its deadline a switch is refused or past the point of no return; then it has so long to end. */
const END_WAIT_MS = 10_000;
const READ_WAIT_MS = 2_000;
const LAG_WAIT_MS = 2_000;

export const switchRoutes = (parts: SwitchRoutesParts): Route[] => {
  const { namespace, genesis, store, service, requests } = parts;
  const all = Array.from({ length: genesis.partitions }, (_, partition) => partition);
  const shapeOf = (id: string, partitions: readonly number[]): SwitchJson =>
    switchJson(
      id,
      partitions.map((partition) => ({
        partition,
        entry: service.journal.entry(id, partition),
        result: store.state(partition).switches.get(id),
      })),
    );
  const checkReady = (): void => {
    const waiting = service.starting();
    if (waiting !== undefined) throw unavailable(`not ready: ${waiting}`);
  };
  const checkPartitions = (partitions: readonly (number | string)[]): void => {
    const unknown = partitions.filter((partition) => Number(partition) >= genesis.partitions);
    if (unknown.length > 0)
      throw new ApiError(
        'bad-request',
        `there are ${genesis.partitions} partitions, from 0 on, but not ${unknown.join(', ')}`,
      );
  };

  return [
    route({
      method: 'GET',
      path: '/api/mastership',
      schema: {
        operationId: 'readMastership',
        tags: ['mastership'],
        summary: 'Who is master of which partition',
        query: NO_QUERY,
        responses: { 200: answer(MASTERSHIP, 'The partitions'), ...errorAnswers(400, 503) },
      },
      handle: async () => {
        checkReady();
        const late = parts.time.sleep(LAG_WAIT_MS).then(() => undefined);
        const asked = parts.log.endOffsets(parts.outcomesTopic).catch(() => undefined);
        const ends = await Promise.race([asked, late]);
        return {
          namespace,
          partitions: all.map((partition) => mastershipOf(parts, partition, ends?.[partition])),
        };
      },
    }),
    route<{ body: SwitchBody }>({
      method: 'POST',
      path: '/api/switches',
      schema: {
        operationId: 'switchMaster',
        tags: ['mastership'],
        summary: 'Moves the mastership of partitions, or says what would happen (dry_run)',
        security: BEARER,
        description: `Partitions are those of the namespace, from 0 on; another number, also in expected_epochs, is 400.`,
        headers: Type.Object({ 'Idempotency-Key': IDEMPOTENCY_KEY, Prefer: PREFER }),
        body: SWITCH_BODY,
        query: NO_QUERY,
        responses: {
          200: answer(
            Type.Union([SWITCH, DRY_RUN]),
            'Every partition has its result; or, with dry_run, what would happen',
          ),
          202: answer(SWITCH, 'It is in the log', 'location'),
          ...errorAnswers(400, 401, 422, 503, 504),
        },
      },
      handle: async (context, { body }) => {
        checkReady();
        const id = idempotencyKey(context.req) ?? randomUUID();
        const { to, partitions, expected_epochs: expectedEpochs = {}, allow_loss: allowLoss = false } = body;
        const { deadline_ms: deadlineMs = SWITCH_DEADLINE_DEFAULT_MS, dry_run: isDryRun = false } = body;
        checkPartitions([...(partitions ?? []), ...Object.keys(expectedEpochs)]);
        if (isDryRun) {
          const asked = {
            to,
            partitions: partitions ?? requests.partitionsFor(to),
            expectedEpochs,
            allowLoss,
          };
          return { dry_run: true, to, partitions: await precheckSwitch(parts, asked) };
        }
        const sent = await requests.send({ id, to, partitions, expectedEpochs, deadlineMs, allowLoss });
        const location = switchPath(id);
        if (sent.length > 0 && prefersAsync(context.req)) {
          // So that the address in the answer leads somewhere at once.
          await requests.read(id, sent, READ_WAIT_MS);
          context.status = 202;
          context.set({ location, 'preference-applied': 'respond-async' });
          return shapeOf(id, sent);
        }
        if (await requests.decided(id, sent, deadlineMs + END_WAIT_MS)) return shapeOf(id, sent);
        throw new ApiError(
          'outcome-unknown',
          `the result of switch ${id} is not known yet for every partition; ${location} tells it later`,
          { location },
        );
      },
    }),
    route<{ params: { readonly id: string } }>({
      method: 'GET',
      path: '/api/switches/:id',
      schema: {
        operationId: 'readSwitch',
        tags: ['mastership'],
        summary: 'What became of a switch',
        params: Type.Object({ id: Type.String({ minLength: 1 }) }),
        query: NO_QUERY,
        responses: { 200: answer(SWITCH, 'The switch'), ...errorAnswers(400, 404, 503) },
      },
      handle: (_context, { params: { id } }) => {
        checkReady();
        const partitions = requests.partitionsOf(id);
        if (partitions.length === 0) throw new ApiError('not-found', `there is no switch ${id}`);
        return shapeOf(id, partitions);
      },
    }),
  ];
};

/** `lag`: outcomes that this updater has not folded, null when the log does not say. */
const mastershipOf = (
  { store, service }: SwitchRoutesParts,
  partition: number,
  end: number | undefined,
): PartitionMastershipJson => {
  const { master, epoch, position } = store.state(partition).header;
  const open = service.journal.open(partition);
  const { state, since, reason } = service.statuses()[partition]!;
  return {
    partition,
    owner: master,
    epoch,
    position,
    state,
    ...(since === undefined ? {} : { since: isoTime(since) }),
    ...(reason === undefined ? {} : { reason }),
    waiting: service.loops()![partition]!.command.waiting(),
    lag: end === undefined ? null : Math.max(0, end - service.progress.next(partition)),
    ...(open === undefined
      ? {}
      : {
          switch: {
            id: open.id,
            to: open.to,
            requested_on: isoTime(open.requestedOn),
            step:
              open.releasedOn !== null
                ? 'released'
                : open.fencedOn !== null
                  ? 'fenced'
                  : open.begunOn !== null
                    ? 'begun'
                    : 'waiting',
          },
        }),
  };
};
