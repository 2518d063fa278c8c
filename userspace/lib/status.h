/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The status snapshot of grpdedupd. A client that connects to its socket
 * receives one snapshot, then end of file; it sends nothing. The fields of a
 * line are separated by tabs (blanks below); the first line is "grpdedupd
 * <version of this format>". A line that begins with '#' names the fields of
 * one kind of line, and precedes the first of that kind:
 *
 *	grpdedupd 1
 *	#host available pressure short why period_ms late_ms
 *	host 8123456789 1.20 0  1000 3
 *	#group group_name policy rate_control rate ...
 *	group tenant-a equal auto 4000 ...
 *	#guest group_name guest pid state ...
 *	guest tenant-a web1 4121 ok ...
 *	#found sentence
 *	end
 *
 * The last line is "end": without it the snapshot is incomplete. New fields are
 * appended, new kinds of lines may appear anywhere: readers look fields up by
 * name. Memory is in bytes, times that end in _ms are in ms. The field of an
 * unknown value is empty.
 *
 * host: available (MemAvailable), pressure (PSI some avg10, percent), short (0
 * or 1), why (a sentence while it is short), period_ms (between the starts of
 * the last two rounds), late_ms (the longest such period since the start),
 * unknown (a sentence about what cannot be read or is not watched).
 *
 * group: group_name, policy, rate_control (fixed, auto), rate (pages per
 * second), rate_changed_ms (time since its last change), rate_reason (a
 * sentence), saved, average, reserve, available (to its guests), granted (above
 * their bases), error (a sentence if the kernel does not have the group as
 * configured, e.g. because the module is not loaded), paused (a sentence while
 * the kernel does not scan the group: saved is then what it last counted),
 * cgroup (whose processes are its members), processes (in it, without kernel
 * threads), refused (of those, and of those that have left, how many did not
 * join or leave; error says why for one of them).
 *
 * guest: group_name, guest, pid, state, why (a sentence, or empty), base,
 * actual, target, max, age_ms (of actual), memory_available (as reported by the
 * guest), member (0 or 1: the kernel has it in its group), saved (its part of
 * the group's savings).
 *
 * found: sentence (what is wrong with groups and guests that patterns match).
 *
 * state is one of: absent (no such process), starting (its monitor has not
 * answered yet, or its balloon has not moved yet), busy (another client uses
 * the monitor), silent (the monitor does not answer, or answers with an error),
 * paused (the guest does not run), incoming (it waits for a migration that
 * comes in), no-device (no balloon device), no-driver (the guest has no balloon
 * driver), stuck (the guest makes no progress towards its target), ok, none
 * (nothing to balloon).
 */
#ifndef GRPDEDUP_STATUS_H
#define GRPDEDUP_STATUS_H

#define GRPDEDUP_STATUS_SOCKET	"/run/grpdedup/control.sock"
#define GRPDEDUP_STATUS_MAGIC	"grpdedupd"
#define GRPDEDUP_STATUS_VERSION	1
#define GRPDEDUP_STATUS_END	"end"

#endif /* GRPDEDUP_STATUS_H */
