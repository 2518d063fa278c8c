// SPDX-License-Identifier: GPL-2.0
#include <linux/memcontrol.h>

/* Each name that compat.h gives, used as the module uses it. Compiled, never run. */
const struct genl_multicast_group uses_group = { .name = "events", GD_MCAST_GUARD };
gd_genl_ops_t *uses_ops;
gd_vm_flags_t uses_flags;

int uses(struct vm_area_struct *vma, struct folio *folio, struct page *page, pte_t *ptep, pmd_t *pmdp);

int uses(struct vm_area_struct *vma, struct folio *folio, struct page *page, pte_t *ptep, pmd_t *pmdp)
{
	pmd_t pmd = gd_pmd_read(pmdp);
	int n = 0;

	n += gd_mmap_write_trylock(vma->vm_mm);
	gd_vma_start_write(vma);
	gd_vma_assert_write_locked(vma);
	gd_vma_flags_set(vma, VM_WRITE);
	gd_zap(vma, 0, 4096);
	gd_vma_flags_clear(vma, VM_WRITE | VM_DROPPABLE | VM_SHADOW_STACK);
	gd_set_pte(vma->vm_mm, 0, ptep, *ptep);
	n += gd_folio_mapcount(folio) + gd_try_share_anon(folio, page);
	n += pmd.pmd || gd_pte_devmap(*ptep) || gd_pmd_devmap(pmd);
	n += GD_UNSHARE_FAULT + GD_MERGE_NEEDS_WRITE + GD_SPLIT_FLAGS;
	n += ksm_madvise(vma, 0, 4096, 0, &uses_flags);
	gd_lru_drain_local();
	n += memcg_kmem_online();
	n += system_percpu_wq != NULL;
	n += gd_mm_take_merge_any(vma->vm_mm);
	gd_mm_give_merge_any(vma->vm_mm);
	n += gd_pte_uffd(gd_pte_mkuffd(*ptep)) + (VM_UFFD_RWP != 0);
	n += gd_dump_attrs((struct netlink_callback *)NULL) != NULL;
	return n;
}
