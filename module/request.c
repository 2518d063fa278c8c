// SPDX-License-Identifier: GPL-2.0
/*
 * Accepted requests. A request gets its number when it is accepted; how it
 * ended can be asked for until many others have ended. Does not know what it
 * is about.
 */
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "request.h"

/* Requests under way: more than there are processes to move. */
#define GD_REQUESTS_MAX		65536

static DEFINE_MUTEX(requests_lock);	/* protects the rest */
static DEFINE_XARRAY(requests);
static LIST_HEAD(ended);
static unsigned int nr_ended, nr_pending;
static u64 last_id;

void gd_request_get(struct gd_request *request)
{
	refcount_inc(&request->refs);
}

void gd_request_put(struct gd_request *request)
{
	if (refcount_dec_and_test(&request->refs))
		kfree(request);
}

static int insert(struct gd_request *request)
{
	int err = -EBUSY;

	mutex_lock(&requests_lock);
	if (nr_pending < GD_REQUESTS_MAX) {
		request->id = last_id + 1;
		err = xa_err(xa_store(&requests, request->id, request,
				      GFP_KERNEL));
	}
	if (!err) {
		last_id++;
		nr_pending++;
	}
	mutex_unlock(&requests_lock);
	return err;
}

/**
 * gd_request_create - accept a request
 * @group_id: the group that it is about
 * @group: its name
 * @pid: the process that it is about, or 0
 * @extack: set to the reason of a failure
 *
 * Return: the request, for gd_request_end() or gd_request_drop(), or an
 * ERR_PTR().
 */
struct gd_request *gd_request_create(u32 group_id, const char *group, pid_t pid,
				     struct netlink_ext_ack *extack)
{
	struct gd_request *request = kzalloc(sizeof(*request), GFP_KERNEL);
	int err = -ENOMEM;

	if (request) {
		/* Ours, and the table's. */
		refcount_set(&request->refs, 2);
		request->group_id = group_id;
		strscpy(request->group, group, sizeof(request->group));
		request->pid = pid;
		err = insert(request);
		if (!err)
			return request;
		kfree(request);
	}
	if (err == -EBUSY)
		NL_SET_ERR_MSG(extack, "too many requests are under way; try again");
	else
		NL_SET_ERR_MSG(extack, "no memory for the request");
	return ERR_PTR(err);
}

static void forget(struct gd_request *request)
{
	lockdep_assert_held(&requests_lock);
	xa_erase(&requests, request->id);
	gd_request_put(request);
}

static void forget_oldest(void)
{
	struct gd_request *oldest;

	oldest = list_first_entry(&ended, struct gd_request, link);
	list_del(&oldest->link);
	nr_ended--;
	forget(oldest);
}

/**
 * gd_request_end - record how a request ended
 * @request: the request; the caller keeps its reference
 * @err: 0 or -errno
 * @message: why it failed, or NULL
 * @pages: mappings unshared
 */
void gd_request_end(struct gd_request *request, int err, const char *message,
		    u64 pages)
{
	request->err = err;
	request->pages = pages;
	if (message)
		strscpy(request->message, message, sizeof(request->message));
	/* Pairs with the acquire of readers. */
	smp_store_release(&request->ended, true);
	mutex_lock(&requests_lock);
	nr_pending--;
	list_add_tail(&request->link, &ended);
	if (++nr_ended > GRPDEDUP_REQUESTS_KEPT)
		forget_oldest();
	mutex_unlock(&requests_lock);
}

/* It was not accepted after all: nobody knows its number. */
void gd_request_drop(struct gd_request *request)
{
	mutex_lock(&requests_lock);
	nr_pending--;
	forget(request);
	mutex_unlock(&requests_lock);
	gd_request_put(request);
}

/* The request with this number, with a reference, or NULL. */
struct gd_request *gd_request_find(u64 id)
{
	struct gd_request *request;

	mutex_lock(&requests_lock);
	request = xa_load(&requests, id);
	if (request)
		gd_request_get(request);
	mutex_unlock(&requests_lock);
	return request;
}

/* All have ended, and nobody asks any more. */
void gd_request_exit(void)
{
	mutex_lock(&requests_lock);
	while (nr_ended)
		forget_oldest();
	mutex_unlock(&requests_lock);
	xa_destroy(&requests);
}
