/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What module/compat.h takes for granted, as far as a compiler must know it to read
 * compat.h and uses.c; the headers of a series (tests/probes/SERIES) say the rest.
 */
#define CONFIG_X86_64		1
#define CONFIG_NET		1
#define CONFIG_PER_VMA_LOCK	1
#define IS_ENABLED(option)	1
#define NULL			((void *)0)
#define bool			_Bool
#define true			1
#define false			0
#define likely(x)		(x)
#define atomic_read(v)		((v)->counter)

#define VM_NONE			0UL
#define VM_WRITE		2UL
#define FAULT_FLAG_WRITE	1
#define FAULT_FLAG_REMOTE	2
#define FAULT_FLAG_UNSHARE	4

typedef unsigned char u8;
typedef unsigned long vm_flags_t;
typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long pmd; } pmd_t;
typedef struct { int counter; } atomic_t;
struct rw_semaphore { int count; };
struct mm_struct;
struct page { atomic_t _mapcount; };
struct folio { atomic_t _mapcount; };
struct nlattr;
struct genl_ops;
struct genl_split_ops;
struct workqueue_struct;
struct netlink_callback;

bool folio_test_large(const struct folio *folio);
long folio_nr_pages(const struct folio *folio);
struct page *folio_page(struct folio *folio, long n);
bool test_and_clear_bit(long nr, unsigned long *addr);
void set_bit(long nr, unsigned long *addr);
void set_pte_at(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte);
