/*
 * The switch of mastership of one partition, with everything that happens around it.
 *
 * How to read. Sections 1-3 say what there is: the sizes, the three places where state lives (the command log, the
 * outcomes log, Original's Postgres), and what a client may have seen. Section 4 holds the rules P2 ... P14, a macro
 * or two each; `-DWITHOUT_...` takes one away, and the checker then finds what goes wrong (proof/model/check.ts runs them
 * all; P1 is in ids.pml, P15 in latest-topic.pml, P16 in outbox-numbers.pml). Section 5 is the fold. Sections 6-11 are the parts, a proctype each.
 * Section 12 starts a run, section 13 looks at its end. I1 ... I8 are the invariants; each stands as an assert()
 * where it could break. An `atomic` block is what happens in one step: one transaction, one append, one read.
 *
 * Three shortcuts, all exact:
 * - Only records that COUNT are kept. What the fold ignores changes nobody, so appending it is a no-op. `log` is the
 *   fold of the whole outcomes log. An updater's `belief` is the fold of a prefix of it, plus own unread records.
 * - "Read on" is one step, `belief := log`. Stopping in between is the same as having read earlier and been paused.
 * - The command log is filled at the start, in any order: a command that nobody has reached might as well be absent.
 *   A direct call may use ANY command id at ANY time. That covers forwards, retries through the other API, and one id
 *   sent to both APIs at once.
 * One Thing, whose versions are dense; a command is an update that expects a version. Ids of creates: ids.pml.
 */

/* ---- 1. Sizes ---------------------------------------------------------------------------------------------------- */
#ifndef COMMANDS
#define COMMANDS 2          /* command ids in the command log */
#endif
#ifndef DIRECT_IDS
#define DIRECT_IDS 0        /* command ids that only direct calls use */
#endif
#ifndef RETRIES
#define RETRIES 1           /* command 0 stands that often again in the command log */
#endif
#ifndef SWITCHES
#define SWITCHES 2          /* switch commands: the first to Shiny, each other in either direction */
#endif
#ifndef DIRECT_CALLS
#define DIRECT_CALLS 1      /* at the Original API, each with any id, each answer delivered or lost */
#endif
#ifndef CRASHES
#define CRASHES 1           /* of updaters, at any line */
#endif
#ifndef LOST_APPENDS
#define LOST_APPENDS 1      /* records that never land though the updater went on */
#endif
#ifndef SPECULATION
#define SPECULATION 1       /* own records that an updater builds on before it has read them back */
#endif
#ifndef REPUBLISHED
#define REPUBLISHED 0       /* outbox rows that the relay, or a stale twin of it, sends again at any time */
#endif
#ifndef READS
#define READS 0             /* linearizable (no-cache) reads, 0 to 2 */
#endif
#ifndef INVALIDS
#define INVALIDS 0          /* records in the command log that are no commands */
#endif
#ifndef THIRD_UPDATER
#define THIRD_UPDATER 0
#endif
/* TWO_RELEASES: two versions of the code side by side; what one accepts, the other may refuse.
   PATIENT: nobody aborts a switch and nobody lets one go. PRUNING: the mirror forgets answers at the switch back. */

#define IDS       (COMMANDS + DIRECT_IDS)
#define LOG_SIZE  (COMMANDS + RETRIES + SWITCHES + INVALIDS)
#define FEED_SIZE (IDS + DIRECT_CALLS + SWITCHES + REPUBLISHED + 2)

/* ---- 2. State ---------------------------------------------------------------------------------------------------- */
#define ORIGINAL 0          /* owners */
#define SHINY    1
#define NONE     0          /* answers */
#define ACCEPTED 1
#define REFUSED  2

/* The command log: a command id, or SWITCH_TO with the owner and the epoch that it expects. */
#define SWITCH_TO(to, expected) (100 + 2 * (expected) + (to))
#define NO_COMMAND              99                        /* a record that is no command */
#define IS_SWITCH(entry)        ((entry) >= 100)
#define TARGET(entry)           ((entry) % 2)
#define EXPECTED_EPOCH(entry)   (((entry) - 100) / 2)
byte commands[LOG_SIZE]; byte commands_length = 0;
byte expects[IDS];          /* the version that each command expects: 0 or 1 */

/* The outcomes log, as its fold. */
typedef Fold {
  byte position;            /* the next command to be decided */
  int  digest;              /* of the counted links; here a number that spells their kinds in order (see LINK) */
  bit  owner;
  byte epoch;
  byte released;            /* the epoch that Shiny has let go for, 0: none */
  byte fence;               /* the epoch of Original's fence, once observed, 0: none */
  byte feed_position;       /* the next entry of Original's feed to be observed */
  byte version;             /* of the Thing */
  byte answer[IDS]
}
Fold log;
/* The kinds of links in the digest. An answer is its own kind. */
#define SWITCHED 3
#define SWITCH_REFUSED 4
#define SKIPPED 5
#define RELEASED 6
#define INVALID 7           /* a command that is none, passed over (P17) */

