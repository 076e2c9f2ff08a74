-- Things, as the old system has them.
create table things (
  id bigint primary key,
  name text not null,
  foo integer not null,
  created_on timestamptz(3) not null,
  updated_on timestamptz(3) not null,
  version bigint not null,
  deleted boolean not null default false,
  -- Shiny's value had no room here and was clamped or rounded.
  lossy boolean not null default false
);

-- The log that this database belongs to.
create table genesis (
  id text primary key,
  format integer not null,
  partitions integer not null
);

-- Who may write, per partition: the one place where "switched or not" is decided (P12).
create table mastership (
  partition integer primary key,
  owner text not null check (owner in ('original', 'shiny')),
  -- Of the last switch decision, refused ones too.
  epoch bigint not null default 0,
  -- The epoch of the last change of owner.
  since bigint not null default 0,
  refused_reason text
);

-- The answer to every command that a master decided, with the state that it made (P2). Kept for ever (P14).
create table answers (
  command_id text collate "C" not null,
  partition integer not null,
  payload_hash text not null,
  command_type text not null,
  thing_id bigint,
  code text not null,
  current_version bigint,
  field text,
  name text,
  foo double precision,
  created_on timestamptz(3),
  updated_on timestamptz(3),
  version bigint,
  deleted boolean,
  primary key (command_id, partition)
);

-- What the relay has to publish: an answer (with its state, if it made one) or a fence.
create table outbox (
  xid xid8 not null default pg_current_xact_id(),
  id bigint generated always as identity,
  partition integer not null,
  epoch bigint not null,
  command_id text collate "C",
  fence_epoch bigint,
  id_floor bigint,
  primary key (xid, id)
);

-- How far the mirror has read the outcomes, with the fold's header at that place.
create table mirror (
  partition integer primary key,
  next_offset bigint not null,
  header jsonb not null
);
