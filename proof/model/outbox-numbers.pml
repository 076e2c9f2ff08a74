/*
 * P16. Entries of Original's outbox are numbered, 1, 2, 3, ... per partition, in the order in which they are published.
 *
 * The database may be set back to a backup, or fail over and lose commits, and then give versions and ids a second time; the
 * topic of the feed may be lost and created again. Offsets and answers do not show it. The number does: the fold counts an
 * entry only right behind the one before it (a gap is a loss), and an entry with a number that came before must be the
 * one that came before (else it is another history).
 *
 * How a number is given: the database keeps how many entries were published and removed; the relay numbers what it reads
 * from there on, so that an entry that is read again has the same number, without a lock among writers.
 *
 * One partition that Original owns; a write is told apart by the order in which it was made (`made`).
 */
#ifndef WRITES
#define WRITES 4
#endif
#ifndef REPUBLISHED
#define REPUBLISHED 1       /* batches that the relay sends again */
#endif
#define FEED_SIZE 12

/* The database: rows[n] is the write of number n+1; `removed` of them are published and gone. */
byte rows[WRITES + 1]; byte rows_length = 0, removed = 0;
byte made = 0;
byte backup_rows[WRITES + 1]; byte backup_length = 0, backup_removed = 0;
bit has_backup = false, was_restored = false, was_lost = false;

/* The feed: number and write. Before `feed_begins` the topic is another one by now. */
byte feed_number[FEED_SIZE]; byte feed_write[FEED_SIZE]; byte feed_length = 0, feed_read = 0;
byte republished = 0;

/* The fold: known[n] is the write that counted under number n+1. */
byte known[WRITES + 1]; byte entry_number = 0;
bit stopped = false;        /* the partition stands, and says why */

#ifdef WITHOUT_P16_GAP
#define IS_NEXT(number) ((number) > entry_number)
#else
#define IS_NEXT(number) ((number) == entry_number + 1)
#endif
#ifdef WITHOUT_P16_CONTENT
#define IS_REPEAT(number, write) ((number) <= entry_number)
#else
#define IS_REPEAT(number, write) ((number) <= entry_number && known[(number) - 1] == (write))
#endif

proctype original() {
end:
  do
  :: atomic { made < WRITES -> rows[rows_length] = made + 1; rows_length++; made++ }        /* acknowledged */
  :: atomic {
       !has_backup -> has_backup = true;
       byte i;
       for (i : 0 .. WRITES) { backup_rows[i] = rows[i] }
       backup_length = rows_length; backup_removed = removed; i = 0
     }
#ifdef RESTORED
  :: atomic {
       has_backup && !was_restored && made < WRITES -> was_restored = true;
       byte j;
       for (j : 0 .. WRITES) { rows[j] = backup_rows[j] }
       rows_length = backup_length; removed = backup_removed; j = 0
     }
#endif
  od
}

/* Publishes the oldest row; whether it is removed then is not certain. */
proctype relay() {
end:
  do
  :: atomic {
       removed < rows_length && feed_length < FEED_SIZE ->
         feed_number[feed_length] = removed + 1; feed_write[feed_length] = rows[removed]; feed_length++;
         if
         :: removed++
         :: republished < REPUBLISHED -> republished++
         fi
     }
  od
}

proctype updater() {
end:
  do
  :: atomic {
       !stopped && feed_read < feed_length ->
         if
         :: IS_REPEAT(feed_number[feed_read], feed_write[feed_read]) -> feed_read++
         :: else ->
            if
            :: IS_NEXT(feed_number[feed_read]) && feed_number[feed_read] > entry_number ->
               entry_number = feed_number[feed_read];
               known[entry_number - 1] = feed_write[feed_read];
               feed_read++
            :: else -> stopped = true
            fi
         fi
     }
#ifdef LOST
  /* The topic is created again while nobody reads: what was not read is gone. */
  :: atomic { !was_lost && feed_read < feed_length -> was_lost = true; feed_read = feed_length }
#endif
  od
}

init {
  atomic { run original(); run relay(); run updater() };
  timeout;
  byte n;
  if
  :: stopped -> assert(was_restored || was_lost)         /* I8: never without a cause */
  :: else ->
     /* I3, I6: the log has what the database has, or the partition has said that it has not. A backup that is older than
        nothing that was published (the rows lost were in nobody's log) cannot be told; then log and database agree. */
     assert(was_lost || removed == rows_length);
     for (n : 1 .. rows_length) { assert(!(n <= removed) || was_lost && n > entry_number || known[n - 1] == rows[n - 1]) }
  fi
}
