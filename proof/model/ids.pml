/*
 * Ids of creates: two partitions that switch alone, side by side.
 *
 * P1. A Thing lives in partition `id mod P`; ids of partition p are p, p+P, p+2P, ..., one sequence for each partition,
 * so whoever owns the partition can issue the next id alone. A create lies, and its Thing is born, in the partition of
 * its COMMAND id, so a retry of a create always comes to the same place, and finds its answer there.
 * P5. The floor of Shiny's ids comes with the fence; at the switch back the mirror lifts Original's sequence.
 *
 * Here it is only about ids: no crashes and no lost records, and the answers cross the border with the states (P2).
 * For all that, see switch-protocol.pml.
 */
#ifndef CREATES
#define CREATES 3           /* different command ids in each partition */
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 4          /* creates in the log of each partition: each of its ids any number of times */
#endif
#define PARTITIONS 2
#define COMMAND_IDS (CREATES * PARTITIONS)   /* command id c belongs to partition c mod P */

#define ORIGINAL 0
#define SHINY 1
#define FENCE 255

bit row_owner[PARTITIONS], log_owner[PARTITIONS], fence_seen[PARTITIONS];
byte sequence[PARTITIONS];        /* Original's: the last id given */
byte fence_floor[PARTITIONS];     /* the sequence when the fence was written */
byte id_floor[PARTITIONS];        /* the fold's */
chan feed[PARTITIONS] = [8] of { byte };
byte running = PARTITIONS;

/* Bit x stands for id x. */
int given = 0;                    /* by anybody */
int table[PARTITIONS];            /* Things in Original's table */
int fold[PARTITIONS];             /* Things in the fold of the log */
/* answers by (partition, command id): the id that the create made */
typedef Answers { byte id[COMMAND_IDS] }
Answers answers[PARTITIONS];
byte made[COMMAND_IDS];           /* how often the create took effect */

#ifdef WITHOUT_P1_SEQUENCE_PER_PARTITION
#define NEXT_OF_SEQUENCE(p) sequence[0]++; id = sequence[0]       /* one for all: the id may be of another partition */
#else
#define NEXT_OF_SEQUENCE(p) sequence[p] = sequence[p] + PARTITIONS; id = sequence[p]
#endif
#ifdef WITHOUT_P1_FLOOR_PER_PARTITION
#define NEXT_ABOVE_FLOOR(p) id_floor[p]++; id = id_floor[p]       /* whatever its partition */
#else
#define NEXT_ABOVE_FLOOR(p) id_floor[p] = id_floor[p] + PARTITIONS; id = id_floor[p]
#endif

inline give(command) {
  assert(id < 31);
  assert(!(given & (1 << id)));                          /* I2: an id is given once */
  given = given | (1 << id);
  made[command]++;
  assert(made[command] == 1)                             /* I2: one effect per command id */
}

proctype partition(byte p) {
  byte attempts = 0, command = 0, id = 0, switched = 0;
  do
  :: atomic {
       attempts < ATTEMPTS && row_owner[p] == log_owner[p] ->        /* between the two it waits */
         attempts++;
#ifdef WITHOUT_P1_COMMAND_PARTITION
         command = 0;                                    /* a create may lie in any partition, a retry in another */
         do
         :: command + 1 < COMMAND_IDS -> command++
         :: break
         od;
#else
         command = p;                                    /* P1: of this partition; a new one or a retry */
         do
         :: command + PARTITIONS < COMMAND_IDS -> command = command + PARTITIONS
         :: break
         od;
#endif
         if
         :: answers[p].id[command] != 0                  /* a repeat: the stored answer, no effect */
         :: answers[p].id[command] == 0 && log_owner[p] == ORIGINAL ->
              NEXT_OF_SEQUENCE(p);
              assert(row_owner[id % PARTITIONS] == ORIGINAL);     /* I4: Original writes nothing where Shiny owns */
              give(command);
              answers[p].id[command] = id;
              table[id % PARTITIONS] = table[id % PARTITIONS] | (1 << id);
              feed[id % PARTITIONS]!id
         :: answers[p].id[command] == 0 && log_owner[p] == SHINY ->
              NEXT_ABOVE_FLOOR(p);
              assert(log_owner[id % PARTITIONS] == SHINY);        /* I4: and Shiny nothing where Original owns */
              give(command);
              answers[p].id[command] = id;
              fold[id % PARTITIONS] = fold[id % PARTITIONS] | (1 << id)
         fi;
         command = 0; id = 0
       }
  :: atomic { switched == 0 -> switched = 1; row_owner[p] = SHINY; fence_floor[p] = sequence[p]; feed[p]!FENCE }
  :: atomic {
       switched == 1 && fence_seen[p] -> switched = 2; log_owner[p] = SHINY;
#ifndef WITHOUT_P5_ID_FLOOR
       id_floor[p] = (fence_floor[p] > id_floor[p] -> fence_floor[p] : id_floor[p]);
#endif
       assert(table[p] == fold[p])                       /* I3: nothing is left behind */
     }
  :: atomic {
       switched == 2 -> switched = 3; row_owner[p] = ORIGINAL; log_owner[p] = ORIGINAL; table[p] = fold[p];
#ifndef WITHOUT_P5_SEQUENCE_LIFT
       sequence[p] = (id_floor[p] > sequence[p] -> id_floor[p] : sequence[p])
#endif
     }
  :: attempts == ATTEMPTS && switched != 1 -> break
  od;
  running--
}

/* The feed into the fold: what comes while Shiny owns is ignored. */
proctype observer(byte p) {
  byte entry = 0;
end:
  do
  :: atomic {
       feed[p]?entry;
       if
       :: entry == FENCE -> fence_seen[p] = true
       :: entry != FENCE && log_owner[p] == ORIGINAL -> fold[p] = fold[p] | (1 << entry)
       :: else
       fi;
       entry = 0
     }
  od
}

init {
  atomic {
    sequence[0] = 0; id_floor[0] = 0;                    /* so the ids are 2, 4, 6, ... */
    sequence[1] = 1; id_floor[1] = 1;                    /* and 3, 5, 7, ... */
    run partition(0); run partition(1); run observer(0); run observer(1)
  };
  (running == 0 && empty(feed[0]) && empty(feed[1]));
  assert(log_owner[0] == SHINY || table[0] == fold[0]);  /* I6 */
  assert(log_owner[1] == SHINY || table[1] == fold[1]);
  assert((given & ~(fold[0] | fold[1])) == 0)            /* I3: every Thing is in the fold of its partition */
}