/* Original's Postgres: the row of mastership, the table of Things, the stored answers, the outbox. */
bit  row_owner = ORIGINAL; byte row_epoch = 0, row_since = 0;
byte table_version = 0;
byte stored_answer[IDS];
byte outbox[FEED_SIZE]; byte outbox_length = 0;
/* An entry is a command id (a state with its answer), REFUSAL + id (an answer alone), or FENCE + epoch. */
#define REFUSAL 50
#define FENCE 100

/* The topic things.original, and the counted outcomes that the mirror has not applied yet (a command id, or
   RELEASED_FOR + epoch). */
byte feed[FEED_SIZE]; byte feed_length = 0;
chan to_mirror = [LOG_SIZE + 2] of { byte };
#define RELEASED_FOR 200

byte crashes = 0, lost_appends = 0;

/* ---- 3. What was seen: for the invariants only ------------------------------------------------------------------- */
byte told[IDS];             /* the answer that a client got */
byte made_version[IDS];     /* the version that a command made, 0: no effect so far */
byte versions_made = 0;     /* a bit for each */
byte last_epoch = 0;        /* of the versions */
byte acknowledged = 0;      /* the highest version that a client was told of */
int  decided_offsets = 0;   /* a bit for each */

inline takes_effect(command, new_version, its_epoch) {
  assert(made_version[command] == 0);                     /* I2: one effect per command id */
  assert(told[command] != REFUSED);                       /* I3: a refused write takes no effect */
  assert(!(versions_made & (1 << (new_version))));        /* I1: no fork, no overwritten version */
  assert((its_epoch) >= last_epoch);                      /* I4: epochs of versions never fall */
  made_version[command] = new_version;
  versions_made = versions_made | (1 << (new_version));
  last_epoch = its_epoch
}
inline client_gets(command, its_answer) {
  assert(told[command] == NONE || told[command] == its_answer);   /* I2: one answer per command id */
  assert(its_answer != REFUSED || made_version[command] == 0);    /* I3 */
  assert(its_answer != ACCEPTED || made_version[command] != 0);   /* I7: durable at its master before */
  told[command] = its_answer;
  if
  :: its_answer == ACCEPTED && made_version[command] > acknowledged -> acknowledged = made_version[command]
  :: else
  fi
}
inline one_decision_at(offset) {
  assert(!(decided_offsets & (1 << (offset))));           /* I8: every command has exactly one decision */
  decided_offsets = decided_offsets | (1 << (offset))
}

/* -DWITNESS=n: does a run reach this at all? Then it must be "violated". */
#ifdef WITNESS
bit let_go_behind_row = false;
#define REACHES(n, condition) assert(WITNESS != n || !(condition))
#define NOTE_LET_GO let_go_behind_row = let_go_behind_row || (FITS && ROW_IS_DONE)
#else
#define REACHES(n, condition) skip
#define NOTE_LET_GO skip
#endif

/* ---- 4. The rules ------------------------------------------------------------------------------------------------ */

/* P2  Answers cross the border with the states. */
#ifdef WITHOUT_P2_OBSERVED_ANSWERS
#define P2_FOLD_LEARNS(fold, command, its_answer) skip
#else
#define P2_FOLD_LEARNS(fold, command, its_answer) fold.answer[command] = its_answer
#endif
#ifdef WITHOUT_P2_REFUSAL_ROWS
#define P2_REFUSAL_ROW(is_direct) false
#else
#define P2_REFUSAL_ROW(is_direct) (is_direct)             /* a command of the log carries its refusal itself */
#endif
#ifdef WITHOUT_P2_MIRROR_ANSWERS
#define P2_MIRROR_STORES(command) skip
#else
#define P2_MIRROR_STORES(command) stored_answer[command] = told[command]
#endif

/* P3  fits(record): it names its predecessor by offset and by the digest of the whole chain before it. */
#ifdef WITHOUT_P3_CHAIN
#define FITS true
#else
#ifdef WITHOUT_P3_DIGEST
#define FITS (log.position == belief.position)
#else
#define FITS (log.position == belief.position && log.digest == belief.digest)
#endif
#endif

/* P4  `observed` names the feed offset before it, so that a lost one leaves no hole; the cursor is the fold's. */
#ifdef WITHOUT_P4_FEED_CHAIN
#define P4_FITS(entry) ((entry) >= log.feed_position)
#else
#define P4_FITS(entry) ((entry) == log.feed_position)
#endif

/* P5  `switched` to Shiny counts only when the fold has observed the fence of just this epoch. */
#if defined(WITHOUT_P5_FENCE) || defined(WITHOUT_P5_FENCE_IN_FOLD)
#define P5_FOLD true
#else
#define P5_FOLD (log.fence == log.epoch + 1)
#endif
#if defined(WITHOUT_P5_FENCE) || defined(WITHOUT_P5_FENCE_WAIT)
#define P5_WAIT true                                      /* not needed for safety: the fold judges */
#else
#define P5_WAIT (belief.fence == belief.epoch + 1)
#endif
#ifdef WITHOUT_P5_FENCE_EPOCH
#define P5_IS_NEXT_FENCE(fold, its_epoch) true
#else
#define P5_IS_NEXT_FENCE(fold, its_epoch) ((its_epoch) == fold.epoch + 1)
#endif

