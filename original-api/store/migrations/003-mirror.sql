-- Takes over what Shiny decided, in one transaction with the place in the log (P2). p_decisions is an array of
-- {answer…, state or null}. Returns false, changing nothing, when another mirror was faster. With p_released (null, or the
-- epoch that Shiny has let go for right behind p_decisions) Original becomes the master in the same transaction (P8).

create function mirror_decisions(p_partition integer, p_decisions jsonb) returns void language plpgsql as $$
begin
  if (mastership_of(p_partition)).owner <> 'shiny' then
    raise exception 'the mirror has decisions of Shiny for partition %, of which Shiny is not the master in the database: the '
      'database was set back, or a switch is not known to it', p_partition using errcode = 'MP001';
  end if;

  -- A batch may hold several versions of one Thing: the highest is taken (P11).
  insert into things (id, name, foo, created_on, updated_on, version, deleted, added, lossy)
    select distinct on (id) id, name, stored_foo, created_on, updated_on, version, deleted, added, lossy
      from jsonb_to_recordset(p_decisions) as d(
        id bigint, name text, stored_foo integer, created_on timestamptz, updated_on timestamptz,
        version bigint, deleted boolean, added jsonb, lossy boolean)
      where id is not null
      order by id, version desc
    on conflict (id) do update
      set name = excluded.name, foo = excluded.foo, created_on = excluded.created_on, updated_on = excluded.updated_on,
          version = excluded.version, deleted = excluded.deleted, added = excluded.added, lossy = excluded.lossy
      where things.version < excluded.version;

  insert into answers (command_id, partition, payload_hash, command_type, thing_id, code, current_version, field,
                       name, foo, created_on, updated_on, version, deleted, added)
    select command_id, p_partition, payload_hash, command_type, thing_id, code, current_version, field,
           name, foo, created_on, updated_on, version, deleted, added
      from jsonb_to_recordset(p_decisions) as d(
        command_id text, payload_hash text, command_type text, thing_id bigint, code text, current_version bigint,
        field text, name text, foo double precision, created_on timestamptz, updated_on timestamptz, version bigint,
        deleted boolean, added jsonb)
      where code <> 'reused'
    on conflict do nothing;
end $$;

-- To Original: everything before Shiny's `released` is applied, in the same transaction. Ids go on where Shiny stopped.
create function take_back(p_partition integer, p_epoch bigint, p_id_floor bigint) returns void language plpgsql as $$
declare
  ids regclass := format('thing_ids_%s', p_partition)::regclass;
begin
  update mastership set owner = 'original', epoch = p_epoch, since = p_epoch, refused_reason = null
    where partition = p_partition and epoch = p_epoch - 1 and owner = 'shiny';
  if not found then
    return;
  end if;
  if p_id_floor > coalesce(pg_sequence_last_value(ids), 0) then
    perform setval(ids, p_id_floor);
  end if;
  -- What was clamped is now what the Thing is; the fold does the same at `switched`.
  update things set lossy = false
    where lossy and id % (select partitions from genesis) = p_partition;
end $$;

create function apply_mirror(
  p_partition integer, p_expected_next bigint, p_next bigint, p_header jsonb, p_decisions jsonb,
  p_released bigint, p_id_floor bigint
) returns boolean language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(lock_space(), p_partition);
  update mirror set next_offset = p_next, header = p_header
    where partition = p_partition and next_offset = p_expected_next;
  if not found then
    return false;
  end if;
  if jsonb_array_length(p_decisions) > 0 then
    perform mirror_decisions(p_partition, p_decisions);
  end if;
  if p_released is not null then
    perform take_back(p_partition, p_released, p_id_floor);
  end if;
  return true;
end $$;
