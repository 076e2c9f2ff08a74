-- The header of the fold says `master` and `masterSinceEpoch`; it said `owner` and `since` before.
update mirror
   set header = header - 'owner' - 'since'
       || jsonb_build_object('master', header -> 'owner', 'masterSinceEpoch', header -> 'since')
 where header ? 'owner';
