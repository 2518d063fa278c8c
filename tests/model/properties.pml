/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Properties, of which -DPROPERTY=NAME chooses one; otherwise all are checked.
 * The process "properties" of each model waits until one is violated. In every
 * state it can run next, so none is missed.
 */
#define LOST_WRITE	1	/* an address does not show the last write */
#define USED_AFTER_FREE	2
#define TWO_GROUPS	3	/* a frame is reached from two groups */
#define FRAME_LEFT	4	/* frames are mapped after all were unshared */
#define MISSED		5	/* a reference was taken for a mapping */
#define READ_FAILED	6	/* memory that had failed was read */
#define OVERFLOW	7	/* of a reference count */

#ifndef PROPERTY
#define PROPERTY	0
#endif

#define checked(p)	(PROPERTY == 0 || PROPERTY == p)
