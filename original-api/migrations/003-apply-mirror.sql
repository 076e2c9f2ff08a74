-- Takes over what Shiny decided, in one transaction with the place in the log (P2). p_decisions is an array of
-- {answer…, state or null}. Returns false, changing nothing, when another mirror was faster.
create function apply_mirror(
  p_partition integer, p_expected_next bigint, p_next bigint, p_header jsonb, p_decisions jsonb
) returns boolean language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(lock_space(), p_partition);
  update mirror set next_offset = p_next, header = p_header
    where partition = p_partition and next_offset = p_expected_next;
  if not found then
    return false;
  end if;
  if jsonb_array_length(p_decisions) = 0 then
    return true;
  end if;
  if not exists (select from mastership where partition = p_partition and owner = 'shiny') then
    raise exception 'the mirror has decisions of Shiny for partition %, which Shiny does not own', p_partition;
  end if;

  -- A batch may hold several versions of one Thing: the highest is taken (P11).
  insert into things (id, name, foo, created_on, updated_on, version, deleted, lossy)
    select distinct on (id) id, name, stored_foo, created_on, updated_on, version, deleted, lossy
      from jsonb_to_recordset(p_decisions) as d(
        id bigint, name text, stored_foo integer, created_on timestamptz, updated_on timestamptz,
        version bigint, deleted boolean, lossy boolean)
      where id is not null
      order by id, version desc
    on conflict (id) do update
      set name = excluded.name, foo = excluded.foo, created_on = excluded.created_on, updated_on = excluded.updated_on,
          version = excluded.version, deleted = excluded.deleted, lossy = excluded.lossy
      where things.version < excluded.version;

  insert into answers
    select command_id, p_partition, payload_hash, command_type, thing_id, code, current_version, field,
           name, foo, created_on, updated_on, version, deleted
      from jsonb_to_recordset(p_decisions) as d(
        command_id text, payload_hash text, command_type text, thing_id bigint, code text, current_version bigint,
        field text, name text, foo double precision, created_on timestamptz, updated_on timestamptz, version bigint,
        deleted boolean)
    on conflict do nothing;
  return true;
end $$;
