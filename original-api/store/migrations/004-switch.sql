-- The row of a partition in `mastership` is the one place where "switched or not" is decided, each time by the
-- compare-and-set of its epoch n-1 -> n (P12). Any process may try, again and again; the first one wins.

-- To Shiny. The exclusive lock comes first, before the transaction has an id or a snapshot of the row: every write that
-- got the shared lock has committed with a lower transaction id, so the fence lies behind all of them (P7). From here
-- Original writes nothing in the partition, and the switch will complete (P13). Returns the row as it is then.
create function fence_partition(p_partition integer, p_epoch bigint) returns mastership_row language plpgsql as $$
begin
  perform pg_advisory_xact_lock(lock_space(), p_partition);
  if has_foreign_rows() then
    raise exception 'the outbox has rows with transaction ids of another server, the relay gives them new ones'
      using errcode = '40001';
  end if;
  update mastership set owner = 'shiny', epoch = p_epoch, since = p_epoch, refused_reason = null
    where partition = p_partition and epoch = p_epoch - 1 and owner = 'original';
  if found then
    insert into outbox (partition, epoch, fence_epoch, id_floor)
      values (p_partition, p_epoch, p_epoch,
              coalesce(pg_sequence_last_value(format('thing_ids_%s', p_partition)::regclass), 0));
  end if;
  return mastership_of(p_partition);
end $$;

-- Aborts a switch, in either direction: the epoch moves, master and `since` stay. It needs no lock (P13).
create function abort_switch(p_partition integer, p_epoch bigint, p_reason text) returns mastership_row
language plpgsql as $$
begin
  update mastership set epoch = p_epoch, refused_reason = p_reason
    where partition = p_partition and epoch = p_epoch - 1;
  return mastership_of(p_partition);
end $$;
