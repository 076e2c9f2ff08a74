-- One write of Original: one call, one round trip, its own transaction.
--
-- The problem: a write must not slip in after the fence of a switch, and a retried command must get its first answer.
-- The argument: the shared lock of the partition is the first statement, before the transaction has an id or reads
-- anything, so a fence (exclusive) is either wholly before or wholly after it (P7). In READ COMMITTED every statement of
-- a plpgsql function sees what was committed before it, so the master is read after the lock was got. In another isolation
-- level it would not, so that is looked at.
-- Rejected: the master check in one plain SQL statement (its snapshot is older than the lock: unsafe), and FOR SHARE on
-- the master's row (safe, but writers starve the switch).

create function refusal(
  p_partition integer, p_command_id text, p_payload_hash text, p_type text, p_thing_id bigint,
  p_code text, p_current_version bigint, p_field text
) returns answer_row language sql immutable as $$
  select row(p_command_id, p_partition, p_payload_hash, p_type, p_thing_id, p_code, p_current_version, p_field,
             null, null, null, null, null, null, null)::answer_row
$$;

-- The locks of a write. Two requests with one command id: one after the other.
create function lock_for_write(p_partition integer, p_command_id text) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(lock_space(), p_partition);
  perform pg_advisory_xact_lock(hashtextextended(p_command_id, lock_space()));
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'a write needs READ COMMITTED, the connection has %', current_setting('transaction_isolation')
      using errcode = 'MP002';
  end if;
end $$;

-- Looks up the command id. Returns its answer in this partition (repeated, or `reused` when the request differs), or its
-- answer from another partition (`partition` differs). Has no effect, so it does not check the master (P6).
create function stored_answer(
  p_partition integer, p_command_id text, p_payload_hash text, p_type text, p_thing_id bigint
) returns answer_row language plpgsql as $$
declare
  answer answer_row;
begin
  select command_id, partition, payload_hash, command_type, thing_id, code, current_version, field, name, foo,
         created_on, updated_on, version, deleted, added
    into answer from answers where command_id = p_command_id order by partition <> p_partition limit 1;
  if answer.partition = p_partition and answer.payload_hash <> p_payload_hash then
    return refusal(p_partition, p_command_id, p_payload_hash, p_type, p_thing_id, 'reused', null, null);
  end if;
  return answer;
end $$;

-- Does Original decide here? A direct write has no fencing epoch (null). Behind the lock, so the row stays until the end.
create function original_decides(p_partition integer, p_fencing_epoch bigint) returns boolean language plpgsql as $$
declare
  master mastership_row := mastership_of(p_partition);
begin
  if p_fencing_epoch > master.epoch then
    raise exception 'partition % is at epoch % in the database and at % in the log: the database was set back',
      p_partition, master.epoch, p_fencing_epoch using errcode = 'MP001';
  end if;
  return master.owner = 'original' and (p_fencing_epoch is null or master.since <= p_fencing_epoch);
end $$;

-- The compare-and-set of an update or delete; null when it may go on. The same rules as decideChange in
-- shared/domain/decide.ts, in the same order; the contract suite holds them together.
create function check_change(
  thing thing_row, p_partition integer, p_command_id text, p_payload_hash text, p_type text, p_thing_id bigint,
  p_expected_version bigint, p_foo integer, p_created_on timestamptz, p_updated_on timestamptz
) returns answer_row language plpgsql immutable as $$
declare
  code text;
  field text;
begin
  if thing.id is null or thing.deleted then
    code := 'absent';
  elsif thing.version <> p_expected_version then
    code := 'conflict';
  elsif p_type = 'update' and p_created_on <> thing.created_on then
    code := 'readonly'; field := 'created_on';
  elsif p_type = 'update' and p_updated_on <> thing.updated_on then
    code := 'readonly'; field := 'updated_on';
  elsif p_type = 'update' and p_foo is null then
    code := 'unrepresentable'; field := 'foo';
  else
    return null;
  end if;
  return refusal(p_partition, p_command_id, p_payload_hash, p_type, p_thing_id, code,
                 case when code = 'conflict' then thing.version end, field);
