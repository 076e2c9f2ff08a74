-- One write of Original: one call, one round trip, its own transaction.
--
-- The problem: a write must not slip in after the fence of a switch, and a retried command must get its first answer.
-- The argument: the shared lock of the partition is the first statement, before the transaction has an id or reads
-- anything, so a fence (exclusive) is either wholly before or wholly after it (P7). In READ COMMITTED every statement of
-- a plpgsql function sees what was committed before it, so the owner is read after the lock was got.
-- Rejected: the owner check in one plain SQL statement (its snapshot is older than the lock: unsafe), and FOR SHARE on
-- the owner's row (safe, but writers starve the switch).

create function lock_space() returns integer language sql stable as $$ select hashtext(current_schema()) $$;

create function refusal(
  p_partition integer, p_command_id text, p_payload_hash text, p_type text, p_thing_id bigint,
  p_code text, p_current_version bigint, p_field text
) returns answers language sql immutable as $$
  select p_command_id, p_partition, p_payload_hash, p_type, p_thing_id, p_code, p_current_version, p_field,
         null::text, null::double precision, null::timestamptz, null::timestamptz, null::bigint, null::boolean
$$;

-- p_token is the fold's epoch for a command of the log, null for a direct write. p_foo is null when the value has no
-- room in an integer. Returns the answer, or no row when Original is not the owner: never a decision (P10).
create function decide_command(
  p_partition integer, p_token bigint, p_command_id text, p_payload_hash text, p_type text, p_thing_id bigint,
  p_expected_version bigint, p_name text, p_foo integer, p_created_on timestamptz, p_updated_on timestamptz,
  p_now timestamptz
) returns setof answers language plpgsql as $$
declare
  answer answers;
  thing things;
  ruler mastership;
  is_reused boolean;
begin
  perform pg_advisory_xact_lock_shared(lock_space(), p_partition);
  -- Two requests with one command id: one after the other.
  perform pg_advisory_xact_lock(hashtextextended(p_command_id, lock_space()));

  -- The stored answer has no effect, so it needs no owner (P6).
  select * into answer from answers where command_id = p_command_id order by partition <> p_partition limit 1;
  if answer.partition = p_partition then
    if answer.payload_hash <> p_payload_hash then
      answer := refusal(p_partition, p_command_id, p_payload_hash, p_type, p_thing_id, 'reused', null, null);
    end if;
    return next answer;
    return;
  end if;

  -- The id stands for another request, in another partition. To a direct write this can be said whoever owns. (Of this
  -- partition the mirror, which does not wait for the command's lock, may have brought an answer since it was looked up.)
  is_reused := answer.partition is not null;
  if is_reused and p_token is null then
    return next refusal(p_partition, p_command_id, p_payload_hash, p_type, p_thing_id, 'reused', null, null);
    return;
  end if;

  select * into ruler from mastership where partition = p_partition;
  if ruler.owner <> 'original' or ruler.since > p_token then
    return;
  end if;

  answer := null;
  if is_reused then
    answer := refusal(p_partition, p_command_id, p_payload_hash, p_type, p_thing_id, 'reused', null, null);
  elsif p_type = 'create' then
    if p_foo is null then
      answer := refusal(p_partition, p_command_id, p_payload_hash, p_type, null, 'unrepresentable', null, 'foo');
    else
      insert into things (id, name, foo, created_on, updated_on, version)
        values (nextval(format('thing_ids_%s', p_partition)::regclass), p_name, p_foo, p_now, p_now, 0)
        returning * into thing;
    end if;
  elsif p_type = 'update' then
    -- Nearly always it fits; if not, what follows says why. The conditions are those of check_change.
    update things
      set name = p_name, foo = p_foo, updated_on = greatest(updated_on, p_now), version = version + 1, lossy = false
      where id = p_thing_id and version = p_expected_version and not deleted and p_foo is not null
        and (p_created_on is null or created_on = p_created_on) and (p_updated_on is null or updated_on = p_updated_on)
      returning * into thing;
  end if;

  if answer.code is null and thing.id is null then
    select * into thing from things where id = p_thing_id for no key update;
    answer := check_change(thing, p_partition, p_command_id, p_payload_hash, p_type, p_thing_id, p_expected_version,
                           p_foo, p_created_on, p_updated_on);
    if answer is null and p_type = 'delete' then
      update things set version = version + 1, deleted = true where id = p_thing_id returning * into thing;
    elsif answer is null then
      update things
        set name = p_name, foo = p_foo, updated_on = greatest(updated_on, p_now), version = version + 1, lossy = false
        where id = p_thing_id returning * into thing;
    end if;
  end if;

  if answer.code is null then
    answer := row(p_command_id, p_partition, p_payload_hash, p_type, thing.id, 'accepted', null, null,
                  thing.name, thing.foo, thing.created_on, thing.updated_on, thing.version, thing.deleted);
  end if;
  -- A 422 is never stored: it would stand in the way of an answer that is still to come by the mirror. No `on conflict`
  -- here: if the mirror has brought an answer since it was looked up, all of this must be undone.
  if answer.code <> 'reused' then
    insert into answers select answer.*;
  end if;
  -- A command of the log carries its refusal itself; a direct one leaves Postgres only this way (P2). The epoch is read
  -- now: an abort, which takes no lock, may have moved it, and the epochs of a Thing's versions never go back.
  if answer.code = 'accepted' or p_token is null then
    insert into outbox (partition, epoch, command_id)
      values (p_partition, (select epoch from mastership where partition = p_partition), p_command_id);
  end if;
  return next answer;
end $$;

-- The compare-and-set of an update or delete; null when it may go on. The same rules as decideChange in
-- shared/domain/decide.ts, in the same order; the contract suite holds them together.
create function check_change(
  thing things, p_partition integer, p_command_id text, p_payload_hash text, p_type text, p_thing_id bigint,
  p_expected_version bigint, p_foo integer, p_created_on timestamptz, p_updated_on timestamptz
) returns answers language plpgsql immutable as $$
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