/* P6  Before the row is touched everything is read back; nobody speculates past a switch; a stored answer has no
       effect, so it needs no owner and is looked up first. */
#ifdef WITHOUT_P6_READ_BACK
#define P6_READ_BACK true
#else
#define P6_READ_BACK (speculated == 0)
#endif
#ifdef WITHOUT_P6_STOP_AT_SWITCH
#define P6_MAY_BUILD_ON_SWITCH true
#else
#define P6_MAY_BUILD_ON_SWITCH false
#endif
#ifdef WITHOUT_P6_ANSWER_FIRST
#define P6_STORED(command) false
#else
#define P6_STORED(command) (stored_answer[command] != NONE)
#endif

/* P8  `released` is a link of the chain. */
#ifdef WITHOUT_P8_CHAIN
#define P8_FITS true
#else
#define P8_FITS FITS
#endif

/* P9  A linearizable read asks Original also while `released` is open ... */
#ifdef WITHOUT_P9_RELEASED_READ
#define P9_ASKS(owner_then, released_then) ((owner_then) == ORIGINAL)
#else
#define P9_ASKS(owner_then, released_then) ((owner_then) == ORIGINAL || (released_then) != 0)
#endif
/*     ... and when Original says "not owner", the noted fold is the answer only if the row is not ahead of it; else the
       read begins again. (-DNEWER_OF_BOTH: or the newer of noted fold and table is the answer, at once.) */
#if defined(WITHOUT_P9_SINCE) || defined(NEWER_OF_BOTH)
#define P9_NOTED_STANDS(epoch_then) true
#else
#define P9_NOTED_STANDS(epoch_then) (row_since <= (epoch_then))
#endif

/* P11 The newer version wins, in every kind of record; a repeat carries the state of the first answer. */
#ifdef WITHOUT_P11_NEWER_DECIDED
#define P11_DECIDED(fold, new_version) true
#else
#define P11_DECIDED(fold, new_version) ((new_version) > fold.version)
#endif
#ifdef WITHOUT_P11_NEWER_OBSERVED
#define P11_OBSERVED(fold, new_version) true
#else
#define P11_OBSERVED(fold, new_version) ((new_version) > fold.version)
#endif
#ifdef WITHOUT_P11_REPEATED_STATE
#define P11_HAS_STATE(is_repeat) (!(is_repeat))
#else
#define P11_HAS_STATE(is_repeat) true
#endif

/* P12 A refused switch takes its epoch; only the row's compare-and-set refuses it. */
#ifdef WITHOUT_P12_EPOCH
#define P12_EPOCHS_TAKEN 0
#else
#define P12_EPOCHS_TAKEN 1
#endif
#ifdef WITHOUT_P12_CAS
byte updates = 0;
#define P12_ROW_IS_AT(its_epoch) (updates <= SWITCHES)    /* an update without the comparison; bounded */
#else
#define P12_ROW_IS_AT(its_epoch) (row_epoch == (its_epoch))
#endif

/*     A switch that would fit may be let go by as skipped only to Original, and only before `released`. Of two
       updaters, one of which releases while the other lets go, the chain counts one: this leans on the digest (P3),
       since `released` does not move the position, and on `released` being a link (P8). */
#ifdef WITHOUT_P12_LET_GO_UNRELEASED
#define MAY_LET_GO (belief.owner == SHINY)
#else
#ifdef WITHOUT_P12_LET_GO_TO_ORIGINAL
#define MAY_LET_GO (belief.released == 0)
#else
#define MAY_LET_GO (belief.owner == SHINY && belief.released == 0)
#endif
#endif

/* P13 After the compare-and-set to Shiny there is no way back inside this switch. */
#ifdef WITHOUT_P13_NO_WAY_BACK
#define P13_MAY_REFUSE true
#else
#define P13_MAY_REFUSE (row_owner == belief.owner)
#endif

/* P7 and P10 are in sections 6-8 and 10. */

/* P14 `since <= token` guards Postgres against calls that are older than the last change of owner. Only with pruned
       answers does it matter: complete answers protect as well. */
#ifdef WITHOUT_P14_SINCE
#define ORIGINAL_DECIDES(token) (row_owner == ORIGINAL)
#else
#ifdef WITHOUT_P14_AT_MOST
#define ORIGINAL_DECIDES(token) (row_owner == ORIGINAL && row_since == (token))
#else
#define ORIGINAL_DECIDES(token) (row_owner == ORIGINAL && row_since <= (token))
#endif
#endif
#ifdef WITHOUT_OWNER_CHECK
#define ORIGINAL_DECIDES_DIRECT true
#else
#define ORIGINAL_DECIDES_DIRECT (row_owner == ORIGINAL)   /* a direct write has no token */
#endif

/* ---- 5. The fold (shared/domain/fold.ts) ------------------------------------------------------------------------- */
/* What each record changes, once it counts. `fold` is `log`, or the belief of an updater that speculates. */
#define LINK(fold, kind) fold.digest = fold.digest * 8 + (kind)