end $$;

-- The Thing that the command makes, or `answer` when it is refused.
create function change_thing(
  p_partition integer, p_command_id text, p_payload_hash text, p_type text, p_thing_id bigint, p_expected_version bigint,
  p_name text, p_foo integer, p_created_on timestamptz, p_updated_on timestamptz, p_now timestamptz, p_added jsonb,
  out answer answer_row, out thing thing_row
) language plpgsql as $$
begin
  if p_type = 'create' then
    if p_foo is null then
      answer := refusal(p_partition, p_command_id, p_payload_hash, p_type, null, 'unrepresentable', null, 'foo');
      return;
    end if;
    insert into things as t (id, name, foo, created_on, updated_on, version, added)
      values (nextval(format('thing_ids_%s', p_partition)::regclass), p_name, p_foo, p_now, p_now, 0, p_added)
      returning t.id, t.name, t.foo, t.created_on, t.updated_on, t.version, t.deleted, t.added into thing;
    return;
  end if;
  if p_thing_id % (select partitions from genesis) <> p_partition then
    raise exception 'Thing % does not live in partition %', p_thing_id, p_partition using errcode = 'MP003';
  end if;
  select t.id, t.name, t.foo, t.created_on, t.updated_on, t.version, t.deleted, t.added
    into thing from things t where t.id = p_thing_id for no key update;
  answer := check_change(thing, p_partition, p_command_id, p_payload_hash, p_type, p_thing_id, p_expected_version,
                         p_foo, p_created_on, p_updated_on);
  if answer.code is not null then
    return;
  end if;
  if p_type = 'delete' then
    update things as t set version = t.version + 1, deleted = true where t.id = p_thing_id
      returning t.id, t.name, t.foo, t.created_on, t.updated_on, t.version, t.deleted, t.added into thing;
  else
    update things as t
      set name = p_name, foo = p_foo, updated_on = greatest(t.updated_on, p_now), version = t.version + 1, added = p_added,
          lossy = false
      where t.id = p_thing_id
      returning t.id, t.name, t.foo, t.created_on, t.updated_on, t.version, t.deleted, t.added into thing;
  end if;
end $$;

-- Keeps the answer, and puts into the outbox what leaves Postgres only that way.
create function record_decision(answer answer_row, p_fencing_epoch bigint, asked asked_row) returns void
language plpgsql as $$
begin
  -- A 422 is never stored: it would stand in the way of an answer that is still to come by the mirror. No `on conflict`
  -- here: if the mirror has brought an answer since it was looked up, all of this must be undone.
  if answer.code <> 'reused' then
    insert into answers (command_id, partition, payload_hash, command_type, thing_id, code, current_version, field,
                         name, foo, created_on, updated_on, version, deleted, added)
      values (answer.command_id, answer.partition, answer.payload_hash, answer.command_type, answer.thing_id,
              answer.code, answer.current_version, answer.field, answer.name, answer.foo, answer.created_on,
              answer.updated_on, answer.version, answer.deleted, answer.added);
  end if;
  -- A command of the log carries its refusal itself; a direct one leaves Postgres only this way (P2). The epoch is read
  -- now: an abort, which takes no lock, may have moved it, and the epochs of a Thing's versions never go back.
  if answer.code = 'accepted' or p_fencing_epoch is null then
    insert into outbox (partition, epoch, command_id, requested_on, asked_version, asked_name, asked_foo,
                        asked_created_on, asked_updated_on, asked_added)
      values (answer.partition, (mastership_of(answer.partition)).epoch, answer.command_id, asked.requested_on,
              asked.version, asked.name, asked.foo, asked.created_on, asked.updated_on, asked.added);
  end if;
