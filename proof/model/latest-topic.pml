/*
 * P15. The compacted topic <ns>.things, the latest state of each Thing: written by two processes that nothing fences.
 *
 * A late send of an old state lands after the newest one, and compaction keeps the last OFFSET, not the highest
 * version: the topic would show the old state for ever. So its publisher reads the topic back, and whenever it sees a
 * state older than its own fold's, it publishes its own state again. One Thing; one of the two publishers may die.
 */
#ifndef VERSIONS
#define VERSIONS 3
#endif
#define TOPIC_SIZE 30

byte topic[TOPIC_SIZE];
byte topic_length = 0;

proctype publisher(bit may_die) {
  byte folded = 0;          /* the version that its fold has */
  byte sending = 0;         /* the version of a send under way, 0: none */
  byte read_back = 0;       /* so far */
  bit owes = false;         /* its own state is to be published */
end:
  do
  :: atomic { sending == 0 && folded < VERSIONS -> folded++; owes = true }
  :: atomic { sending == 0 && owes -> sending = folded; owes = false }
  :: atomic { sending != 0 -> topic[topic_length] = sending; topic_length++; sending = 0 }   /* perhaps much later */
  :: may_die -> break
#ifndef WITHOUT_P15_READ_BACK
  :: atomic {
       read_back < topic_length ->
         if
         :: topic[read_back] < folded -> owes = true
         :: else
         fi;
         read_back++
     }
#endif
  od
}

init {
  atomic { run publisher(false); run publisher(true) };
  timeout;
  assert(topic[topic_length - 1] == VERSIONS)            /* I6: what compaction keeps is the newest state */
}