inline fold_decided(fold, command, its_answer, its_version, is_repeat) {
  fold.position = belief.position + 1;
  LINK(fold, its_answer);
  if
  :: its_answer == ACCEPTED && P11_HAS_STATE(is_repeat) && P11_DECIDED(fold, its_version) -> fold.version = its_version
  :: else
  fi;
  fold.answer[command] = its_answer
}
inline fold_observed(fold, entry) {
  if
  :: entry < REFUSAL ->
       if
       :: P11_OBSERVED(fold, made_version[entry]) -> fold.version = made_version[entry]
       :: else
       fi;
       P2_FOLD_LEARNS(fold, entry, ACCEPTED)              /* also when the state is not newer */
  :: entry >= REFUSAL && entry < FENCE -> P2_FOLD_LEARNS(fold, entry - REFUSAL, REFUSED)
  :: entry >= FENCE ->
       if
       :: P5_IS_NEXT_FENCE(fold, entry - FENCE) -> fold.fence = fold.epoch + 1
       :: else
       fi
  fi;
  fold.feed_position = belief.feed_position + 1
}
inline fold_switch(fold, kind) {
  fold.position = belief.position + 1;
  LINK(fold, kind);
  if
  :: kind == SKIPPED || kind == INVALID                   /* P12, P17: the epoch stays */
  :: kind == SWITCH_REFUSED -> fold.epoch = belief.epoch + P12_EPOCHS_TAKEN; fold.released = 0; fold.fence = 0
  :: kind == SWITCHED -> fold.epoch = belief.epoch + 1; fold.owner = 1 - belief.owner; fold.released = 0; fold.fence = 0
  fi
}

/* A record lands in the log: does it count? Judged by every reader alike, from nothing but the records before it. */
inline append_decided(command, its_answer, its_version, is_repeat) {
  if
  :: FITS && log.epoch == belief.epoch && log.released == 0 ->
       one_decision_at(belief.position);
       if
       :: belief.owner == SHINY && !is_repeat ->
            if
            :: its_answer == ACCEPTED ->
                 assert(row_owner == SHINY);              /* I4: Original has let go */
                 assert(its_version == log.version + 1);  /* I1 */
                 takes_effect(command, its_version, belief.epoch)
            :: else
            fi;
            to_mirror!command
       :: else
       fi;
       fold_decided(log, command, its_answer, its_version, is_repeat);
       client_gets(command, its_answer);
       assert(its_answer != ACCEPTED || log.version >= made_version[command])    /* I7: its state is in the log */
  :: else ->
       printf("  does not count\n");
       REACHES(4, belief.owner == ORIGINAL && log.owner == SHINY && !is_repeat)   /* a stale updater's */
  fi
}
inline append_switch(kind) {
  if
  :: FITS && log.epoch == belief.epoch &&
          (kind != SWITCHED || (belief.owner == ORIGINAL -> P5_FOLD : log.released == belief.epoch + 1)) ->
       one_decision_at(belief.position);
       if
       :: kind == SWITCHED && belief.owner == ORIGINAL ->
            assert(row_owner == SHINY);                   /* I4 */
            assert(table_version == log.version)          /* I3: nothing acknowledged is left behind */
       :: else
       fi;
       REACHES(1, kind == SWITCHED && belief.owner == SHINY);      /* a switch back */
       REACHES(3, kind == SWITCH_REFUSED && let_go_behind_row);    /* and the next switch meets that row */
       fold_switch(log, kind);
       assert(kind == SKIPPED || kind == INVALID || log.epoch == row_epoch)   /* I4: log and row agree at every switch */
  :: else -> printf("  does not count\n")
  fi
}
inline append_released() {
  if
  :: P8_FITS && log.epoch == belief.epoch && log.owner == SHINY && log.released == 0 ->
       log.released = belief.epoch + 1;
       LINK(log, RELEASED);
#ifdef WITHOUT_MIRROR_FIRST
       row_epoch = log.released; row_owner = ORIGINAL; row_since = row_epoch;     /* at once, not by the mirror */
#endif
       to_mirror!(RELEASED_FOR + log.released)
  :: else -> printf("  does not count\n")
  fi
}
inline append_observed() {
  if
  :: P4_FITS(belief.feed_position) && log.owner == ORIGINAL -> fold_observed(log, feed[belief.feed_position])
  :: else -> printf("  does not count\n")
  fi
}

