/* power: what a loss of power would leave of a lake.
 *
 * The recorder believes in nothing but syncs: a file has the bytes that it had when it was synced
 * last, a folder the names that it had then. At each crash point it also notes what is there, and
 * test/crash/power.py makes from the notes every lake that may be left. Switched on by
 *
 *     WEIR_POWER=FOLDER    notes are appended to FOLDER/log, bytes are copied beside it
 *     WEIR_POWER_TOP=DIR   the lake: what is there when the first note is written is durable
 *
 * Inodes are held open so that no number is used twice. For weir-fault only. */
#ifndef WEIR_TEST_POWER_H
#define WEIR_TEST_POWER_H

/* fd was synced. */
void power_note_sync(int fd);
/* What is now under the name, if anything, was renamed or traded places. */
void power_note_rename(int folder_fd, const char *name);

#endif
