-- How the relay reads the outbox and takes away what is published.
--
-- The problem: a row may be read only when no row can come before it any more. Below the oldest running transaction of the
-- server (`xmin`) that holds, but a transaction that somebody left open, in whatever database of the server, holds it up for
-- ever. The argument for the way around it: writers of a partition have its shared lock before they get a transaction id
-- (P7). Who has the exclusive lock sees all their rows committed, and whoever comes after gets a higher id. So the
-- order (xid, id) within the partition is final, whatever strangers do.

create type outbox_row as (
  xid xid8, id bigint, partition integer, number bigint, epoch bigint, fence_epoch bigint, id_floor bigint,
  requested_on timestamptz, asked_version bigint, asked_name text, asked_foo double precision,
  asked_created_on timestamptz, asked_updated_on timestamptz, asked_added jsonb, answer answer_row
);

-- The first rows of one partition, whoever has a transaction open. Waits for its writers, lock_timeout at most.
create function read_partition_outbox(p_partition integer, p_limit integer) returns setof outbox_row
language plpgsql as $$
begin
  perform pg_advisory_xact_lock(lock_space(), p_partition);
  return query
    with oldest as materialized (
      select o.xid, o.id, o.partition, o.epoch, o.command_id, o.fence_epoch, o.id_floor, o.requested_on, o.asked_version,
             o.asked_name, o.asked_foo, o.asked_created_on, o.asked_updated_on, o.asked_added
        from outbox o where o.partition = p_partition order by o.xid, o.id limit p_limit
    )
    select o.xid, o.id, o.partition, r.number + row_number() over (order by o.xid, o.id), o.epoch, o.fence_epoch,
           o.id_floor, o.requested_on, o.asked_version, o.asked_name, o.asked_foo, o.asked_created_on,
           o.asked_updated_on, o.asked_added,
           row(a.command_id, a.partition, a.payload_hash, a.command_type, a.thing_id, a.code, a.current_version,
               a.field, a.name, a.foo, a.created_on, a.updated_on, a.version, a.deleted, a.added)::answer_row
      from oldest o
      join outbox_removed r on r.partition = o.partition
      left join answers a on a.command_id = o.command_id and a.partition = o.partition
      order by o.xid, o.id;
end $$;

-- Takes away the rows of a partition up to (p_xid, p_id), all of which were read, the last one as number p_number, and counts
-- them (P16). By range: a join with the rows that were read is planned badly when the table was empty at the last `analyze`.
-- Another relay may have been here. Rows that got new ids since they were read are left alone.
create function remove_from_outbox(p_partition integer, p_xid xid8, p_id bigint, p_number bigint) returns bigint
language plpgsql as $$
<<here>>
declare
  removed bigint;
begin
  delete from outbox where partition = p_partition and (xid, id) <= (p_xid, p_id);
  get diagnostics removed = row_count;
  if removed > 0 then
    update outbox_removed r set number = r.number + here.removed
      where partition = p_partition and r.number + here.removed = p_number;
    if not found then
      raise exception 'the outbox of partition % has other rows up to entry % than were read', p_partition, p_number
        using errcode = '40001';
    end if;
  end if;
  return removed;
end $$;

-- A dump restored into a younger server brings transaction ids that this server assigns only in years: the relay does not see
-- such rows, and a new fence would overtake them.
create function has_foreign_rows() returns boolean language sql volatile as $$
  select exists (select from outbox where xid >= pg_snapshot_xmax(pg_current_snapshot()))
$$;

-- Gives the rows new ids of this server, in their old order. Rows that this server added since come after them: their `id`
-- is higher, because the dump also restores the sequence.
create function renumber_outbox() returns bigint language plpgsql as $$
declare
  renumbered bigint;
begin
  if not has_foreign_rows() then
    return 0;
  end if;
  perform pg_advisory_xact_lock(lock_space(), partition) from mastership order by partition;
  lock table outbox in exclusive mode;
  with foreign_rows as (
    select max(id) as last from outbox where xid >= pg_snapshot_xmax(pg_current_snapshot())
  ), placed as (
    select o.xid, o.id, row_number() over (
             order by o.xid < pg_snapshot_xmax(pg_current_snapshot()) and o.id > f.last, o.xid, o.id) as place
      from outbox o, foreign_rows f
  )
  update outbox o set xid = pg_current_xact_id(), id = p.place from placed p where o.xid = p.xid and o.id = p.id;
  get diagnostics renumbered = row_count;
  return renumbered;
end $$;