/* ---- 6. Original: one Postgres function call per write, one transaction (original-api/store/migrations) ---------------- */
/* Its caller has checked: a stored answer, or Original is the owner. P10: an answer is stored, refusals too. */
inline postgres_decides(command, its_answer, is_direct) {
  if
  :: stored_answer[command] != NONE -> its_answer = stored_answer[command]
  :: stored_answer[command] == NONE && expects[command] == table_version ->
#if !defined(WITHOUT_OWNER_CHECK) && !defined(WITHOUT_P7_ONE_TRANSACTION)
       assert(log.owner == ORIGINAL || log.released != 0);    /* I4: Shiny has let go */
#endif
       its_answer = ACCEPTED;
       takes_effect(command, table_version + 1, row_epoch);   /* the row's epoch, not the token */
       table_version++;
       to_outbox(command)
  :: stored_answer[command] == NONE && expects[command] != table_version ->
       its_answer = REFUSED;
       if
       :: P2_REFUSAL_ROW(is_direct) -> to_outbox(REFUSAL + command)
       :: else
       fi
  fi;
#ifdef WITHOUT_P10_STORED_REFUSALS
  if
  :: its_answer == ACCEPTED -> stored_answer[command] = ACCEPTED
  :: else
  fi
#else
#ifdef WITHOUT_STORED_ANSWERS
  skip
#else
  stored_answer[command] = its_answer
#endif
#endif
}
/* The compare-and-set of the row of mastership; its comparison is in the caller's guard. */
inline change_row(new_owner) {
  row_epoch = belief.epoch + 1;
  if
  :: row_owner != new_owner -> row_owner = new_owner; row_since = row_epoch
  :: else                                                 /* aborted: owner and `since` are kept */
  fi;
#ifdef WITHOUT_P12_CAS
  updates++
#endif
}
inline to_outbox(entry) { outbox[outbox_length] = entry; outbox_length++ }

/* ---- 7. The direct writer: clients of the Original API ----------------------------------------------------------- */
proctype direct_writer() {
  byte command = 0, its_answer = NONE, calls = 0;
  bit owner_seen = ORIGINAL;
  do
  :: calls < DIRECT_CALLS ->
       atomic {
         calls++;
         command = 0;
         do
         :: command < IDS - 1 -> command++                /* any command id */
         :: break
         od;
#ifdef WITHOUT_P7_ONE_TRANSACTION
         owner_seen = row_owner                           /* the check in a statement of its own */
       };
       atomic {
#endif
         if
#ifdef WITHOUT_P7_ONE_TRANSACTION
         :: owner_seen == ORIGINAL ->
#else
         :: P6_STORED(command) || ORIGINAL_DECIDES_DIRECT ->
#endif
              postgres_decides(command, its_answer, true);
              REACHES(5, row_owner == SHINY);             /* its stored answer, whoever owns */
              printf("direct write: command %d, answer %d, version %d\n", command, its_answer, made_version[command]);
              if
              :: client_gets(command, its_answer)
              :: printf("  the answer is lost\n")
              fi
         :: else                                          /* forwarded as a command: the command log holds it */
         fi;
         command = 0; its_answer = NONE; owner_seen = ORIGINAL
       }
  :: break
  od
}

/* ---- 8. The relay: outbox -> things.original --------------------------------------------------------------------- */
inline publish(row) { feed[feed_length] = outbox[row]; feed_length++ }
proctype relay() {
  byte published = 0, again = 0, republished = 0;
  bit swapped = false, swapping = false;
end:
  do
  :: atomic { published < outbox_length && !swapping -> publish(published); published++ }
#if REPUBLISHED > 0
  :: atomic {
       published > 0 && republished < REPUBLISHED ->      /* at least once: any earlier row again */
         republished++;
         do
         :: again < published - 1 -> again++
         :: break
         od;
         publish(again);
         again = 0
     }
#endif
#ifdef WITHOUT_P7_LOCK_FIRST
  /* A fence transaction with an id before its lock sorts before a write that committed while it waited (measured). */
  :: atomic { published + 1 < outbox_length && !swapped -> publish(published + 1); swapped = true; swapping = true }
  :: atomic { swapping -> publish(published); published = published + 2; swapping = false }
#endif
  od
}

/* ---- 9. The mirror: outcomes -> Postgres, one transaction per record, its place in the log inside ---------------- */
proctype mirror() {
  byte record = 0;
end:
  do
  :: atomic {
       row_owner == SHINY && nempty(to_mirror) ->
         to_mirror?record;
         if
         :: record >= RELEASED_FOR && row_epoch == record - RELEASED_FOR - 1 ->
              printf("mirror: row to original, epoch %d\n", record - RELEASED_FOR);
              assert(table_version == log.version);       /* I3: nothing is left behind */
              row_owner = ORIGINAL; row_epoch = record - RELEASED_FOR; row_since = row_epoch;
#ifdef PRUNING
              stored_answer[0] = NONE;
#if COMMANDS + DIRECT_IDS > 1
              stored_answer[1] = NONE;
#endif
#endif
         :: record >= RELEASED_FOR && row_epoch != record - RELEASED_FOR - 1      /* aborted meanwhile */
         :: record < RELEASED_FOR ->
              printf("mirror: command %d, answer %d, version %d\n", record, told[record], made_version[record]);
              if
              :: told[record] == ACCEPTED ->
                   assert(made_version[record] == table_version + 1);
                   table_version = made_version[record]
              :: else
              fi;
              P2_MIRROR_STORES(record)                    /* accepted or refused */
         fi;
         record = 0
     }
  od
}

