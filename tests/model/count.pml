/* SPDX-License-Identifier: GPL-2.0 */
/*
 * merge.c, only_mapped(): a page is also mapped by processes that fork() made.
 * They exit, or fork again, while the module counts. A device has had a
 * reference since before the fork, and writes through it (FOLL_GET: with
 * FOLL_PIN the child has a copy). merge.pml has what is lost if the module
 * takes it for a mapping.
 *
 * The module holds the mmap lock and the PTE lock of its own member, not those
 * of the others. exit drops the mapping, then the reference; fork takes the
 * reference first. All counts are atomic variables, read one after the other.
 *
 * The order of the reads is safe for a page with at most two mappings when the
 * count begins. MORE_MAPPINGS: with three, one may go before the references are
 * read and another one come before the mappings are read again. The two reads
 * are then equal, and the device's reference passes for a mapping.
 */
#include "properties.pml"

#define CHILDREN	2

mtype = { absent, forking, mapping, exiting };

/* page_ref_count() and page_mapcount(): the member and one child */
byte ref = 4;
byte map = 2;

mtype child[CHILDREN];
bit foreign = 1;	/* the device's reference */
bit missed;

/* zap_pte_range(), tlb_finish_mmu(); fork() holds the parent's PTE lock */
inline leave(i)
{
	atomic { child[i] == mapping && child[1 - i] != forking ->
		child[i] = exiting; map-- };
	atomic { ref--; child[i] = absent }
}

/* copy_present_pte() */
inline fork_to(i)
{
	atomic { child[1 - i] == mapping && child[i] == absent ->
		child[i] = forking; ref++ };
	atomic { map++; child[i] = mapping }
}

proctype process(byte i)
{
end:	do
	:: leave(i)
	:: fork_to(i)
	od
}

proctype device()
{
	atomic { foreign = 0; ref-- }
}

#ifdef MORE_MAPPINGS
#define considered	true
#else
#define considered	(before <= 2)
#endif

/* The PTE is clear: no new reference can come through it. */
proctype module()
{
	byte before, after, refs;

	before = map;
	refs = ref;
#ifdef R8_MAPPINGS_READ_ONCE
	after = before;
#else
	after = map;
#endif
	/* one reference is the module's own */
	if
	:: considered && before == after && refs == before + 1 ->
		missed = foreign
	:: else
	fi
}

proctype properties()
{
end:	if
	:: checked(MISSED) && missed
	fi;
	assert(false)
}

init {
	atomic {
		child[0] = mapping;
		child[1] = absent;
		run process(0); run process(1); run device(); run module();
		run properties()
	}
}
