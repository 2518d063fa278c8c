/* SPDX-License-Identifier: GPL-2.0 */
/* Send one datagram of lines to $NOTIFY_SOCKET, if it is set. */
#ifndef NOTIFY_H
#define NOTIFY_H

void notify_send(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* NOTIFY_H */