/* ---- 10. The updater --------------------------------------------------------------------------------------------- */
#define HAS_READ_ALL (belief.position == log.position && belief.digest == log.digest && belief.epoch == log.epoch \
                      && belief.released == log.released && belief.feed_position == log.feed_position)
#define HAS_BEGUN    (speculated > 0 || phase != IDLE || belief.position > 0 || belief.feed_position > 0)
#define MAY_SPECULATE (speculated < SPECULATION && !HAS_READ_ALL)
#ifdef ENDLESS_LOSS         /* only to see that the search for cycles would find one */
#define MAY_LOSE     (speculated < SPECULATION)
#define LOSE         printf("  lost\n")
#else
#define MAY_LOSE     (lost_appends < LOST_APPENDS && speculated < SPECULATION)
#define LOSE         printf("  lost\n"); lost_appends++
#endif

#define NEXT         commands[belief.position]
#define AT_COMMAND   (belief.position < commands_length && !IS_SWITCH(NEXT) && NEXT != NO_COMMAND)
#define AT_INVALID   (phase == IDLE && belief.position < commands_length && NEXT == NO_COMMAND)
#define AT_SWITCH    (phase == IDLE && belief.position < commands_length && IS_SWITCH(NEXT))
#define SWITCH_FITS  (EXPECTED_EPOCH(NEXT) == belief.epoch && TARGET(NEXT) != belief.owner)
#define IS_KNOWN     (belief.answer[NEXT] != NONE)
#define ROW_IS_DONE  (row_epoch == belief.epoch + 1)

/* phases */
#define IDLE     0
#define ANSWERED 1          /* Original's answer is in hand, not yet appended */
#define ROW_READ 2          /* the row's verdict on the switch is in hand, not yet appended */

inline read_on() { copy(belief, log); speculated = 0; forget() }
inline forget()  { command = 0; in_hand = NONE; version = 0; is_repeat = false; phase = IDLE }
inline copy(to, from) {
  to.position = from.position; to.digest = from.digest; to.owner = from.owner; to.epoch = from.epoch;
  to.released = from.released; to.fence = from.fence; to.feed_position = from.feed_position; to.version = from.version;
  to.answer[0] = from.answer[0];
#if COMMANDS + DIRECT_IDS > 1
  to.answer[1] = from.answer[1];
#endif
#if COMMANDS + DIRECT_IDS > 2
  to.answer[2] = from.answer[2];
#endif
}
inline crash() {            /* it starts again from the empty state */
  crashes++;
  belief.position = 0; belief.digest = 0; belief.owner = ORIGINAL; belief.epoch = 0; belief.released = 0;
  belief.fence = 0; belief.feed_position = 0; belief.version = 0; speculated = 0;
  belief.answer[0] = NONE;
#if COMMANDS + DIRECT_IDS > 1
  belief.answer[1] = NONE;
#endif
#if COMMANDS + DIRECT_IDS > 2
  belief.answer[2] = NONE;
#endif
  forget()
}

/* Shiny's own compare-and-set; pure, so two updaters write the same bytes (but of one release). */
inline shiny_decides() {
  if
  :: expects[command] == belief.version -> in_hand = ACCEPTED; version = belief.version + 1
#ifdef TWO_RELEASES
  :: expects[command] == belief.version -> in_hand = REFUSED
#endif
  :: expects[command] != belief.version -> in_hand = REFUSED
  fi
}

inline decide_switch(kind) {
  if
  :: append_switch(kind);
     if
     :: read_on()
     :: P6_MAY_BUILD_ON_SWITCH && MAY_SPECULATE -> fold_switch(belief, kind); speculated++
     fi
  :: P6_MAY_BUILD_ON_SWITCH && MAY_LOSE -> LOSE; fold_switch(belief, kind); speculated++
  fi;
  forget()
}