end $$;

-- p_fencing_epoch is the fold's epoch for a command of the log, null for a direct write. p_foo is null when the value has no
-- room in an integer; p_asked_foo is what the client sent; p_added are the added fields that are not their default. Returns the
-- answer, or no row when Original is not the master: never a decision (P10).
create function decide_command(
  p_partition integer, p_fencing_epoch bigint, p_command_id text, p_payload_hash text, p_type text, p_thing_id bigint,
  p_expected_version bigint, p_name text, p_foo integer, p_created_on timestamptz, p_updated_on timestamptz,
  p_now timestamptz, p_requested_on timestamptz, p_asked_foo double precision, p_added jsonb default '{}'
) returns setof answer_row language plpgsql as $$
declare
  answer answer_row;
  changed record;
  thing thing_row;
  asked asked_row;
begin
  perform lock_for_write(p_partition, p_command_id);
  answer := stored_answer(p_partition, p_command_id, p_payload_hash, p_type, p_thing_id);
  if answer.partition = p_partition then
    return next answer;
    return;
  end if;
  -- The key stands for a request in another partition: 422 for a direct write, whoever is master.
  if answer.partition is not null and p_fencing_epoch is null then
    return next refusal(p_partition, p_command_id, p_payload_hash, p_type, p_thing_id, 'reused', null, null);
    return;
  end if;
  if not original_decides(p_partition, p_fencing_epoch) then
    return;
  end if;

  if answer.partition is not null then
    answer := refusal(p_partition, p_command_id, p_payload_hash, p_type, p_thing_id, 'reused', null, null);
  else
    select * into changed from change_thing(
      p_partition, p_command_id, p_payload_hash, p_type, p_thing_id, p_expected_version, p_name, p_foo, p_created_on,
      p_updated_on, p_now, p_added);
    answer := changed.answer;
    thing := changed.thing;
    if answer.code is null then
      answer := row(p_command_id, p_partition, p_payload_hash, p_type, thing.id, 'accepted', null, null,
                    thing.name, thing.foo, thing.created_on, thing.updated_on, thing.version, thing.deleted, thing.added);
    end if;
  end if;
  if p_fencing_epoch is null then
    asked := row(p_requested_on, p_expected_version, p_name, p_asked_foo, p_created_on, p_updated_on, p_added);
  end if;
  perform record_decision(answer, p_fencing_epoch, asked);
  return next answer;
end $$;

-- Refuses, in Postgres, a value that Postgres can never store, and keeps the refusal like any other (P10). Runs in its own
-- transaction, because the one that tried to store the value was rolled back.
create function refuse_unrepresentable(
  p_partition integer, p_fencing_epoch bigint, p_command_id text, p_payload_hash text, p_type text, p_thing_id bigint,
  p_field text, p_requested_on timestamptz, p_asked_version bigint, p_asked_name text, p_asked_foo double precision,
  p_asked_created_on timestamptz, p_asked_updated_on timestamptz, p_asked_added jsonb default '{}'
) returns setof answer_row language plpgsql as $$
declare
  answer answer_row;
  asked asked_row;
begin
  perform lock_for_write(p_partition, p_command_id);
  answer := stored_answer(p_partition, p_command_id, p_payload_hash, p_type, p_thing_id);
  if answer.partition = p_partition then
    return next answer;
    return;
  end if;
  if not original_decides(p_partition, p_fencing_epoch) then
    return;
  end if;
  answer := refusal(p_partition, p_command_id, p_payload_hash, p_type, p_thing_id, 'unrepresentable', null, p_field);
  if p_fencing_epoch is null then
    asked := row(p_requested_on, p_asked_version, p_asked_name, p_asked_foo, p_asked_created_on, p_asked_updated_on,
                 p_asked_added);
  end if;
  perform record_decision(answer, p_fencing_epoch, asked);
  return next answer;
end $$;