/* Two of these (or three). Nothing fences them from each other. */
proctype updater() {
  Fold belief;
  byte speculated = 0;      /* own records in the belief that were not read back */
  byte phase = IDLE, in_hand = NONE, command = 0, version = 0;
  bit is_repeat = false;
#ifdef WITHOUT_P4_FOLD_CURSOR
  byte own_cursor = 0;
#endif
end:
  do
  /* -- reading and dying -- */
  :: atomic {
       phase == IDLE && (speculated > 0 || !HAS_READ_ALL) ->
         printf("updater %d reads on\n", _pid);
         read_on()                                        /* what differs from the log is thrown away */
     }
  :: atomic { crashes < CRASHES && HAS_BEGUN -> printf("updater %d crashes\n", _pid); crash() }

  /* -- the feed: the entry after the fold's own feed position (P4), again until it was read back -- */
#ifdef WITHOUT_P4_FOLD_CURSOR
  :: atomic {
       phase == IDLE && own_cursor < feed_length ->
         printf("updater %d observes entry %d (%d)\n", _pid, own_cursor, feed[own_cursor]);
         belief.feed_position = own_cursor;
         append_observed();
         own_cursor++;
         read_on()
     }
#else
  :: atomic {
       phase == IDLE && belief.owner == ORIGINAL && belief.feed_position < feed_length ->
         printf("updater %d observes entry %d (%d)\n", _pid, belief.feed_position, feed[belief.feed_position]);
         if
         :: append_observed();
            if
            :: read_on()
            :: MAY_SPECULATE -> fold_observed(belief, feed[belief.feed_position]); speculated++
            fi
         :: MAY_LOSE -> LOSE; fold_observed(belief, feed[belief.feed_position]); speculated++
         fi
     }
#endif

  /* -- a client's command while Original owns: only Postgres decides (P10) -- */
  :: atomic {
       phase == IDLE && AT_COMMAND && !IS_KNOWN && belief.owner == ORIGINAL &&
         (P6_STORED(NEXT) || ORIGINAL_DECIDES(belief.epoch)) ->               /* the token is the fold's epoch */
         command = NEXT;
#ifdef WITHOUT_P10_ONLY_POSTGRES
         if
         :: postgres_decides(command, in_hand, false)
         :: in_hand = REFUSED
         fi;
#else
         postgres_decides(command, in_hand, false);
#endif
         version = made_version[command];
         printf("updater %d proxies command %d, token %d: answer %d, version %d\n", _pid, command, belief.epoch,
                in_hand, version);
         phase = ANSWERED
     }

  /* -- the decision of a client's command: Original's, the stored one, or Shiny's own -- */
  :: atomic {
       AT_COMMAND && (phase == ANSWERED ||
                      (phase == IDLE && (IS_KNOWN || (belief.owner == SHINY && belief.released == 0)))) ->
         command = NEXT;
         is_repeat = IS_KNOWN;
         if
         :: is_repeat -> in_hand = belief.answer[command]; version = made_version[command]
         :: !is_repeat && phase == ANSWERED
         :: !is_repeat && phase == IDLE -> shiny_decides()
         fi;
         printf("updater %d decides command %d at %d: answer %d, version %d, owner %d, repeat %d\n", _pid, command,
                belief.position, in_hand, version, belief.owner, is_repeat);
         if
         :: append_decided(command, in_hand, version, is_repeat);
            if
            :: read_on()
            :: MAY_SPECULATE -> fold_decided(belief, command, in_hand, version, is_repeat); speculated++
            fi
         :: MAY_LOSE -> LOSE; fold_decided(belief, command, in_hand, version, is_repeat); speculated++
         fi;
         forget()
     }

#ifndef WITHOUT_P17_PASSED_OVER
  /* -- a record that is no command: passed over from the log alone, whoever is master (P17) -- */
  :: atomic {
       AT_INVALID && belief.released == 0 ->
         printf("updater %d passes over %d\n", _pid, belief.position);
         if
         :: append_switch(INVALID);
            if
            :: read_on()
            :: MAY_SPECULATE -> fold_switch(belief, INVALID); speculated++
            fi
         :: MAY_LOSE -> LOSE; fold_switch(belief, INVALID); speculated++
         fi
     }
#endif

  /* -- a switch that does not fit: from the fold alone, the row is not touched (P12) -- */
  :: atomic {
       AT_SWITCH && !SWITCH_FITS ->
         printf("updater %d: the switch at %d does not fit\n", _pid, belief.position);
         decide_switch(SKIPPED)
     }

  /* -- to Shiny: the row, and the fence in the outbox, in one transaction under the exclusive lock -- */
  :: atomic {
       AT_SWITCH && SWITCH_FITS && belief.owner == ORIGINAL && P6_READ_BACK && P12_ROW_IS_AT(belief.epoch) ->
         printf("updater %d: row to shiny, epoch %d\n", _pid, belief.epoch + 1);
         change_row(SHINY);
         to_outbox(FENCE + row_epoch)
     }

  /* -- to Original: let go, and wait for the mirror -- */
  :: atomic {
       AT_SWITCH && SWITCH_FITS && belief.owner == SHINY && belief.released == 0 && P6_READ_BACK ->
         printf("updater %d releases for epoch %d\n", _pid, belief.epoch + 1);
         append_released();
         read_on()
     }

#ifndef PATIENT
  /* -- or abort, until the row has moved: deadline, precheck (P12, P13). Owner and `since` are kept -- */
  :: atomic {
       AT_SWITCH && SWITCH_FITS && P6_READ_BACK && P12_ROW_IS_AT(belief.epoch) ->
         printf("updater %d aborts at the row, epoch %d\n", _pid, belief.epoch + 1);
         change_row(row_owner)
     }
#ifdef WITHOUT_P12_ROW_DECIDES
  :: atomic { AT_SWITCH && SWITCH_FITS && P6_READ_BACK -> decide_switch(SWITCH_REFUSED) }
#endif
  /* -- or, to Original, let it go by: Original is not to be reached, nothing is released yet. The switch would fit,
        but a `skipped` record lets the partition go on under Shiny; the epoch stays, the row is not touched. If another
        updater has aborted at the row meanwhile, the row is one ahead, and the next switch will be refused -- */
  :: atomic {
       AT_SWITCH && SWITCH_FITS && MAY_LET_GO && P6_READ_BACK ->
         printf("updater %d lets the switch at %d go by\n", _pid, belief.position);
         NOTE_LET_GO;
         REACHES(2, FITS && ROW_IS_DONE);                 /* another one has aborted at the row before */
         decide_switch(SKIPPED)
     }
#endif

  /* -- the row says done or not, for whoever goes on: epoch n and owner changed, or epoch n and owner same -- */
  :: atomic {
       AT_SWITCH && SWITCH_FITS && ROW_IS_DONE && row_owner != belief.owner && (belief.owner == SHINY || P5_WAIT) ->
         in_hand = SWITCHED; phase = ROW_READ
     }
  :: atomic { AT_SWITCH && SWITCH_FITS && ROW_IS_DONE && P13_MAY_REFUSE -> in_hand = SWITCH_REFUSED; phase = ROW_READ }
  :: atomic {
       phase == ROW_READ ->
         printf("updater %d: %d for the switch at %d\n", _pid, in_hand, belief.position);
         decide_switch(in_hand)
     }
  od
}

/* ---- 11. The reader: a linearizable read through either API (P9) ------------------------------------------------- */
#if READS > 0
proctype reader() {
  byte at_least = 0, epoch_then = 0, released_then = 0, version_then = 0, seen = 0;
  bit owner_then = ORIGINAL;
  atomic { at_least = acknowledged }                      /* what anybody was told before the read began */
again:
  atomic {                                                /* the end offset is noted, and folded up to */
    owner_then = log.owner; epoch_then = log.epoch; released_then = log.released; version_then = log.version
  }
  atomic {
    if
    :: row_owner == ORIGINAL -> seen = table_version      /* owner and Thing in one statement; the Original API, and ... */
    :: !P9_ASKS(owner_then, released_then) -> seen = version_then             /* ... Shiny, when it has to ask */
    :: P9_ASKS(owner_then, released_then) && row_owner == SHINY ->
         if
         :: P9_NOTED_STANDS(epoch_then) -> seen = version_then
         :: !P9_NOTED_STANDS(epoch_then) && log.epoch != epoch_then -> goto again      /* it has waited for the log */
         fi
    fi;
#ifdef NEWER_OF_BOTH
    if
    :: row_owner == SHINY && P9_ASKS(owner_then, released_then) && table_version > seen -> seen = table_version
    :: else
    fi;
#endif
    assert(seen >= at_least);                             /* I1: linearizable, also with the reads before it */
    acknowledged = (seen > acknowledged -> seen : acknowledged)
  }
}
#endif

/* ---- 12. A run: the command log in any order, then everything at once -------------------------------------------- */
init {
  byte command = 0, again = 0, switches = 0, invalids = 0;
  atomic {
    do
    :: command < IDS ->
         if
         :: expects[command] = 0
         :: expects[command] = 1
         fi;
         command++
    :: else -> break
    od;
    command = 0;
    do
    :: command < COMMANDS -> commands[commands_length] = command; commands_length++; command++
    :: command > 0 && again < RETRIES -> commands[commands_length] = 0; commands_length++; again++
    :: switches < SWITCHES ->
         if
         :: commands[commands_length] = SWITCH_TO(SHINY, switches)
         :: switches > 0 -> commands[commands_length] = SWITCH_TO(ORIGINAL, switches)
         :: switches > 1 -> commands[commands_length] = SWITCH_TO(ORIGINAL, switches - 1)  /* after one that was let go */
         fi;
         commands_length++; switches++
    :: invalids < INVALIDS -> commands[commands_length] = NO_COMMAND; commands_length++; invalids++
    :: command == COMMANDS && again == RETRIES && switches == SWITCHES && invalids == INVALIDS -> break
    od;
    command = 0; again = 0; switches = 0; invalids = 0;
    run mirror(); run relay(); run updater(); run updater();
#if THIRD_UPDATER
    run updater();
#endif
#if DIRECT_CALLS > 0
    run direct_writer();
#endif
#if READS > 0
    run reader();
#endif
#if READS > 1
    run reader();
#endif
    run the_end()
  }
}

/* ---- 13. The end of every run ------------------------------------------------------------------------------------ */
/* All budgets are finite and all effects go one way, so every run ends; liveness is then "every end is good". */
proctype the_end() {
  byte command = 0;
  timeout;                                                /* nobody can do anything any more */
  assert(log.position == commands_length);                /* I8: every command is decided */
  assert(log.owner == row_owner);                         /* I4: log and row agree; after a switch that was let go */
  assert(log.epoch == row_epoch || (log.owner == SHINY && row_epoch == log.epoch + 1));     /* the row may be ahead */
  assert(log.owner == SHINY || log.feed_position == feed_length);   /* the feed is read to its end */
  assert(log.owner == ORIGINAL || empty(to_mirror));      /* and the mirror is done */
  assert(table_version == log.version);                   /* I6: the two sides are equal */
  do
  :: command < COMMANDS ->
       assert(told[command] != NONE);                     /* I8: every command is answered */
       command++
  :: else -> break
  od
}
